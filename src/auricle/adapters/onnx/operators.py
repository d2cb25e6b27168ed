"""Operators that onnx2torch does not know yet, or knows in a way that torch gives up."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import Tensor, nn

SAME = {
    "Cast": (13, 19, 21), "Constant": (13, 19, 21), "ConstantOfShape": (9, 20, 21), "Equal": (13, 19),
    "Flatten": (13, 21), "Identity": (16, 19, 21), "Reshape": (14, 19, 21), "Shape": (15, 19, 21),
    "Transpose": (13, 21), "Unsqueeze": (13, 21), "Squeeze": (13, 21), "Pad": (13, 18), "Split": (13, 18),
}  # fmt: skip
"""Operators that do the same in a later version, which onnx2torch does not know by number."""


class Slice(nn.Module):
    """ONNX's Slice; onnx2torch indexes by a list of slices, which torch will take for something else."""

    def forward(
        self, x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, steps: Tensor | None = None
    ) -> Tensor:
        where = [slice(None)] * x.ndim
        along = range(len(starts)) if axes is None else axes.tolist()
        strides = [1] * len(starts) if steps is None else steps.tolist()
        for start, end, axis, stride in zip(starts.tolist(), ends.tolist(), along, strides, strict=True):
            if stride < 0:
                x, start, end = x.flip(axis), -start - 1, -end - 1
            where[axis % x.ndim] = slice(start, end, abs(stride))
        return x[tuple(where)]


def teach() -> None:
    """Tell onnx2torch the operators of opsets 18 to 21 that networks are made of."""
    from onnx2torch.node_converters.reduce import OnnxReduceStaticAxes
    from onnx2torch.node_converters.registry import add_converter, get_converter
    from onnx2torch.utils.common import OnnxMapping, OperationConverterResult, get_const_value, onnx_mapping_from_node

    def gelu(node: Any, graph: Any) -> Any:
        approximate = str(node.attributes.get("approximate", "none"))
        return OperationConverterResult(nn.GELU(approximate), onnx_mapping_from_node(node))

    def reduce(node: Any, graph: Any) -> Any:
        axes = None
        if len(node.input_values) > 1 and node.input_values[1]:
            axes = [int(each) for each in torch.as_tensor(get_const_value(node.input_values[1], graph)).flatten()]
        if not axes and node.attributes.get("noop_with_empty_axes", 0):
            raise NotImplementedError(f"{node.operation_type} over no axes")
        module = OnnxReduceStaticAxes(node.operation_type, axes, node.attributes.get("keepdims", 1))
        return OperationConverterResult(module, OnnxMapping((node.input_values[0],), node.output_values))

    new = {("Gelu", 20): gelu, ("ReduceMax", 20): reduce, ("ReduceMin", 20): reduce}
    for kind in ("Mean", "Max", "Min", "L1", "L2", "Prod", "SumSquare", "LogSum", "LogSumExp"):
        new["Reduce" + kind, 18] = reduce
    for operator, (known, *later) in SAME.items():
        for version in later:
            new[operator, version] = get_converter(operator, known)
    for (operator, version), converter in new.items():
        with contextlib.suppress(ValueError):  # it has been told, or knows
            add_converter(operation_type=operator, version=version)(converter)
