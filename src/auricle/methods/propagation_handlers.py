"""Relevance through every kind of function: the handlers of layer-wise relevance propagation.

What each function hands on, in gradient form (relevance = input × derivative):

- convolutions, dense layers: the composite's rule; a batch norm right after one is folded into it (scale γ/√(σ²+ε));
- other batch norms, sums, reshapes, pooling: their own derivative, which hands on all they received (LRP-0, and for max
  pooling winner takes all); what an added constant absorbs is booked;
- element-wise non-linearities: all of it, unchanged (slope y / x);
- softmax and sigmoid gates, and a constant less one: nothing, they are held constant where they multiply (Arras et al.
  2017; Ali et al. 2022);
- other products of two signals: half to each (Achtibat et al. 2024);
- layer, group and instance norm: their scale is held constant (Ali et al. 2022).

Where the features come with a reference (`auricle.methods.measured`), the first layers take the deviation from it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from auricle.methods.attention import multi_head_attention
from auricle.methods.calls import conv_call, linear_call
from auricle.methods.derivatives import LINEAR, Handler, carries, unknown, with_slope
from auricle.methods.measured import HANDINGS, attach, handed, is_measured, measure_of
from auricle.methods.norms import batch_norm, group_norm, instance_norm, layer_norm
from auricle.methods.recurrent import gru, lstm, rnn

if TYPE_CHECKING:
    from auricle.methods.propagation import Propagation

TINY = 1e-30


def hand_on(x: Tensor, y: Tensor) -> Tensor:
    """y, whose relevance goes to x unchanged."""
    inputs = x.detach()
    safe = torch.where(inputs.abs() < TINY, torch.ones_like(inputs), inputs)
    slope = torch.where(inputs.abs() < TINY, torch.zeros_like(inputs), y.detach() / safe)
    return with_slope(x, y, slope)


class _Halve(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        return g / 2


def is_gate(value: Any) -> bool:
    """Whether a value is a softmax's or sigmoid's, reshaped or not."""
    return getattr(value, "auricle_gate", False)


def mark(result: Any) -> Any:
    for each in result if isinstance(result, list | tuple) else (result,):
        if isinstance(each, Tensor):
            each.auricle_gate = True  # type: ignore[attr-defined]
    return result


def add(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[:2]
    alpha = kwargs.get("alpha", 1)
    for signal, other in ((first, second), (second, first)):
        if isinstance(signal, Tensor) and carries(signal) and not carries(other):
            constant = _as_constant(other, signal)
            if alpha != 1 or constant is None:
                break
            return mode.constant(signal, constant)
    return func(*args, **kwargs)


def _subtract(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[:2]
    if carries(first) == carries(second) or kwargs.get("alpha", 1) != 1:
        return func(*args, **kwargs)
    signal, other = (first, second) if carries(first) else (second, first)
    constant = _as_constant(other, signal)
    if constant is None:
        result = func(*args, **kwargs)
    elif carries(first):
        result = mode.constant(signal, -constant)
    else:
        result = mode.constant(handed(torch.neg, signal), constant)
    return mark(result) if is_gate(signal) else result  # 1 - z gates as z does


def _as_constant(value: Any, signal: Tensor) -> Tensor | None:
    """A real number or tensor, whose share can be booked."""
    if isinstance(value, int | float):
        value = torch.tensor(float(value)).to(signal)
    if signal.is_complex() or not isinstance(value, Tensor) or not value.is_floating_point():
        return None
    return value


def _join(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    """Concatenation: what joined constants (a class token, say) receive is booked as absorbed."""
    pieces = list(args[0])
    joined = func(pieces, *args[1:], **kwargs)
    constant = [each for each in pieces if not carries(each)]
    if not constant or not joined.is_floating_point():
        return joined
    signals = [each if carries(each) else torch.zeros_like(each) for each in pieces]
    constants = [torch.zeros_like(each) if carries(each) else each for each in pieces]
    signal = func(signals, *args[1:], **kwargs)
    return mode.constant(signal, func(constants, *args[1:], **kwargs).detach())


def _bounded(keep: Callable[[Tensor, Any], Tensor]) -> Handler:
    """max, min and clamp: relevance goes to the winner; what a constant bound wins is booked."""

    def handle(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        x, bounds = args[0], (*args[1:], *kwargs.values())
        if not carries(x) or carries(bounds) or len(bounds) != 1 or bounds[0] is None:
            return result
        kept = keep(x.detach(), bounds[0]).to(result.dtype)
        return mode.constant(x * kept, result.detach() * (1 - kept))

    return handle


def _pass_on(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    x = args[0]
    if not isinstance(x, Tensor) or not carries(x) or carries(args[1:]):
        return unknown(mode, func, args, kwargs)
    if x.is_complex():
        return func(*args, **kwargs)
    y = func(x.detach(), *args[1:], **kwargs)
    return hand_on(x, y)


def _gate(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    return mark(_pass_on(mode, func, args, kwargs))


def _softmax(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    return mark(func(*args, **kwargs))


def view(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    result = func(*args, **kwargs)
    return mark(result) if is_gate(args[0]) else result


def _product(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[0], args[1]
    if not (carries(first) and carries(second)):
        return func(*args, **kwargs)
    if is_gate(first) != is_gate(second):
        parts = (first.detach(), second) if is_gate(first) else (first, second.detach())
        return func(*parts, *args[2:], **kwargs)
    return _Halve.apply(func(*args, **kwargs))


def _glu(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    """The first half, gated by the sigmoid of the second."""
    x, gate = halves(*args, **kwargs)
    held = gate.detach().sigmoid()
    return handed(lambda x: x * held, x)


def halves(input: Tensor, dim: int = -1) -> Any:
    """The signal and the gate, before its sigmoid, of ``F.glu``; both are measured where ``input`` is."""
    return handed(lambda x: x.chunk(2, dim), input)


def _quotient(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[0], args[1]
    if carries(first) and carries(second):
        return func(first, second.detach(), *args[2:], **kwargs)
    if carries(second):  # a constant over a signal is an element-wise non-linearity of the signal
        return hand_on(second, func(first, second.detach(), *args[2:], **kwargs))
    return func(*args, **kwargs)


def _matmul(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[0], args[1]
    if carries(first) and isinstance(second, Tensor) and second.ndim == 2 and mode.name_of(second) is not None:
        return mode.linear(first, second.T, None)
    return _product(mode, func, args, kwargs)


def _addmm(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    bias, first, second = args[:3]
    if carries(first) and not carries(second) and not carries(bias) and not kwargs:
        return mode.linear(first, second.T, bias)
    return unknown(mode, func, args, kwargs)


def _einsum(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    operands = list(args[1] if isinstance(args[1], list | tuple) else args[1:])
    signals = [i for i, each in enumerate(operands) if carries(each)]
    gates = [i for i in signals if is_gate(operands[i])]
    if len(signals) <= 1:
        return func(args[0], *operands, **kwargs)
    if len(signals) - len(gates) == 1:
        operands = [each.detach() if i in gates else each for i, each in enumerate(operands)]
        return func(args[0], *operands, **kwargs)
    if len(signals) == 2:
        return _Halve.apply(func(args[0], *operands, **kwargs))
    return unknown(mode, func, args, kwargs)


def _linear(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    a, call = linear_call(mode, args, kwargs)
    return mode.layer(a, call) if carries(a) and not carries(call.weight) else unknown(mode, func, args, kwargs)


def _as_batch(a: Tensor) -> Tensor:
    return a.unsqueeze(0)


def _conv(dimensions: int, transposed: bool) -> Handler:
    def handle(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
        a = args[0]
        if not carries(a):
            return unknown(mode, func, args, kwargs)
        if a.ndim == dimensions + 1:  # one clip without a batch axis
            return handle(mode, func, (handed(_as_batch, a), *args[1:]), kwargs).squeeze(0)
        return mode.layer(*conv_call(mode, dimensions, transposed, args, kwargs))

    return handle


def _rms_norm(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    x = args[0]
    with torch.no_grad():
        y = func(*args, **kwargs)
    return hand_on(x, y)


def _normalize(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    return hand_on(args[0], func(args[0].detach(), *args[1:], **kwargs))


def _attention(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    """The value path: queries, keys and what is added to their scores, and so the attention, are held."""
    query, key, value, *rest = args
    query, key, *rest = (each.detach() if isinstance(each, Tensor) else each for each in (query, key, *rest))
    kwargs = {name: each.detach() if isinstance(each, Tensor) else each for name, each in kwargs.items()}
    return func(query, key, value, *rest, **kwargs)


def _held(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    with torch.no_grad():
        return func(*args, **kwargs)


def _power(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
    if carries(args[1:]) or args[0].is_complex():
        return unknown(mode, func, args, kwargs)
    return _pass_on(mode, func, args, kwargs)


NONLINEAR = """
gelu silu mish elu selu celu softplus softsign hardswish hardtanh relu6 tanh tanhshrink softshrink hardshrink logsigmoid
log log2 log10 log1p exp expm1 sqrt rsqrt reciprocal square sin cos erf local_response_norm
""".split()
VIEWS = """
view reshape flatten unflatten permute transpose movedim squeeze unsqueeze expand expand_as chunk split unbind select
getitem contiguous to float dropout masked_fill repeat clone detach
""".split()

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(NONLINEAR, _pass_on),
    **dict.fromkeys(VIEWS, view),
    **dict.fromkeys(("sigmoid", "hardsigmoid"), _gate),
    "softmax": _softmax,
    "add": add,
    "sub": _subtract,
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), _join),
    **dict.fromkeys(("maximum", "clamp_min"), _bounded(torch.ge)),
    **dict.fromkeys(("minimum", "clamp_max"), _bounded(torch.le)),
    "mul": _product,
    "glu": _glu,
    "div": _quotient,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _product,
    "baddbmm": unknown,
    "addcmul": unknown,
    "lerp": unknown,
    "addmm": _addmm,
    "einsum": _einsum,
    "pow": _power,
    "linear": _linear,
    **{f"conv{d}d": _conv(d, False) for d in (1, 2, 3)},
    **{f"conv_transpose{d}d": _conv(d, True) for d in (1, 2, 3)},
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "rms_norm": _rms_norm,
    "normalize": _normalize,
    "var": _held,
    "std": _held,
    "norm": _held,
    "linalg_norm": _held,
    "linalg_vector_norm": _held,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": multi_head_attention,
    "lstm": lstm,
    "gru": gru,
    "rnn_tanh": rnn,
    "rnn_relu": rnn,
}


LAYERS = frozenset(
    "linear addmm lstm gru rnn_tanh rnn_relu multi_head_attention_forward".split()
    + [f"conv{d}d" for d in (1, 2, 3)]
    + [f"conv_transpose{d}d" for d in (1, 2, 3)]
)
"""Functions that take the reference into their bias, or hand it on to layers that do."""


def _handing_on(name: str) -> Handler:
    """The handler of a function (its own derivative where it has none) that hands on its argument's reference."""
    handler, handing = HANDLERS.get(name), HANDINGS.get(name)

    def handle(mode: Propagation, func: Handler, args: Any, kwargs: Any) -> Any:
        result = func(*args, **kwargs) if handler is None else handler(mode, func, args, kwargs)
        if name in LAYERS or not carries(result) or not is_measured(args, kwargs):
            return result
        first = result if isinstance(result, Tensor) else result[0]
        if measure_of(first) is not None or hasattr(first, "auricle_call"):  # the handler has seen to it
            return result
        parts = None if handing is None else handing(func, args, kwargs)
        if parts is not None:
            attach(result, *parts)
        return result

    return handle


HANDING_ON: dict[str, Handler] = {name: _handing_on(name) for name in sorted({*HANDLERS, *LINEAR})}
