"""The LRP rules, as algebra on one parametrised linear call ``z = W a + b``.

Conventions: relevance travels in its gradient form c = R / a, so that relevance is input × derivative everywhere and
functions without parameters need no rule. A rule receives the call, its input a, its value z and the derivative g that
arrives at z (so R = z g), and returns the derivative with respect to a; several derivatives ``[K, …]`` arrive at once
where relevance comes in shares, and then share all that does not depend on them. Every rule works for signed inputs:
positive contributions are a⁺w⁺ + a⁻w⁻ and their sum, with the bias counted as a neuron of value one,
is P; the negative ones sum to N; z = P + N.

Sources: Bach et al. 2015 (ε, αβ, flat); Montavon et al. 2017 (z⁺, w², box); Montavon et al. 2019 (γ); the γ rule for
signed inputs as generalised by Andéol et al. and implemented in zennit (Anders et al. 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from auricle.errors import AuricleError, nearest

Kind = Literal["conv", "dense"]
SMALL = 1e-9
"""Keeps denominators from zero; small enough to absorb nothing that matters, also in networks with tiny scores."""

NOTHING = 1e-18
"""What an exact zero is replaced by at the explained point, so that rules which give relevance to zeros can."""

ABSENT = 1e-15
"""Inputs up to this, such as `NOTHING` after a batch norm, are no contribution of either sign, from silence."""

TINIEST = 1e-30
"""For rules whose every contribution is at most its denominator: these only need protection from 0 / 0."""


@dataclass(eq=False)
class Call:
    """One parametrised linear call: a convolution of any dimension or a dense layer.

    ``apply(a, w)`` is W a without bias; ``transpose(g, a, w)`` is Wᵀ g in a's shape, for several g ``[K, …]`` at
    once. ``bias`` is one number a channel, ``[C]``, or a map with the outputs' axes, of which the first may be 1 long.
    ``index`` counts the network's parametrised calls; ``name`` is that of its weight. ``from_silence``: inputs up to
    `ABSENT` contribute nothing.
    """

    kind: Kind
    weight: Tensor
    bias: Tensor | None
    channel_axis: int
    output_axis: int
    apply: Callable[[Tensor, Tensor], Tensor]
    transpose: Callable[[Tensor, Tensor, Tensor], Tensor]
    index: int
    name: str | None
    from_silence: bool = False
    absorbed: list[Tensor] = field(default_factory=list)
    known: dict[str, Any] | None = None

    def once(self, what: str, compute: Callable[[], Any]) -> Any:
        """What does not depend on the derivative; kept in ``known``, if that is there, for further derivatives."""
        if self.known is None:
            return compute()
        if what not in self.known:
            self.known[what] = compute()
        return self.known[what]

    def spread_bias(self, values: Tensor, bias: Tensor | None = None) -> Tensor | None:
        """The bias in the shape of one output, ready to be added to it."""
        bias = self.bias if bias is None else bias
        if bias is None or bias.ndim > 1:
            return bias
        shape = [1] * values.ndim
        shape[self.channel_axis] = -1
        return bias.reshape(shape)

    def value(self, a: Tensor) -> Tensor:
        """W a + b."""
        value = self.apply(a, self.weight)
        bias = self.spread_bias(value)
        if bias is not None:
            value += bias
        return value

    def measured_from(self, reference: Tensor) -> Call:
        """The same function of a - reference: its bias is b + W reference, another number at each output."""
        if len(reference) > 1 and bool((reference == reference[:1]).all()):  # one reference serves all clips
            reference = reference[:1]
        return replace(self, bias=self.value(reference), absorbed=[])

    def take_up(self, share: Tensor, bias: Tensor | None) -> None:
        """Book what biases absorb: ``share`` is the derivative-like factor on each output's bias."""
        if bias is None:
            return
        if self.kind == "conv" and bias.shape[0] == 1 == bias[0, 0].numel():  # one bias a channel: sum first, cheaper
            share, bias = share.flatten(2 - bias.ndim).sum(-1), bias.flatten(1)
        elif self.kind == "conv" and bias.shape[0] == 1:  # one map for all clips: no product as large as theirs
            self.absorbed.append(share.flatten(1 - bias.ndim) @ bias.flatten())
            return
        self.absorbed.append(share * bias)


class Rule(Protocol):
    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor: ...


def stabilise(z: Tensor, epsilon: float) -> Tensor:
    """z + ε sign(z), with sign(0) = +1."""
    return z + torch.copysign(z.new_full((), epsilon), z)


