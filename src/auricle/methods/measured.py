"""What relevance is measured from: a tensor between the features and the first layer, taken from its value in silence.

A layer's rule asks what each input contributed, a·w, and so takes a = 0 for absent. In features where silence is
another number (decibels, standardised logarithms) the first layer is given the deviation d = x - s instead, and the
bias b + W s: the very same numbers come out of it. What stands before it (reshapes, constants, batch norm,
element-wise functions, max pooling) hands on both, d and s.

So it is within the network: a batch norm behind a ReLU adds numbers that stand for nothing heard. They go into the next
layer's bias, too, as if that batch norm were folded into it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.methods.derivatives import carries, with_slope
from auricle.methods.rules import NOTHING


@dataclass(frozen=True, eq=False)
class Measure:
    """A tensor x as ``deviation`` + ``reference``; relevance is deviation × derivative. Both have x's shape."""

    deviation: Tensor
    reference: Tensor


def measure_of(x: Any) -> Measure | None:
    return getattr(x, "auricle_measure", None)


def measured(x: Tensor, deviation: Tensor, reference: Tensor) -> Tensor:
    """x, from now on known as deviation + reference."""
    x.auricle_measure = Measure(deviation, reference.detach())  # type: ignore[attr-defined]
    return x


def handed(function: Callable[[Tensor], Any], x: Tensor) -> Any:
    """function(x) of a linear function; the measure of x is handed on."""
    result, measure = function(x), measure_of(x)
    if measure is not None:
        attach(result, function(measure.deviation), function(measure.reference))
    return result


def attach(result: Any, deviation: Any, reference: Any) -> None:
    """Measure a function's result, which may be several tensors."""
    if isinstance(result, Tensor):
        measured(result, deviation, reference)
    else:
        for each in zip(result, deviation, reference, strict=True):
            measured(*each)


class _Entrance(torch.autograd.Function):
    """deviation + reference; backward, books what the reference absorbs where no layer has taken it into its bias."""

    @staticmethod
    def forward(ctx, deviation, x, reference, mode):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(reference)
        ctx.mode = mode
        return x.clone()

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        (reference,) = ctx.saved_tensors
        ctx.mode.book_reference(g * reference)
        return g, None, None, None


