"""onnxruntime, whatever batch size a model wants: tensors in, tensors out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.adapters.onnx.file import FLOATS, first_line
from auricle.errors import AuricleError


class Runtime:
    """A session for a model's one input and one output.

    ``rows`` is the only batch size that it takes (None: any); ``kind`` the kind of its numbers, of `FLOATS`.
    """

    def __init__(self, model: Any, rows: int | None, kind: str, name: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 4
        try:
            self.session = onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise AuricleError(f"onnxruntime cannot run {name}: {first_line(error)}") from error
        self.rows, self.kind, self.name = rows, kind, name
        self.input = self.session.get_inputs()[0].name  # older files list weights among the inputs, too

    def __call__(self, x: Tensor) -> Tensor:
        given = np.ascontiguousarray(x.detach().cpu().numpy().astype(FLOATS[self.kind]))
        size = self.rows or len(given)
        made = []
        for start in range(0, len(given), size):
            part = given[start : start + size]
            lacking = size - len(part)
            full = np.concatenate([part, part[:1].repeat(lacking, 0)]) if lacking else part
            try:
                made.append(np.asarray(self.session.run(None, {self.input: full})[0])[: len(part)])
            except Exception as error:
                if size > 1 and self.rows is None:  # a batch size that the file does not admit to
                    self.rows = 1
                    return self(x)
                raise AuricleError(
                    f"onnxruntime cannot run {self.name} on shape {tuple(full.shape)}: {first_line(error)}; if it "
                    "wants one length, say so: length=Length(seconds=…) (--seconds)"
                ) from error
        return torch.as_tensor(np.concatenate(made)).to(x)