def divide(relevance: Tensor, a: Tensor) -> Tensor:
    """R / a, and 0 where a is 0: an input of exactly nothing can carry no gradient form."""
    return torch.where(a == 0, torch.zeros_like(a), relevance / torch.where(a == 0, torch.ones_like(a), a))


def positive(call: Call, a: Tensor, z: Tensor, *, bias: bool) -> tuple[Tensor, Tensor, bool]:
    """P and N of every output, and whether no input is negative (which makes things cheaper)."""
    spread = call.spread_bias(z)
    linear = z if spread is None else z - spread
    unsigned = bool((a >= 0).all())
    weights = call.weight
    p = call.apply(a, weights.clamp(min=0)) if unsigned else (linear + call.apply(a.abs(), weights.abs())) / 2
    n = linear - p
    if bias and spread is not None:
        p, n = p + spread.clamp(min=0), n + spread.clamp(max=0)
    return p, n, unsigned


def parts(call: Call, a: Tensor, z: Tensor, *, bias: bool) -> tuple[Tensor, Tensor]:
    """P and N, each summed by itself: rules that divide by one of them cannot use the rounded difference."""
    up, down = call.weight.clamp(min=0), call.weight.clamp(max=0)
    high = a.clamp(min=0)
    p = call.apply(high, up)
    n = call.apply(high, down)
    if bool((a < 0).any()):
        low = a.clamp(max=0)
        p, n = p + call.apply(low, down), n + call.apply(low, up)
    spread = call.spread_bias(z)
    if bias and spread is not None:
        p, n = p + spread.clamp(min=0), n + spread.clamp(max=0)
    return p, n


def send_apart(call: Call, a: Tensor, up: Tensor, down: Tensor | None) -> Tensor:
    """What `send` does, but no large factor of one sign is ever added to the other sign's and taken off again."""
    plus, minus = call.weight.clamp(min=0), call.weight.clamp(max=0)

    def both(first: Tensor, second: Tensor) -> Tensor:
        sent = call.transpose(up, a, first)
        return sent if down is None else sent + call.transpose(down, a, second)

    above = both(plus, minus)
    return torch.where(a < 0, both(minus, plus), above) if bool((a < 0).any()) else above


def send(call: Call, a: Tensor, up: Tensor, down: Tensor, unsigned: bool) -> Tensor:
    """Positive contributions' weights times ``up`` plus negative contributions' weights times ``down``."""
    if unsigned:
        both = call.transpose(down, a, call.weight)
        return both + call.transpose(up - down, a, call.weight.clamp(min=0))
    plain = call.transpose((up + down) / 2, a, call.weight)
    signed = call.transpose((up - down) / 2, a, call.weight.abs())
    return plain + torch.where(a < 0, -signed, signed)


@dataclass(frozen=True)
class Epsilon:
    """R_i = Σ_j a_i w_ij / (z_j + ε sign z_j) R_j; ε = 0 is the plain (0) rule."""

    epsilon: float = SMALL

    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        ratio = g * call.once("share", lambda: z / stabilise(z, self.epsilon)) if self.epsilon else g
        call.take_up(ratio, call.spread_bias(z))
        if self.epsilon > SMALL:  # a large ε is meant to absorb; say how much
            call.take_up(g - ratio, z)
        return call.transpose(ratio, a, call.weight)


