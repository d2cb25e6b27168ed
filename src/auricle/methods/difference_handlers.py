"""Which function hands back differences how: everything is broken down to element-wise functions and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.methods.attention import multi_head_attention
from auricle.methods.calls import conv_call, linear_call
from auricle.methods.derivatives import Handler, carries, unknown
from auricle.methods.difference_norms import group_norm, layer_norm, norm, normalize, rms_norm
from auricle.methods.differences import Differences, MaxPool, rescaled, reveal_cancel, shared
from auricle.methods.norms import affine, folded
from auricle.methods.propagation_handlers import NONLINEAR, halves
from auricle.methods.recurrent import gru, lstm, rnn
from auricle.methods.rules import Call


def _element_wise(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    x = args[0]
    if not isinstance(x, Tensor) or carries(args[1:]) or x.is_complex():
        return unknown(mode, func, args, kwargs)

    def function(x: Tensor) -> Tensor:
        return func(x, *args[1:], **kwargs)

    before = getattr(x, "auricle_call", None)
    wanted = {"rescale": (), "mix": ("dense",), "reveal-cancel": ("conv", "dense")}[mode.variant]
    if before is not None and before[1].kind in wanted:
        return reveal_cancel(mode, function, x, *before)
    return mode.nonlinearity(function, x)


def _magnitude(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """|x|; of a complex x, √(re² + im²) from functions that have multipliers."""
    x = args[0]
    if not x.is_complex():
        return _element_wise(mode, func, args, kwargs)
    power = mode.nonlinearity(torch.square, torch.view_as_real(x)).sum(-1)
    return mode.nonlinearity(torch.sqrt, power)


def _greater(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """max(a, b) = a + relu(b - a)."""
    first, second = args
    return first + mode.nonlinearity(torch.relu, second - first)


def _smaller(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """min(a, b) = a - relu(a - b)."""
    first, second = args
    return first - mode.nonlinearity(torch.relu, first - second)


def _bilinear(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    return mode.product(args[0], args[1], lambda a, b: func(a, b, *args[2:], **kwargs))


def _quotient(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[0], args[1]
    if not carries(second):
        return func(*args, **kwargs)
    inverse = mode.nonlinearity(torch.reciprocal, second)
    return mode.product(first, inverse) if isinstance(first, Tensor) else inverse * first


def _glu(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    x, gate = halves(*args, **kwargs)
    return mode.product(x, mode.gate(gate))


def _softmax(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    powers = _powers(mode, args, kwargs)
    if powers is None:
        return func(*args, **kwargs)
    _, power, power0, total, total0 = powers
    share = rescaled(torch.reciprocal, total, total0)
    return shared(torch.mul, power, share, power0, 1 / total0).to(args[0].dtype)


def _log_softmax(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    powers = _powers(mode, args, kwargs)
    if powers is None:
        return func(*args, **kwargs)
    level, _, _, total, total0 = powers
    return (level - rescaled(torch.log, total, total0)).to(args[0].dtype)


def _powers(mode: Differences, args: Any, kwargs: Any) -> tuple[Tensor, ...] | None:
    """x - peak, its exponential and that of the reference, and their sums; None while the reference is recorded.

    The peak is one constant for clip and reference, so that nothing overflows; it cancels in the result. Double
    precision, so that the quieter of the two does not vanish beside the other; -inf (a mask) is a very small number.
    """
    x = args[0].double().clamp_min(-1e30)
    axis = kwargs.get("dim", args[1] if len(args) > 1 else -1)
    recorded = mode.reference(x)
    if recorded is None:
        return None
    (x0,) = recorded
    peak = torch.maximum(x.detach().amax(axis, keepdim=True), x0.amax(axis, keepdim=True))
    power, power0 = rescaled(torch.exp, x - peak, x0 - peak), torch.exp(x0 - peak)
    return x - peak, power, power0, power.sum(axis, keepdim=True), power0.sum(axis, keepdim=True)


def _attention(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    query, key, value, mask = (given[name] for name in names[:4])
    if given["enable_gqa"]:
        return unknown(mode, func, args, kwargs)
    scale = given["scale"] or query.shape[-1] ** -0.5
    scores = mode.product(query * scale, key.transpose(-1, -2), torch.matmul)
    if given["is_causal"]:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e30) if mask.dtype == torch.bool else scores + mask
    return mode.product(_softmax(mode, F.softmax, (scores, -1), {}), value, torch.matmul)


def _max_pool(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """A rise is credited to the loudest input of the clip, a fall to the loudest of the reference.

    Where they are the same input this is the derivative; overlapping windows add up.
    """
    x = args[0]

    def pool(x: Tensor) -> Tensor:
        result = func(x, *args[1:], **kwargs)
        return result[0] if isinstance(result, tuple) else result

    recorded = mode.reference(x)
    if recorded is None:
        return pool(x)
    return MaxPool.apply(x, recorded[0].expand_as(x), pool)


def _remember(make: Callable[..., tuple[Tensor, Call]]) -> Handler:
    """A linear call keeps its own derivative; RevealCancel needs to know it afterwards."""

    def handle(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
        z = func(*args, **kwargs)
        if mode.variant != "rescale" and carries(args[0]):
            z.auricle_call = make(mode, args, kwargs)
        return z

    return handle


def _batch_norm(mode: Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """An affine function; RevealCancel sees it as part of the layer before it."""
    y = func(*args, **kwargs)
    x, scale, shift = affine(args, kwargs)
    if mode.variant != "rescale" and scale is not None and shift is not None:
        y.auricle_call = folded(x, scale, shift)
    return y


HANDLERS: dict[str, Handler] = {
    "batch_norm": _batch_norm,
    **dict.fromkeys([*NONLINEAR, "relu", "leaky_relu", "prelu", "sigmoid", "hardsigmoid"], _element_wise),
    "abs": _magnitude,
    "maximum": _greater,
    "minimum": _smaller,
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max", "clip", "threshold", "pow"), _element_wise),
    **dict.fromkeys(("mul", "matmul", "mm", "bmm"), _bilinear),
    "div": _quotient,
    "glu": _glu,
    "einsum": lambda mode, func, args, kwargs: (
        mode.product(args[1], args[2], lambda a, b: func(args[0], a, b))
        if len(args) == 3 and carries(args[1]) and carries(args[2])
        else func(*args, **kwargs)
        if sum(map(carries, args[1:])) <= 1
        else unknown(mode, func, args, kwargs)
    ),
    **{f"max_pool{d}d": _max_pool for d in (1, 2, 3)},
    **{f"adaptive_max_pool{d}d": _max_pool for d in (1, 2, 3)},
    "amax": _max_pool,
    **dict.fromkeys(("max", "min", "where", "topk", "sort", "amin", "kthvalue"), unknown),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "rms_norm": rms_norm,
    **dict.fromkeys(("norm", "linalg_norm", "linalg_vector_norm"), norm),
    "normalize": normalize,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": multi_head_attention,
    "lstm": lstm,
    "gru": gru,
    "rnn_tanh": rnn,
    "rnn_relu": rnn,
    "linear": _remember(linear_call),
    **{
        f"{kind}{d}d": _remember(
            lambda mode, args, kwargs, d=d, kind=kind: conv_call(mode, d, kind == "conv_transpose", args, kwargs)
        )
        for kind in ("conv", "conv_transpose")
        for d in (1, 2, 3)
    },
}
