"""The engine of DeepLIFT: two passes, and the multipliers of element-wise functions, products and pools.

A first pass hears the reference and records what every non-linear function was given; a second pass hears the clip, and
every such function gets the derivative Δoutput / Δinput.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError
from auricle.methods.derivatives import Derivatives, Handler, canonical, carries, with_derivative, with_slope
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


class OtherPath(AuricleError):
    """The two passes cannot be compared."""


class Differences(Derivatives):
    """One of the two passes: without a ``record`` it makes one, with it it attaches the multipliers."""

    def __init__(
        self, handlers: Mapping[str, Handler], network: nn.Module | None, variant: Variant, record: Record | None
    ) -> None:
        super().__init__(handlers, network=network)
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
            raise OtherPath(OTHER_PATH)
        self._next += 1
        return recorded

    def finish(self) -> None:
        """Make sure that the reference pass did not go on for longer."""
        if not self.recording and self._next < len(self.record):
            raise OtherPath(OTHER_PATH)

    def nonlinearity(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """An element-wise function by the Rescale rule: slope Δy / Δx."""
        recorded = self.reference(x)
        if recorded is None:
            return function(x)
        return rescaled(function, x, *recorded)

    def gate(self, x: Tensor) -> Tensor:
        return self.nonlinearity(torch.sigmoid, x)

    def product(self, a: Tensor, b: Tensor, op: Callable[[Tensor, Tensor], Tensor] = torch.mul) -> Tensor:
        """Any bilinear function: each factor's difference times the other's mean over clip and reference."""
        if not (carries(a) and carries(b)):
            return op(a, b)
        recorded = self.reference(a, b)
        if recorded is None:
            return op(a, b)
        return shared(op, a, b, *recorded)

    def total(self, first: Tensor, second: Tensor) -> Tensor:
        return first + second

    def linear(self, a: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(a, weight, bias)


def _comparable(now: Tensor, then: Tensor) -> bool:
    """Whether one reference serves every clip: sizes are the same, or 1 for the reference."""
    return now.ndim == then.ndim and all(m in (n, 1) for n, m in zip(now.shape, then.shape, strict=True))


def rescaled(function: Callable[[Tensor], Tensor], x: Tensor, x0: Tensor) -> Tensor:
    y = function(x.detach())
    return with_slope(x, y, _slope(function, x.detach(), x0, y))


def shared(op: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor, a0: Tensor, b0: Tensor) -> Tensor:
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


def reveal_cancel(
    mode: Differences, function: Callable[[Tensor], Tensor], x: Tensor, a: Tensor, call: Call
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


class MaxPool(torch.autograd.Function):
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