@dataclass(frozen=True)
class Gamma:
    """Where z > 0, positive contributions count (1 + γ) times; where z < 0, negative ones do."""

    gamma: float = 0.25
    epsilon: float = SMALL

    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        if call.once("unsigned", lambda: bool(a.amin() >= 0)) and not _reaches_negative(call, z, g):
            return self._before_relu(call, a, z, g)
        above = z > 0
        unsigned, below = call.once("denominator", lambda: self._denominator(call, a, z))
        ratio = torch.where(z == 0, torch.zeros_like(z), g * z) / below
        boosted = ratio * (1 + self.gamma)
        up, down = torch.where(above, boosted, ratio), torch.where(above, ratio, boosted)
        bias = call.spread_bias(z)
        if bias is not None:
            call.take_up(torch.where(bias > 0, up, down), bias)
        return send(call, a, up, down, unsigned)

    def _denominator(self, call: Call, a: Tensor, z: Tensor) -> tuple[bool, Tensor]:
        p, n, unsigned = positive(call, a, z, bias=True)
        return unsigned, stabilise(z + self.gamma * torch.where(z > 0, p, n), self.epsilon)

    def _before_relu(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        """The same between two ReLUs, where it is one convolution each way with the weights w + γ w⁺."""
        weight, bias, share = call.once("before relu", lambda: self._share_before_relu(call, a, z))
        if g.ndim > share.ndim:
            ratio = share * g
        elif call.known is None:
            ratio = share.mul_(g)
        else:
            ratio = torch.mul(share, g, out=call.once("room", lambda: torch.empty_like(share)))
        call.take_up(ratio, bias)
        return call.transpose(ratio, a, weight)

    def _share_before_relu(self, call: Call, a: Tensor, z: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        weight = torch.add(call.weight, call.weight.clamp(min=0), alpha=self.gamma)
        below, bias = call.apply(a, weight), call.spread_bias(z)
        if bias is not None:
            bias = torch.add(bias, bias.clamp(min=0), alpha=self.gamma)
            below += bias
        # Where relevance arrives z > 0, and so is what is below the line.
        return weight, bias, torch.div(z, below.clamp_(min=self.epsilon), out=below)


def _reaches_negative(call: Call, z: Tensor, g: Tensor) -> bool:
    """Whether relevance arrives where z < 0."""
    if call.known is None:
        return bool((z.clamp(max=0) * g).any())
    # One product, without a map in between; no two terms cancel, as each has a random weight.
    weighted = call.once("negative", lambda: _randomly_weighted(z.clamp(max=0)).flatten())
    return bool((g.reshape(-1, len(weighted)) @ weighted).any())


def _randomly_weighted(values: Tensor) -> Tensor:
    generator = torch.Generator(values.device).manual_seed(0)
    return values * values.new_empty(values.shape).uniform_(1.0, 2.0, generator=generator)


@dataclass(frozen=True)
class AlphaBeta:
    """R_i = α Σ_j (positive share) R_j - β Σ_j (negative share) R_j with α - β = 1; z⁺ is α = 1, β = 0.

    An output with contributions of one sign only hands R_j to these once, so that nothing is created or lost.
    ``bias=False`` leaves biases out of the shares, as deep Taylor decomposition does; from silence, an output that
    nothing but its bias made positive has nobody to hand R_j to, and absorbs it.
    """

    alpha: float = 2.0
    beta: float = 1.0
    bias: bool = True
    epsilon: float = TINIEST

    def __post_init__(self) -> None:
        if abs(self.alpha - self.beta - 1) > 1e-9 or self.beta < 0:
            raise AuricleError(
                f"the αβ rule needs α - β = 1 and β ≥ 0, not α = {self.alpha}, β = {self.beta}; try α = 2, β = 1"
            )

    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        if not call.from_silence:
            return self._shares(call, a, z, g)
        absent = a.abs() <= ABSENT
        return self._shares(call, a.masked_fill(absent, 0.0), z, g).masked_fill_(absent, 0.0)

    def _shares(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        p, n = call.once("parts", lambda: parts(call, a, z, bias=self.bias))
        relevance = g * z
        nothing = torch.zeros_like(z)
        bias = call.spread_bias(z) if self.bias else None
        if self.beta == 0:
            up = torch.where(p > 0, relevance / stabilise(p, self.epsilon), nothing)
            only_negative = (p <= 0) & (n < 0) & (relevance != 0)
            if self.bias and bool(only_negative.any()):  # before a GELU, say, what is below zero has relevance, too
                down = torch.where(only_negative, relevance / (n - self.epsilon), nothing)
                if bias is not None:
                    call.take_up(torch.where(bias > 0, up, down), bias)
                return send_apart(call, a, up, down)
            call.take_up(up, None if bias is None else bias.clamp(min=0))
            if call.from_silence and not self.bias:
                call.absorbed.append(torch.where(p > 0, nothing, relevance))
            return send_apart(call, a, up, None)
        no_positive, no_negative = p <= 0, n >= 0
        alpha = torch.where(no_negative, 1.0, self.alpha).to(z.dtype)
        beta = torch.where(no_positive, -1.0, self.beta).to(z.dtype)
        up = torch.where(no_positive, nothing, alpha * relevance / stabilise(p, self.epsilon))
        down = torch.where(no_negative, nothing, -beta * relevance / (n - self.epsilon))
        if bias is not None:
            call.take_up(torch.where(bias > 0, up, down), bias)
        return send_apart(call, a, up, down)


@dataclass(frozen=True)
class Box:
    """The zᴮ rule for inputs that lie between ``low`` and ``high``: R_i ∝ a_i w - l w⁺ - h w⁻.

    The bias takes no part. The bounds default to each clip's own smallest and largest input.
    """

    low: float | None = None
    high: float | None = None
    epsilon: float = SMALL

    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        shape = (-1, *[1] * (a.ndim - 1))
        low = a.flatten(1).amin(1).reshape(shape) if self.low is None else a.new_full((1, *shape[1:]), self.low)
        high = a.flatten(1).amax(1).reshape(shape) if self.high is None else a.new_full((1, *shape[1:]), self.high)
        up, down = call.weight.clamp(min=0), call.weight.clamp(max=0)
        ones, bias = torch.ones_like(a[:1]), call.spread_bias(z)
        linear = z if bias is None else z - bias
        if len(low) == len(high) == 1:  # one clip, or given bounds: both bounds are one set of weights
            bounds = low.flatten() * up + high.flatten() * down
            floor = call.once("floor", lambda: call.apply(ones, bounds))
            ratio = g * z / stabilise(linear - floor, self.epsilon)
            sent, taken = _transpose_all(call, ratio, a, (call.weight, bounds))
            return divide(a * sent - taken, a)
        floor = call.once(
            "floor", lambda: _per_clip(low, z) * call.apply(ones, up) + _per_clip(high, z) * call.apply(ones, down)
        )
        ratio = g * z / stabilise(linear - floor, self.epsilon)
        sent, sent_up, sent_down = _transpose_all(call, ratio, a, (call.weight, up, down))
        return divide(a * sent - low * sent_up - high * sent_down, a)


@dataclass(frozen=True)
class WSquare:
    """R_i ∝ w_i², whatever the input; the bias takes no part."""

    epsilon: float = SMALL

    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        return _by_weights(call, a, z, g, call.weight.square(), self.epsilon)


@dataclass(frozen=True)
class Flat:
    """Every input of an output gets the same share; the bias takes no part."""

    epsilon: float = SMALL

    def __call__(self, call: Call, a: Tensor, z: Tensor, g: Tensor) -> Tensor:
        return _by_weights(call, a, z, g, torch.ones_like(call.weight), self.epsilon)


def _by_weights(call: Call, a: Tensor, z: Tensor, g: Tensor, shares: Tensor, epsilon: float) -> Tensor:
    total = call.once("total", lambda: stabilise(call.apply(torch.ones_like(a[:1]), shares), epsilon))
    ratio = g * z / total
    return divide(call.transpose(ratio, a, shares), a)


def _transpose_all(call: Call, g: Tensor, a: Tensor, weights: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Wᵀ g for several weights: in one convolution where the inputs are few, as at a network's first layer."""
    if call.kind == "conv" and call.output_axis == 0 and call.weight.shape[1] == a.shape[1] <= 4:
        several = a.repeat(1, len(weights), *[1] * (a.ndim - 2))
        return call.transpose(g, several, torch.cat(weights, 1)).chunk(len(weights), 1 - a.ndim)
    return tuple(call.transpose(g, a, weight) for weight in weights)


def _per_clip(bound: Tensor, z: Tensor) -> Tensor:
    return bound.reshape(-1, *[1] * (z.ndim - 1))


RULES: dict[str, Callable[..., Rule]] = {
    "zero": lambda: Epsilon(0.0),
    "epsilon": Epsilon,
    "gamma": Gamma,
    "alpha-beta": lambda alpha=2.0: AlphaBeta(alpha, alpha - 1),
    "z-plus": lambda: AlphaBeta(1.0, 0.0),
    "box": Box,
    "w-square": WSquare,
    "flat": Flat,
}


def rule(text: str) -> Rule:
    """A rule by name, with its number after a colon where it has one.

    >>> rule("gamma:0.4")
    Gamma(gamma=0.4, epsilon=1e-09)
    """
    name, _, number = text.partition(":")
    if name not in RULES:
        raise AuricleError(f'no LRP rule is called "{name}"; {nearest(name, RULES)}')
    try:
        return RULES[name](float(number)) if number else RULES[name]()
    except (ValueError, TypeError) as error:
        if isinstance(error, AuricleError):
            raise
        raise AuricleError(f'the LRP rule "{text}" has a number it cannot use; write for example gamma:0.25') from error
