"""DeepLIFT and DeepSHAP: differences from a reference, handed back through finite-difference multipliers.

A first pass hears the reference and records what every non-linear function was given; a second pass hears the clip, and
every such function gets the derivative Δoutput / Δinput. Everything is exact for any network made of the functions
below, because each is broken down to element-wise functions (Rescale) and products (split evenly between the two
factors, which is their Shapley value): relevance sums to score(clip) - score(reference).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError
from auricle.methods.attention import multi_head_attention
from auricle.methods.base import Attribution, Method
from auricle.methods.baselines import Baseline, baseline_of
from auricle.methods.calls import conv_call, linear_call
from auricle.methods.derivatives import Derivatives, Handler, canonical, carries, with_derivative, with_slope
from auricle.methods.gradients import settings
from auricle.methods.norms import affine, folded
from auricle.methods.point import Point
from auricle.methods.propagation import NONLINEAR
from auricle.methods.recurrent import gru, lstm, rnn
from auricle.methods.rules import Call

SMALL = 1e-7
"""Below this |Δinput| (relative to the inputs), the multiplier is the derivative itself."""

OTHER_PATH = (
    "the network took another path for the reference than for the clip, so DeepLIFT cannot compare them; "
    "use lrp or ig for networks whose control flow depends on the sound"
)

Variant = Literal["rescale", "reveal-cancel", "mix"]


Record = list[tuple[str, tuple[Tensor, ...]]]
"""What every compared function was given on the reference pass, with the function's name."""


class _OtherPath(AuricleError):
    """The two passes cannot be compared."""


