"""ONNX files that say what they hold in an unusual, or a wrong, way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from auricle.adapters.onnx import onnx_classifier
from auricle.errors import AuricleError

onnx: Any = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper, FLOAT = onnx.helper, onnx.TensorProto.FLOAT
WEIGHT = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)


def product(*listed_before: Any) -> Any:
    """Samples ``[B, 400]`` times `WEIGHT`; the graph lists other inputs before the samples."""
    sound = helper.make_tensor_value_info("x", FLOAT, ["batch", 400])
    scores = helper.make_tensor_value_info("y", FLOAT, ["batch", 3])
    node, weight = helper.make_node("MatMul", ["x", "w"], ["y"]), onnx.numpy_helper.from_array(WEIGHT, "w")
    graph = helper.make_graph([node], "product", [*listed_before, sound], [scores], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_weights_may_be_listed_before_the_input_as_in_older_files(tmp_path: Path) -> None:
    onnx.save(product(helper.make_tensor_value_info("w", FLOAT, WEIGHT.shape)), tmp_path / "old.onnx")
    samples = torch.randn(2, 400)
    found = onnx_classifier(tmp_path / "old.onnx", labels=["a", "b", "c"], sample_rate=8000).logits(samples)
    np.testing.assert_allclose(found, samples.numpy() @ WEIGHT, atol=1e-4)


def test_labels_that_are_no_json_are_told(tmp_path: Path) -> None:
    model = product()
    entry = model.metadata_props.add()
    entry.key, entry.value = "labels", '["x", '
    onnx.save(model, tmp_path / "odd.onnx")
    with pytest.raises(AuricleError, match="the labels in the metadata of odd are no JSON"):
        onnx_classifier(tmp_path / "odd.onnx", sample_rate=8000)
