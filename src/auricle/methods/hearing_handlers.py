"""From which positions each function takes its values; see `auricle.methods.hearing`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.methods.attending import is_attention
from auricle.methods.calls import conv_call
from auricle.methods.derivatives import Handler, carries, with_derivative
from auricle.methods.propagation_handlers import NONLINEAR, VIEWS, is_gate, mark, view

POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
ADAPTIVE = {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d}


def _straight(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    """From the same position; where the result has another shape, its own derivative."""
    x, result = args[0], func(*args, **kwargs)
    if not (isinstance(x, Tensor) and carries(x) and isinstance(result, Tensor)):
        return result
    if x.is_complex() and not result.is_complex():
        return with_derivative(result.detach(), x.real + x.imag)
    return with_derivative(result.detach(), x) if result.shape == x.shape else result


def _product(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    """From both signals; constants weigh by their size, gates only where they pool."""
    first, second = args[:2]
    result = func(*args, **kwargs)
    if carries(first) and carries(second):
        if is_gate(first) != is_gate(second):
            gate, signal = (first, second) if is_gate(first) else (second, first)
            return with_derivative(result.detach(), signal * gate.detach())
        return with_derivative(result.detach(), first.expand_as(result) + second.expand_as(result))
    signal, constant = (first, second) if carries(first) else (second, first)
    size = constant.abs() if isinstance(constant, Tensor) else abs(constant)
    return with_derivative(result.detach(), signal * size)


def _quotient(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[:2]
    result = func(*args, **kwargs)
    signal = first if carries(first) else second
    return with_derivative(result.detach(), signal.expand_as(result))


def _difference(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    """From both sides."""
    result = func(*args, **kwargs)
    signals = [each.expand_as(result) for each in args[:2] if carries(each)]
    return with_derivative(result.detach(), sum(signals[1:], start=signals[0]))


def _mix(mode: Any, weights: Tensor, value: Tensor, result: Tensor) -> Tensor:
    """Attention: every token takes from itself."""
    if value.shape != result.shape:
        return with_derivative(result.detach(), value.mean(-2, keepdim=True).expand_as(result))
    mixed = with_derivative(result.detach(), value)
    mode.mixed.append((value, mixed))
    return mixed


def _matmul(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[:2]
    result = func(*args, **kwargs)
    if is_attention(first) and carries(second):
        return _mix(mode, first, second, result)
    if is_gate(first) or is_gate(second):  # pooling by attention
        return func(*(each.detach() if is_gate(each) else each for each in args[:2]), **kwargs)
    if carries(first) and carries(second):
        return result
    return with_derivative(result.detach(), func(*(each if carries(each) else each.abs() for each in args[:2])))


def _einsum(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    operands = list(args[1] if isinstance(args[1], list | tuple) else args[1:])
    result = func(args[0], *operands, **kwargs)
    if len(operands) == 2 and is_attention(operands[0]) and carries(operands[1]):
        return _mix(mode, operands[0], operands[1], result)
    return func(args[0], *(each.detach() if is_gate(each) else each for each in operands), **kwargs)


def _linear(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    result = func(*args, **kwargs)
    return with_derivative(result.detach(), args[0].mean(-1, keepdim=True).expand_as(result))


def _conv(dimensions: int, transposed: bool) -> Handler:
    def handle(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
        x, result = args[0], func(*args, **kwargs)
        if x.ndim == dimensions + 1:  # one clip without a batch axis
            return handle(mode, func, (x.unsqueeze(0), *args[1:]), kwargs).squeeze(0)
        if x.shape[2:] == result.shape[2:]:
            return with_derivative(result.detach(), x.mean(1, keepdim=True).expand_as(result))
        padded, call = conv_call(mode, dimensions, transposed, args, kwargs)
        kernel = torch.full_like(call.weight, 1 / call.weight[0].numel())
        return with_derivative(result.detach(), call.apply(padded, kernel))

    return handle


def _max_pool(dimensions: int) -> Handler:
    names = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def handle(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        given = dict(zip(names, args, strict=False)) | kwargs
        if isinstance(result, tuple) or given.get("dilation", 1) != 1:
            return result
        mean = POOLS[dimensions](
            args[0], given["kernel_size"], given.get("stride") or given["kernel_size"], given.get("padding", 0),
            given.get("ceil_mode", False),
        )  # fmt: skip
        return with_derivative(result.detach(), mean)

    return handle


def _adaptive_max_pool(dimensions: int) -> Handler:
    def handle(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
        result = func(*args, **kwargs)
        return result if isinstance(result, tuple) else with_derivative(result, ADAPTIVE[dimensions](*args[:2]))

    return handle


def _multi_head(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    output, weights = func(*args, **kwargs)
    value = args[2].transpose(-2, -3) if args[2].ndim == 3 else args[2]  # batch first
    if args[2].shape[:-1] != output.shape[:-1]:  # more keys than queries, or fewer
        return output, weights
    result = output.detach().transpose(-2, -3) if output.ndim == 3 else output.detach()
    mixed = with_derivative(result, value.mean(-1, keepdim=True).expand_as(result))
    mode.mixed.append((value, mixed))
    return (mixed.transpose(-2, -3) if output.ndim == 3 else mixed), weights


def _recurrent(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    """Each step takes from itself, the end from all."""
    x, result = args[0], func(*args, **kwargs)
    if kwargs or not isinstance(args[3], bool):  # packed sequences come as (data, batch_sizes, …)
        return result
    outputs, *ends = result
    steps = with_derivative(outputs.detach(), x.mean(-1, keepdim=True).expand_as(outputs))
    clips = x.mean(-1).mean(1 if args[8] else 0).unsqueeze(-1)
    return (steps, *(with_derivative(end.detach(), clips.expand_as(end)) for end in ends))


def _dot_product(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    result = func(*args, **kwargs)
    query, value = args[0], args[2] if len(args) > 2 else kwargs["value"]
    if query.shape[-2] > 1 and carries(value):
        return _mix(mode, query, value, result)
    return with_derivative(result.detach(), value.mean(-2, keepdim=True).expand_as(result))


def _stft(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    """Each frame takes equally from all samples in it."""
    result = func(*args, **kwargs)
    names = ("input", "n_fft", "hop_length", "win_length", "window", "center")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    size, hop = given["n_fft"], given["hop_length"] or given["n_fft"] // 4
    x = args[0]
    frames = result.shape[-1 if result.is_complex() else -2]
    before = 0 if given["center"] is False else size // 2
    after = (frames - 1) * hop + size - x.shape[-1] - before
    heard = F.pad(x, (before, after)).unfold(-1, size, hop).mean(-1).unsqueeze(-2)
    if not result.is_complex():
        return with_derivative(result.detach(), heard.unsqueeze(-1).expand_as(result))
    real = heard.expand(result.shape)
    return with_derivative(result.detach(), torch.complex(real, real))


def _fourier(mode: Any, func: Handler, args: Any, kwargs: Any) -> Any:
    x, result = args[0], func(*args, **kwargs)
    mean = (x.real + x.imag if x.is_complex() else x).mean(-1, keepdim=True).expand(result.shape)
    return with_derivative(result.detach(), torch.complex(mean, mean) if result.is_complex() else mean)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(
        [*NONLINEAR, *"""relu leaky_relu prelu threshold sigmoid hardsigmoid pow abs neg clamp clip clamp_min clamp_max
        batch_norm layer_norm group_norm instance_norm rms_norm normalize log_softmax cumsum""".split()],
        _straight,
    ),
    **dict.fromkeys(VIEWS, view),
    "softmax": lambda mode, func, args, kwargs: mark(_straight(mode, func, args, kwargs)),
    "sub": _difference,
    "mul": _product,
    "div": _quotient,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "einsum": _einsum,
    "linear": _linear,
    **{f"conv{d}d": _conv(d, False) for d in (1, 2, 3)},
    **{f"conv_transpose{d}d": _conv(d, True) for d in (1, 2, 3)},
    **{f"max_pool{d}d": _max_pool(d) for d in (1, 2, 3)},
    **{f"adaptive_max_pool{d}d": _adaptive_max_pool(d) for d in (1, 2, 3)},
    "scaled_dot_product_attention": _dot_product,
    "multi_head_attention_forward": _multi_head,
    "stft": _stft,
    **dict.fromkeys(("rfft", "fft", "irfft"), _fourier),
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
}  # fmt: skip
