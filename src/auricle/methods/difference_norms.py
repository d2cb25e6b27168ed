"""DeepLIFT through norms: each broken down to squares, their mean or root, and a product, so that the sum is exact."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from auricle.methods.derivatives import Handler, unknown, with_derivative
from auricle.methods.differences import Differences


def layer_norm(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("input", "normalized_shape", "weight", "bias", "eps")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    axes = tuple(range(-len(given["normalized_shape"]), 0))
    return _normed(mode, given["input"], axes, given["weight"], given["bias"], given["eps"] or 1e-5)


def group_norm(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("input", "num_groups", "weight", "bias", "eps")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    x = given["input"].unflatten(1, (given["num_groups"], -1))
    shape = (1, -1, *[1] * (given["input"].ndim - 2))
    weight, bias = (None if given[key] is None else given[key].reshape(shape) for key in ("weight", "bias"))
    y = _normed(mode, x, tuple(range(2, x.ndim)), None, None, given["eps"] or 1e-5).flatten(1, 2)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def rms_norm(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("input", "normalized_shape", "weight", "eps")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    x, weight = given["input"], given["weight"]
    eps = torch.finfo(x.dtype).eps if given["eps"] is None else given["eps"]
    power = mode.nonlinearity(torch.square, x).mean(tuple(range(-len(given["normalized_shape"]), 0)), keepdim=True)
    y = mode.product(x, mode.nonlinearity(lambda v: torch.rsqrt(v + eps), power))
    return y if weight is None else y * weight


def norm(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """The length √(Σ x²) along an axis, or of all."""
    names = ("input", "p", "dim", "keepdim")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    order, axis = kwargs.get("ord", given["p"]), given["dim"]
    if args[0].is_complex() or not (order in (None, "fro") or (order == 2 and isinstance(axis, int))):
        return unknown(mode, func, args, kwargs)
    return _length(mode, args[0], axis, bool(given["keepdim"]))


def normalize(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """x over its length, which is at least ε."""
    names = ("input", "p", "dim", "eps")
    given = dict(zip(names, (None, 2.0, 1, 1e-12), strict=True)) | dict(zip(names, args, strict=False)) | kwargs
    if given["p"] != 2 or not isinstance(given["dim"], int):
        return unknown(mode, func, args, kwargs)
    bounded = mode.nonlinearity(lambda v: v.clamp_min(given["eps"]), _length(mode, args[0], given["dim"], True))
    return mode.product(args[0], mode.nonlinearity(torch.reciprocal, bounded))


def _normed(
    mode: Differences, x: Tensor, axes: tuple[int, ...], weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    variance = mode.nonlinearity(torch.square, centred).mean(axes, keepdim=True)
    y = mode.product(centred, mode.nonlinearity(lambda v: torch.rsqrt(v + eps), variance))
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _length(mode: Differences, x: Tensor, axis: Any, keepdim: bool) -> Tensor:
    """‖x‖ along an axis (None: of all). From ‖x‖² - ‖x₀‖² = Σ (x - x₀)(x + x₀): multipliers (x + x₀) / (‖x‖ + ‖x₀‖)."""
    recorded = mode.reference(x)
    if recorded is None:
        return x.norm(dim=axis, keepdim=keepdim)
    x0 = recorded[0].expand_as(x)
    both = x.detach().norm(dim=axis, keepdim=True) + x0.norm(dim=axis, keepdim=True)
    slope = (x.detach() + x0) / torch.where(both == 0, torch.ones_like(both), both)
    value = x.detach().norm(dim=axis, keepdim=keepdim)
    return with_derivative(value, (x * slope).sum(dim=axis, keepdim=keepdim))