class _Differences(Derivatives):
    """One of the two passes: without a ``record`` it makes one, with it it attaches the multipliers."""

    def __init__(self, network: nn.Module | None, variant: Variant, record: Record | None) -> None:
        super().__init__(HANDLERS, network=network)
        self.variant = variant
        self.recording = record is None
        self.record: Record = [] if record is None else record
        self._next = 0
        self._function = ""
        self._calls = 0

    def count(self) -> int:
        self._calls += 1
        return self._calls - 1

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self._function = canonical(func)[0]
        return super().__torch_function__(func, types, args, kwargs)

    def reference(self, *values: Tensor) -> tuple[Tensor, ...] | None:
        """What the same function was given on the reference pass; None while that is being recorded."""
        if self.recording:
            self.record.append((self._function, tuple(each.detach() for each in values)))
            return None
        name, recorded = self.record[self._next] if self._next < len(self.record) else ("", ())
        if name != self._function or not all(map(_comparable, values, recorded)):
            raise _OtherPath(OTHER_PATH)
        self._next += 1
        return recorded

    def finish(self) -> None:
        """Make sure that the reference pass did not go on for longer."""
        if not self.recording and self._next < len(self.record):
            raise _OtherPath(OTHER_PATH)

    def nonlinearity(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """An element-wise function by the Rescale rule: slope Δy / Δx."""
        recorded = self.reference(x)
        if recorded is None:
            return function(x)
        return _rescaled(function, x, *recorded)

    def gate(self, x: Tensor) -> Tensor:
        return self.nonlinearity(torch.sigmoid, x)

    def product(self, a: Tensor, b: Tensor, op: Callable[[Tensor, Tensor], Tensor] = torch.mul) -> Tensor:
        """Any bilinear function: each factor's difference times the other's mean over clip and reference."""
        if not (carries(a) and carries(b)):
            return op(a, b)
        recorded = self.reference(a, b)
        if recorded is None:
            return op(a, b)
        return _shared(op, a, b, *recorded)

    def total(self, first: Tensor, second: Tensor) -> Tensor:
        return first + second

    def linear(self, a: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(a, weight, bias)


def _comparable(now: Tensor, then: Tensor) -> bool:
    """Whether one reference serves every clip: sizes are the same, or 1 for the reference."""
    return now.ndim == then.ndim and all(m in (n, 1) for n, m in zip(now.shape, then.shape, strict=True))


def _rescaled(function: Callable[[Tensor], Tensor], x: Tensor, x0: Tensor) -> Tensor:
    y = function(x.detach())
    return with_slope(x, y, _slope(function, x.detach(), x0, y))


def _shared(op: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor, a0: Tensor, b0: Tensor) -> Tensor:
    surrogate = op(a, (b.detach() + b0) / 2) + op((a.detach() + a0) / 2, b)
    return with_derivative(op(a.detach(), b.detach()), surrogate)


def _slope(function: Callable[[Tensor], Tensor], x: Tensor, x0: Tensor, y: Tensor) -> Tensor:
    delta = x - x0
    tiny = delta.abs() <= SMALL * (1 + x.abs())
    slope = (y - function(x0)) / torch.where(tiny, torch.ones_like(delta), delta)
    if not bool(tiny.any()):
        return slope
    with torch.enable_grad():
        inputs = x.detach().requires_grad_()
        (derivative,) = torch.autograd.grad(function(inputs).sum(), inputs)
    return torch.where(tiny, derivative, slope)


class _RevealCancel(torch.autograd.Function):
    """A non-linearity after a linear call: positive and negative differences get multipliers of their own."""

    @staticmethod
    def forward(ctx, a, value, call, difference, up, down):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(a, difference, up, down)
        ctx.call = call
        return value.detach()

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        a, difference, up, down = ctx.saved_tensors
        call = ctx.call
        plain = call.transpose(g * (up + down) / 2, a, call.weight)
        signed = call.transpose(g * (up - down) / 2, a, call.weight.abs())
        return plain + torch.where(difference < 0, -signed, signed), None, None, None, None, None


def _reveal_cancel(
    mode: _Differences, function: Callable[[Tensor], Tensor], x: Tensor, a: Tensor, call: Call
) -> Tensor:
    recorded = mode.reference(a, x)
    if recorded is None:
        return function(x)
    a0, x0 = recorded
    x, a_now = x.detach(), a.detach()
    difference = (a_now - a0).expand_as(a_now)
    total = x - x0
    positive = (total + call.apply(difference.abs(), call.weight.abs())) / 2
    negative = total - positive
    f = function
    y_up = (f(x0 + positive) - f(x0) + f(x) - f(x0 + negative)) / 2
    y_down = (f(x0 + negative) - f(x0) + f(x) - f(x0 + positive)) / 2
    up = _ratio(y_up, positive, x)
    down = _ratio(y_down, negative, x)
    return _RevealCancel.apply(a, f(x), call, difference, up, down)


def _ratio(y: Tensor, x: Tensor, scale: Tensor) -> Tensor:
    tiny = x.abs() <= SMALL * (1 + scale.abs())
    return torch.where(tiny, torch.zeros_like(x), y / torch.where(tiny, torch.ones_like(x), x))


def _element_wise(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    x = args[0]
    if not isinstance(x, Tensor) or carries(args[1:]) or x.is_complex():
        return _unknown(mode, func, args, kwargs)

    def function(x: Tensor) -> Tensor:
        return func(x, *args[1:], **kwargs)

    before = getattr(x, "auricle_call", None)
    wanted = {"rescale": (), "mix": ("dense",), "reveal-cancel": ("conv", "dense")}[mode.variant]
    if before is not None and before[1].kind in wanted:
        return _reveal_cancel(mode, function, x, *before)
    return mode.nonlinearity(function, x)


def _unknown(mode: Derivatives, func: Handler, args: Any, kwargs: Any) -> Any:
    mode.unruled[getattr(func, "__name__", "function").strip("_")] += 1
    return func(*args, **kwargs)


def _bilinear(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    return mode.product(args[0], args[1], lambda a, b: func(a, b, *args[2:], **kwargs))


def _quotient(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    first, second = args[0], args[1]
    if not carries(second):
        return func(*args, **kwargs)
    inverse = mode.nonlinearity(torch.reciprocal, second)
    return mode.product(first, inverse) if isinstance(first, Tensor) else inverse * first


def _softmax(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    powers = _powers(mode, args, kwargs)
    if powers is None:
        return func(*args, **kwargs)
    _, power, power0, total, total0 = powers
    share = _rescaled(torch.reciprocal, total, total0)
    return _shared(torch.mul, power, share, power0, 1 / total0).to(args[0].dtype)


def _log_softmax(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    powers = _powers(mode, args, kwargs)
    if powers is None:
        return func(*args, **kwargs)
    level, _, _, total, total0 = powers
    return (level - _rescaled(torch.log, total, total0)).to(args[0].dtype)


def _powers(mode: _Differences, args: Any, kwargs: Any) -> tuple[Tensor, ...] | None:
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
    power, power0 = _rescaled(torch.exp, x - peak, x0 - peak), torch.exp(x0 - peak)
    return x - peak, power, power0, power.sum(axis, keepdim=True), power0.sum(axis, keepdim=True)


def _layer_norm(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("input", "normalized_shape", "weight", "bias", "eps")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    axes = tuple(range(-len(given["normalized_shape"]), 0))
    return _normed(mode, given["input"], axes, given["weight"], given["bias"], given["eps"] or 1e-5)


def _group_norm(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("input", "num_groups", "weight", "bias", "eps")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    x = given["input"].unflatten(1, (given["num_groups"], -1))
    shape = (1, -1, *[1] * (given["input"].ndim - 2))
    weight, bias = (None if given[key] is None else given[key].reshape(shape) for key in ("weight", "bias"))
    y = _normed(mode, x, tuple(range(2, x.ndim)), None, None, given["eps"] or 1e-5).flatten(1, 2)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _normed(
    mode: _Differences, x: Tensor, axes: tuple[int, ...], weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    variance = mode.nonlinearity(torch.square, centred).mean(axes, keepdim=True)
    y = mode.product(centred, mode.nonlinearity(lambda v: torch.rsqrt(v + eps), variance))
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _attention(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
    given = dict.fromkeys(names) | dict(zip(names, args, strict=False)) | kwargs
    query, key, value, mask = (given[name] for name in names[:4])
    if given["enable_gqa"]:
        return _unknown(mode, func, args, kwargs)
    scale = given["scale"] or query.shape[-1] ** -0.5
    scores = mode.product(query * scale, key.transpose(-1, -2), torch.matmul)
    if given["is_causal"]:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e30) if mask.dtype == torch.bool else scores + mask
    return mode.product(_softmax(mode, F.softmax, (scores, -1), {}), value, torch.matmul)


def _max_pool(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
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
    return _MaxPool.apply(x, recorded[0].expand_as(x), pool)


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, x0, pool):  # type: ignore[no-untyped-def]
        y = pool(x)
        ctx.save_for_backward(x, x0, y)
        ctx.pool = pool
        return y

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        x, x0, y = ctx.saved_tensors
        with torch.enable_grad():
            now, then = x.detach().requires_grad_(), x0.detach().requires_grad_()
            y_now, y_then = ctx.pool(now), ctx.pool(then)
        change = y - y_then.detach()
        (own,) = torch.autograd.grad(y_now, now, g, retain_graph=True)
        (risen,) = torch.autograd.grad(y_now, now, g * change.clamp(min=0))
        (fallen,) = torch.autograd.grad(y_then, then, g * change.clamp(max=0))
        delta = x - x0
        tiny = delta.abs() <= SMALL * (1 + x.abs())
        # Inputs that did not change contribute nothing, but what lies before them needs the pool's own derivative.
        slope = (risen + fallen) / torch.where(tiny, torch.ones_like(delta), delta)
        return torch.where(tiny, own, slope), None, None


def _remember(make: Callable[..., tuple[Tensor, Call]]) -> Handler:
    """A linear call keeps its own derivative; RevealCancel needs to know it afterwards."""

    def handle(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
        z = func(*args, **kwargs)
        if mode.variant != "rescale" and carries(args[0]):
            z.auricle_call = make(mode, args, kwargs)
        return z

    return handle


def _batch_norm(mode: _Differences, func: Handler, args: Any, kwargs: Any) -> Any:
    """An affine function; RevealCancel sees it as part of the layer before it."""
    y = func(*args, **kwargs)
    x, scale, shift = affine(args, kwargs)
    if mode.variant != "rescale" and scale is not None and shift is not None:
        y.auricle_call = folded(x, scale, shift)
    return y


HANDLERS: dict[str, Handler] = {
    "batch_norm": _batch_norm,
    **dict.fromkeys([*NONLINEAR, "relu", "leaky_relu", "prelu", "sigmoid", "hardsigmoid", "abs"], _element_wise),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max", "clip", "threshold", "pow"), _element_wise),
    **dict.fromkeys(("mul", "matmul", "mm", "bmm"), _bilinear),
    "div": _quotient,
    "einsum": lambda mode, func, args, kwargs: (
        mode.product(args[1], args[2], lambda a, b: func(args[0], a, b))
        if len(args) == 3 and carries(args[1]) and carries(args[2])
        else func(*args, **kwargs)
        if sum(map(carries, args[1:])) <= 1
        else _unknown(mode, func, args, kwargs)
    ),
    **{f"max_pool{d}d": _max_pool for d in (1, 2, 3)},
    **{f"adaptive_max_pool{d}d": _max_pool for d in (1, 2, 3)},
    "amax": _max_pool,
    **dict.fromkeys(("max", "min", "maximum", "minimum", "where", "topk", "sort", "amin", "kthvalue"), _unknown),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
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


@dataclass(frozen=True, kw_only=True, config=settings)
class DeepLIFT(Method):
    """What each value's difference from the reference contributes to the score's difference.

    ``rescale`` gives every non-linearity the slope Δy / Δx; ``reveal-cancel`` treats positive and negative differences
    apart, so that two that cancel both show; ``mix`` does so on dense layers only, as the authors advise.
    """

    name: ClassVar[str] = "deeplift"
    summary: ClassVar[str] = "differences from silence, handed back through finite-difference multipliers"
    source: ClassVar[str] = "Shrikumar, Greenside & Kundaje 2017, Learning Important Features"

    variant: Variant = Field("rescale", description="how non-linearities hand back differences")
    baseline: Baseline = Field("silence", description="the reference")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        return _mean_over_references(point, weights, self.variant, self.baseline, seed)


@dataclass(frozen=True, kw_only=True, config=settings)
class DeepSHAP(Method):
    """DeepLIFT (Rescale) averaged over a set of references: an estimate of SHAP values with that background.

    Without a set of clips the background is silence, noise, blur and the clip's mean spectrum (where it has one).
    """

    name: ClassVar[str] = "deepshap"
    summary: ClassVar[str] = "DeepLIFT averaged over a background of several references"
    source: ClassVar[str] = "Lundberg & Lee 2017, A Unified Approach to Interpreting Model Predictions"

    baseline: Baseline | None = Field(None, description="a set of clips; by default silence, noise, blur and mean")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        if self.baseline is not None:
            return _mean_over_references(point, weights, "rescale", self.baseline, seed)
        on_samples = point.x.shape[-1] == point.length
        names = ["silence", "noise", "blur"] + ([] if on_samples else ["mean"])
        found = [_mean_over_references(point, weights, "rescale", name, seed) for name in names]
        relevance = torch.stack([each.relevance for each in found]).mean(0)
        expected = torch.stack([each.expected for each in found if each.expected is not None]).mean(0)
        unruled = found[0].unruled
        return Attribution(relevance, found[0].score, expected, unruled=unruled, baseline=", ".join(names))


def _mean_over_references(
    point: Point, weights: Tensor, variant: Variant, baseline: Baseline, seed: int
) -> Attribution:
    references, words = baseline_of(baseline, point, seed)
    relevance, start = torch.zeros_like(point.x), torch.zeros_like(weights[:, 0])
    unruled: dict[str, int] = {}
    for reference in references:
        part, score, score0, unruled = _differences(point, weights, variant, reference)
        relevance += part / len(references)
        start += score0 / len(references)
    return Attribution(point.to_map(relevance), score, score - start, unruled=unruled, baseline=words)


def _differences(
    point: Point, weights: Tensor, variant: Variant, reference: Tensor
) -> tuple[Tensor, Tensor, Tensor, dict[str, int]]:
    for one in (reference, reference.expand_as(point.x)):
        try:
            return _two_passes(point, weights, variant, one)
        except _OtherPath:  # one reference does not serve all clips where a network folds time into the batch
            if len(one) == len(point.x):
                raise
    raise AssertionError("unreachable")


def _two_passes(
    point: Point, weights: Tensor, variant: Variant, reference: Tensor
) -> tuple[Tensor, Tensor, Tensor, dict[str, int]]:
    network = point.classifier.network
    records = []
    value = reference.detach().clone().requires_grad_()
    for stage in point.stages:
        with _Differences(network, variant, None) as mode:
            value = stage(value)
        records.append(mode.record)
    score0 = (value.detach() * weights).sum(1)
    x = point.x.detach().requires_grad_()
    value = x
    unruled: dict[str, int] = {}
    for stage, record in zip(point.stages, records, strict=True):
        with _Differences(network, variant, record) as mode:
            value = stage(value)
        mode.finish()
        unruled |= dict(mode.unruled)
    (gradient,) = torch.autograd.grad(value, x, weights)
    score = (value * weights).sum(1).detach()
    return (x.detach() - reference) * gradient, score, score0, unruled