def enter(mode: Any, x: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """The deviation ``[B, …]``, which is what to differentiate by, and x as the network is to hear it."""
    reference = torch.empty_like(x).copy_(reference)  # with x's rows and strides, so that every view of x fits it, too
    deviation = x - reference
    deviation = torch.where(deviation == 0, torch.full_like(x, NOTHING), deviation).requires_grad_()
    x = deviation.detach() + reference
    return deviation, measured(_Entrance.apply(deviation, x, reference, mode), deviation, reference)


# --- functions before the first layer: their result's deviation and reference, or None where there is none -----------

Handing = Callable[[Callable[..., Any], Any, Any], "tuple[Any, Any] | None"]


def _exchanged(value: Any, part: str, *, constants: bool = True) -> Any:
    """Arguments with every measured tensor replaced by one of its parts and, if so wished, constants by zero."""
    measure = measure_of(value)
    if measure is not None:
        return getattr(measure, part)
    if type(value) in (list, tuple):
        return type(value)(_exchanged(each, part, constants=constants) for each in value)
    if constants or isinstance(value, bool):
        return value
    if isinstance(value, Tensor):
        return torch.zeros_like(value)
    return 0 if isinstance(value, int | float) else value


def _flat(args: Any, kwargs: Any) -> list[Any]:
    several = [each if type(each) in (list, tuple) else [each] for each in (*args, *kwargs.values())]
    return [each for some in several for each in some]


def is_measured(args: Any, kwargs: Any) -> bool:
    return any(measure_of(each) is not None for each in _flat(args, kwargs))


def _all_measured(args: Any, kwargs: Any) -> bool:
    """Whether everything that carries relevance is measured."""
    return all(measure_of(each) is not None for each in _flat(args, kwargs) if carries(each))


def _parts(func: Callable[..., Any], args: Any, kwargs: Any, part: str) -> Any:
    return func(*_exchanged(args, part), **{key: _exchanged(each, part) for key, each in kwargs.items()})


def _linear(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """Functions that are linear in one signal."""
    if sum(carries(each) for each in _flat(args, kwargs)) > 1:
        return None
    return _parts(func, args, kwargs, "deviation"), _parts(func, args, kwargs, "reference")


def _quotient(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    return _linear(func, args, kwargs) if measure_of(args[0]) is not None else None


def _sum(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """Sums and joints: constants belong to the reference."""
    if not _all_measured(args, kwargs):
        return None
    if isinstance(args[0], list | tuple):
        pieces = _exchanged(args[0], "deviation", constants=False)
        return func(pieces, *args[1:], **kwargs), _parts(func, args, kwargs, "reference")
    return func(*_exchanged(args, "deviation", constants=False), **kwargs), _parts(func, args, kwargs, "reference")


def _padding(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    measure = measure_of(args[0])
    if measure is None:
        return None
    border = func(torch.zeros_like(measure.deviation), *args[1:], **kwargs)
    return func(measure.deviation, *args[1:], **kwargs) - border, func(measure.reference, *args[1:], **kwargs)


def _element_wise(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """All relevance is handed on, unchanged: the slope is one deviation over the other."""
    measure = measure_of(args[0])
    if measure is None or args[0].is_complex() or carries(_flat(args[1:], kwargs)):
        return None
    with torch.no_grad():
        reference = func(measure.reference, *args[1:], **kwargs)
        change = func(args[0].detach(), *args[1:], **kwargs) - reference
        before = measure.deviation.detach()
        change = torch.where((change == 0) & (before != 0), torch.full_like(change, NOTHING), change)
        slope = torch.where(before == 0, torch.zeros_like(change), change / torch.where(before == 0, 1.0, before))
    return with_slope(measure.deviation, change, slope), reference


def _magnitude(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """Of complex values, only from zero: there it hands on all it received."""
    measure = measure_of(args[0])
    if measure is None or not args[0].is_complex():
        return _element_wise(func, args, kwargs)
    if bool(measure.reference.any()):
        return None
    return measure.deviation.abs(), measure.reference.abs()


def _max_pool(dimensions: int) -> Handing:
    """The winner takes all, and is measured from its own reference."""
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[dimensions]

    def handing(func: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any] | None:
        measure = measure_of(args[0])
        if measure is None:
            return None
        with torch.no_grad():
            _, places = pool(args[0], *args[1:], **{**kwargs, "return_indices": True})

        def of_winners(values: Tensor) -> Tensor:
            return values.flatten(-dimensions).gather(-1, places.flatten(-dimensions)).reshape(places.shape)

        return of_winners(measure.deviation), of_winners(measure.reference)

    return handing


def before_layers(names: str, handing: Handing) -> dict[str, Handing]:
    return dict.fromkeys(names.split(), handing)


HANDINGS: dict[str, Handing] = {
    **before_layers(
        """
        view reshape flatten unflatten permute transpose swapaxes swapdims movedim moveaxis t squeeze unsqueeze expand
        expand_as view_as repeat repeat_interleave tile chunk split split_with_sizes tensor_split unbind narrow select
        getitem index_select unfold contiguous to type type_as float double half clone roll flip neg positive identity
        sum mean cumsum avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d
        interpolate dropout dropout1d dropout2d dropout3d mul matmul mm bmm einsum __get__
        stft istft rfft irfft fft ifft view_as_real view_as_complex real imag conj
        """,
        _linear,
    ),
    **before_layers("abs", _magnitude),
    **before_layers("div", _quotient),
    **before_layers("add sub cat concat concatenate stack", _sum),
    **before_layers("pad constant_pad_nd", _padding),
    **{f"max_pool{d}d": _max_pool(d) for d in (1, 2, 3)},
    **before_layers(
        """
        relu leaky_relu threshold gelu silu mish elu selu celu softplus softsign hardswish hardtanh relu6 tanh
        tanhshrink softshrink hardshrink logsigmoid sigmoid hardsigmoid log log2 log10 log1p exp expm1 sqrt rsqrt
        reciprocal square pow sin cos erf clamp clip clamp_min clamp_max maximum minimum nan_to_num
        """,
        _element_wise,
    ),
}
"""By function name. What is missing here (a skip connection past the first layer, say) has no reference for its
result; then the reference is a constant that was added, whose share is booked as absorbed."""
