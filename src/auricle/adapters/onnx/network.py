"""A network that was an ONNX model: in torch where that gives onnxruntime's answers, else in onnxruntime."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from auricle.adapters.arranging import Arrangement, written
from auricle.adapters.ending import Reading
from auricle.adapters.onnx.runtime import Runtime
from auricle.adapters.onnx.to_torch import NotConverted, torch_of
from auricle.classifier import Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend

TOLERANCE = 1e-4
"""How far the network in torch may be from onnxruntime, relative to the largest of its answers."""
ON_GPU = 1e-2
"""The same on a GPU, whose convolutions may round to ten bits."""


class OnnxNetwork(nn.Module):
    """Runs an ONNX model: ``converted`` in torch where that gives the same answers, else in onnxruntime.

    ``differentiable`` says which; ``why_not`` says what kept it from torch. A copy (``copy.deepcopy``), whose weights
    may be changed, is no longer compared.
    """

    def __init__(
        self, model: Any, runtime: Runtime, arrangement: Arrangement, reading: Reading, *, classes: int
    ) -> None:
        super().__init__()
        self.name = runtime.name
        self.arrangement, self.reading = arrangement, reading
        self.classes = classes
        self.why_not = ""
        self.runtime: Runtime | None = runtime
        try:
            self.converted: nn.Module | None = torch_of(model)
        except NotConverted as error:
            self.give_up(str(error))

    @property
    def differentiable(self) -> bool:
        return self.converted is not None

    def give_up(self, why: str) -> None:
        """Leave torch, for a reason that continues "it cannot be differentiated: …"."""
        self.converted, self.why_not = None, why

    def forward(self, features: Tensor) -> Tensor:
        x = self.arrangement(features)
        if self.converted is None:
            if torch.is_grad_enabled() and x.requires_grad:
                raise AuricleError(
                    f"{self.name} cannot be differentiated: {self.why_not}; use kernel-shap, lime or occlusion"
                )
            return self._asked(x)
        y = self.reading.scores(self.converted(x))
        if self.runtime is not None and not torch.is_grad_enabled() and not self._is_watched():
            return self._compared(x, y)
        return y

    def try_out(self, frontend: Frontend, length: Length) -> None:
        """Hear noise: alone, with another, and of another length, where any is allowed."""
        n = round((length.seconds or 1.0) * frontend.sample_rate)
        noise = 0.1 * torch.randn(2, n + n // 2, generator=torch.Generator().manual_seed(0))
        sounds = [noise[:1, :n], noise[:, :n]] + ([noise[:1]] if length.seconds is None else [])
        with torch.no_grad():
            for sound in sounds:
                self._try(self.arrangement(frontend(sound)))

    def _try(self, x: Tensor) -> None:
        truth = self._asked(x)
        if self.converted is None:
            return
        try:
            found = self.reading.scores(self.converted(x))
        except Exception as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            few = f" for {len(x)} sounds at once" if len(x) > 1 else ""
            self.give_up(f"onnx2torch's network fails{few}: {reason[0].rstrip('.')}")
            return
        self._judge(found, truth, "noise")

    def _compared(self, x: Tensor, y: Tensor) -> Tensor:
        """y, if the first sound of it is what onnxruntime says of it, else what onnxruntime says."""
        self._judge(y[:1], self._asked(x[:1]), "this sound")
        return y if self.converted is not None else self._asked(x)

    def _judge(self, found: Any, truth: Tensor, of: str) -> None:
        if not isinstance(found, Tensor) or found.shape != truth.shape:
            self.give_up("onnx2torch's network gives outputs of another shape than onnxruntime's")
            return
        off = float((found.detach().to(truth) - truth).abs().max() / truth.abs().max().clamp_min(1e-12))
        if not off <= (TOLERANCE if found.device.type == "cpu" else ON_GPU):
            self.give_up(f"onnx2torch's network is off by {off:.1g} from onnxruntime on {of}")

    def _asked(self, x: Tensor) -> Tensor:
        """What onnxruntime says."""
        assert self.runtime is not None
        y = self.runtime(x)
        y = self.reading.scores(y) if y.ndim == 2 else y
        if y.ndim != 2 or y.shape[1] != self.classes:
            raise AuricleError(
                f"{self.name} gives {written(tuple(y.shape[1:])) or 'no'} scores for this sound, but {self.classes} "
                "labels were named; a classifier gives one score per label, however long the sound"
            )
        return y

    def _is_watched(self) -> bool:
        """Whether somebody looks into its layers, and may change what they say."""
        assert self.converted is not None
        return any(module._forward_hooks for module in self.converted.modules())

    def __deepcopy__(self, memo: dict[int, Any]) -> OnnxNetwork:
        if self.converted is None:
            return self  # it has nothing that could be changed
        again = OnnxNetwork.__new__(OnnxNetwork)
        nn.Module.__init__(again)
        again.arrangement, again.reading = self.arrangement, self.reading
        again.name, again.classes = self.name, self.classes
        again.why_not, again.runtime = "", None
        again.converted = copy.deepcopy(self.converted, memo)
        return again
