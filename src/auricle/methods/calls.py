"""Parametrised linear functions of torch (convolutions, dense layers) as one kind of `Call`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.methods.measured import handed
from auricle.methods.rules import Call

FEW = 4
"""Up to so many input channels a convolution is undone faster by one matrix product and a sum over its kernel."""


def linear_call(mode: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Call]:
    """The input and the `Call` of ``F.linear(input, weight, bias)``."""
    a, weight, bias = _named(args, kwargs, ("input", "weight", "bias"))

    def transpose(g: Tensor, a: Tensor, w: Tensor) -> Tensor:
        return g @ w

    return a, Call(
        "dense", weight, bias, -1, 0, lambda a, w: F.linear(a, w), transpose, mode.count(), mode.name_of(weight)
    )


def conv_call(
    mode: Any, dimensions: int, transposed: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Tensor, Call]:
    """The (possibly padded) input and the `Call` of ``F.convNd`` or ``F.conv_transposeNd``."""
    names: tuple[str, ...] = ("input", "weight", "bias", "stride", "padding")
    names += ("output_padding", "groups", "dilation") if transposed else ("dilation", "groups")
    values = dict(zip(names, _named(args, kwargs, names), strict=True))
    a, weight, bias = values["input"], values["weight"], values["bias"]
    stride = _tuple(values["stride"], dimensions, 1)
    dilation = _tuple(values["dilation"], dimensions, 1)
    extra = _tuple(values.get("output_padding"), dimensions, 0)
    groups = values["groups"] or 1
    padding = values["padding"]
    if padding == "same":
        a, padding = handed(lambda a: _pad_same(a, weight.shape[2:], dilation), a), 0
    padding = _tuple(0 if padding == "valid" else padding, dimensions, 0)

    def apply(a: Tensor, w: Tensor) -> Tensor:
        return torch.ops.aten.convolution(a, w, None, stride, padding, dilation, transposed, extra, groups)

    gathers = dimensions == 2 and not transposed and groups == 1

    def transpose(g: Tensor, a: Tensor, w: Tensor) -> Tensor:
        if g.ndim > a.ndim:
            return transpose(g.flatten(0, 1), a[:1].expand(len(g) * g.shape[1], *a.shape[1:]), w).unflatten(
                0, g.shape[:2]
            )
        if gathers and g.device.type == "cpu" and len(g) > 1 and w.shape[1] <= FEW:
            columns = w.flatten(1).T @ g.flatten(2)
            return F.fold(columns, a.shape[2:], w.shape[2:], padding=padding, stride=stride, dilation=dilation)
        settings = (stride, padding, dilation, transposed, extra, groups, (True, False, False))
        return torch.ops.aten.convolution_backward(g, a, w, None, *settings)[0]

    name = mode.name_of(weight)
    output_axis = 1 if transposed else 0
    return a, Call("conv", weight, bias, 1, output_axis, apply, transpose, mode.count(), name)


def _named(args: tuple[Any, ...], kwargs: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    given = dict(zip(names, args, strict=False)) | kwargs
    return [given.get(name) for name in names]


def _tuple(value: Any, dimensions: int, default: int) -> tuple[int, ...]:
    if value is None:
        return (default,) * dimensions
    if isinstance(value, int):
        return (value,) * dimensions
    values = tuple(value)
    return values * dimensions if len(values) == 1 else values


def _pad_same(a: Tensor, kernel: torch.Size, dilation: tuple[int, ...]) -> Tensor:
    pads: list[int] = []
    for size, step in zip(reversed(kernel), reversed(dilation), strict=True):
        total = step * (size - 1)
        pads += [total // 2, total - total // 2]
    return F.pad(a, pads)
