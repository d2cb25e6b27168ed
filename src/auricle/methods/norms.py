"""Normalisation layers: what they scale by is held constant, what they add is booked as absorbed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.methods.measured import handed, measure_of, measured
from auricle.methods.rules import Call


def affine(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Input, scale and shift ``[C]`` of ``F.batch_norm`` on running statistics; None, None where it uses the batch's.

    y = x γ / √(σ² + ε) + (β - μ γ / √(σ² + ε))
    """
    names = ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
    given = {**dict.fromkeys(names), **dict(zip(names, args, strict=False)), **kwargs}
    if given["training"] or given["running_mean"] is None or given["running_var"] is None:
        return given["input"], None, None
    scale = torch.rsqrt(given["running_var"] + (1e-5 if given["eps"] is None else given["eps"]))
    scale = scale if given["weight"] is None else scale * given["weight"]
    shift = -given["running_mean"] * scale
    return given["input"], scale, shift if given["bias"] is None else shift + given["bias"]


def folded(x: Tensor, scale: Tensor, shift: Tensor) -> tuple[Tensor, Call] | None:
    """The call that made x with a batch norm folded into it, after its input; None where x is not a call's value."""
    before = getattr(x, "auricle_call", None)
    if before is None or before[1].channel_axis not in (1, 1 - x.ndim):
        return None
    a, call = before
    if call.weight.shape[call.output_axis] != len(scale):  # a grouped transposed convolution
        return None
    along = [1] * call.weight.ndim
    along[call.output_axis] = -1
    bias: Tensor | None = shift
    if call.bias is not None and call.bias.ndim > 1:  # a map, as a layer has whose inputs are measured from silence
        bias = torch.addcmul(per_channel(shift, x), call.bias, per_channel(scale, x))
    elif call.bias is not None:
        bias = shift + call.bias * scale
    return a, replace(call, weight=call.weight * scale.reshape(along), bias=bias, absorbed=[])


def per_channel(values: Tensor, x: Tensor) -> Tensor:
    """``[C]`` in x's shape ``[B, C, …]``."""
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


def batch_norm(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """Folded into the convolution or dense layer right before it; elsewhere an affine function of its own.

    What such a one adds is absorbed there or, in a mode ``from_silence``, taken into the next layer's bias.
    """
    x, scale, shift = affine(args, kwargs)
    if scale is None or shift is None:
        mode.unruled["batch_norm on batch statistics"] += 1
        return func(*args, **kwargs)
    merged = folded(x, scale, shift)
    if merged is None:
        factor = per_channel(scale, x)
        scaled, added = handed(lambda x: x * factor, x), per_channel(shift, x)
        y: Tensor = mode.constant(scaled, added)
        if mode.from_silence and measure_of(y) is None:
            measured(y, scaled, added.expand_as(y).contiguous())
        return y
    value = torch.addcmul(per_channel(shift, x), x.detach(), per_channel(scale, x))
    return mode.layer(*merged, value=value)


def layer_norm(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    names = ("input", "normalized_shape", "weight", "bias", "eps")
    given = {**dict.fromkeys(names), **dict(zip(names, args, strict=False)), **kwargs}
    axes = tuple(range(-len(given["normalized_shape"]), 0))
    return _held(mode, given["input"], axes, given["weight"], given["bias"], given["eps"])


def group_norm(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    names = ("input", "num_groups", "weight", "bias", "eps")
    given = {**dict.fromkeys(names), **dict(zip(names, args, strict=False)), **kwargs}
    return _grouped(mode, given["input"], given["num_groups"], given)


def instance_norm(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    names = ("input", "running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps")
    given = {**dict.fromkeys(names), **dict(zip(names, args, strict=False)), **kwargs}
    if given["use_input_stats"] is False:
        values = tuple(given[name] for name in names[:5])
        return batch_norm(mode, F.batch_norm, values, {"training": False, "eps": given["eps"]})
    return _grouped(mode, given["input"], given["input"].shape[1], given)


def _grouped(mode: Any, x: Tensor, groups: int, given: dict[str, Any]) -> Tensor:
    weight, bias = (None if given[key] is None else per_channel(given[key], x) for key in ("weight", "bias"))
    split = handed(lambda x: x.unflatten(1, (groups, -1)), x)
    y = _held(mode, split, tuple(range(2, split.ndim)), None, None, given["eps"])
    y = handed(lambda y: y.flatten(1, 2) if weight is None else y.flatten(1, 2) * weight, y)
    return y if bias is None else mode.constant(y, bias)


def _held(
    mode: Any, x: Tensor, axes: tuple[int, ...], weight: Tensor | None, bias: Tensor | None, eps: float | None
) -> Tensor:
    variance = x.detach().var(axes, unbiased=False, keepdim=True)
    scale = torch.rsqrt(variance + (1e-5 if eps is None else eps))

    def scaled(x: Tensor) -> Tensor:
        y = (x - x.mean(axes, keepdim=True)) * scale
        return y if weight is None else y * weight

    y = handed(scaled, x)
    return y if bias is None else mode.constant(y, bias)
