"""Layer-wise relevance propagation as derivatives of functions: layers by the composite's rules, and what biases take.

What every other kind of function hands on is in `auricle.methods.propagation_handlers`.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from auricle.methods.calls import linear_call
from auricle.methods.derivatives import Derivatives
from auricle.methods.measured import measure_of, measured
from auricle.methods.propagation_handlers import HANDING_ON, add, hand_on
from auricle.methods.rules import Call, Rule
from auricle.methods.several import Booked, Sent


class Propagation(Derivatives):
    """`Derivatives` for LRP. ``choose(call)`` names each parametrised call's rule.

    ``from_silence``: inputs of nothing have no sign, and what a batch norm behind a non-linearity adds goes into the
    bias of the layer after it. After the backward pass ``absorbed()`` is what biases took up, per clip.
    """

    def __init__(
        self,
        choose: Callable[[Call], Rule],
        *,
        batch: int,
        network: nn.Module | None = None,
        from_silence: bool = False,
    ) -> None:
        super().__init__(HANDING_ON, network=network)
        self.choose = choose
        self.batch = batch
        self.calls = 0
        self.from_silence = from_silence
        self.reference_is_booked = False
        self.keeps = False
        """Whether what does not depend on the relevance that arrives is kept, for several backward passes."""
        self._booked: list[Tensor] = []

    def count(self) -> int:
        self.calls += 1
        return self.calls - 1

    def book(self, share: Tensor) -> None:
        """Take note of absorbed relevance, in the shape of the values that absorbed it.

        Clips lie along the first axis (alone, or as the outer part of it) or, in sequence-first networks, the second.
        """
        Booked.apply(share.detach(), self.take_note)

    def take_note(self, share: Tensor) -> None:
        batch = self.batch
        if share.ndim > 1 and share.shape[1] == batch != share.shape[0]:
            share = share.transpose(0, 1)
        if share.ndim and share.shape[0] % batch == 0:
            self._booked.append(share.reshape(batch, -1).sum(1))
        else:
            self._booked.append(share.sum().expand(batch) / batch)

    def book_reference(self, share: Tensor) -> None:
        """Take note of what the features' reference itself absorbs, where no layer has taken it into its bias."""
        Booked.apply(share.detach(), self._take_reference)

    def _take_reference(self, share: Tensor) -> None:
        if bool(share.any()):
            self.reference_is_booked = True
            self.take_note(share)

    def forget(self) -> None:
        """Start booking anew, before another backward pass through the same graph."""
        self._booked.clear()

    def absorbed(self) -> Tensor | None:
        return torch.stack(self._booked).sum(0) if self._booked else None

    def layer(self, a: Tensor, call: Call, value: Tensor | None = None) -> Tensor:
        """Apply a call with the rule chosen for it; ``value`` is its output where it is known already."""
        measure = measure_of(a)
        if measure is not None and not bool(measure.reference.any()):
            a = measure.deviation
        elif measure is not None:
            with torch.no_grad():
                value, call = call.value(a), call.measured_from(measure.reference)
            a = measure.deviation
        call.from_silence = self.from_silence
        z = _Rule.apply(a, value, call, self.choose(call), self)
        z.auricle_call = (a, call)
        return z

    def constant(self, x: Tensor, constant: Tensor) -> Tensor:
        """x + constant; what the constant absorbs is booked."""
        result: Tensor = _Constant.apply(x, constant, self)
        measure = measure_of(x)
        if measure is None:
            return result
        deviation = measure.deviation + torch.zeros_like(constant)
        return measured(result, deviation, measure.reference + constant)

    def linear(self, a: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return self.layer(*linear_call(self, (a, weight, bias), {}))

    # What recurrent cells are made of:

    def nonlinearity(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return hand_on(x, function(x.detach()))

    def gate(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x).detach()

    def product(self, gate: Tensor, signal: Tensor) -> Tensor:
        return gate * signal

    def total(self, first: Tensor, second: Tensor) -> Tensor:
        return add(self, torch.add, (first, second), {})


class _Rule(torch.autograd.Function):
    """The true value of a call; backward, its rule."""

    @staticmethod
    def forward(ctx, a, value, call, rule, mode):  # type: ignore[no-untyped-def]
        value = call.value(a) if value is None else value.detach()
        ctx.save_for_backward(a, value)
        ctx.call, ctx.rule, ctx.mode = call, rule, mode
        return value

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        if ctx.mode.keeps and ctx.call.known is None:
            ctx.call.known = {}
        return Sent.apply(g, *ctx.saved_tensors, ctx.call, ctx.rule, ctx.mode.take_note), None, None, None, None


class _Constant(torch.autograd.Function):
    """x + constant; backward, books what the constant absorbs."""

    @staticmethod
    def forward(ctx, x, constant, mode):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(constant)
        ctx.mode, ctx.shape = mode, x.shape
        return x + constant

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        (constant,) = ctx.saved_tensors
        ctx.mode.book(g * constant)
        return g.sum_to_size(ctx.shape), None, None
