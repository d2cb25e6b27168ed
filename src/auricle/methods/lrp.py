"""Layer-wise relevance propagation: composites of rules, and deep Taylor decomposition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field as plain_field
from fnmatch import fnmatch
from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError, nearest
from auricle.methods.base import Attribution, Method
from auricle.methods.point import Point
from auricle.methods.propagation import Propagation
from auricle.methods.rules import AlphaBeta, Box, Call, Epsilon, Flat, Gamma, Rule, WSquare, rule
from auricle.settings import settings

NOTHING = 1e-18
"""What an exact zero is replaced by at the explained point, so that rules which give relevance to zeros can."""


@plain_dataclass(frozen=True)
class Composite:
    """Which call gets which rule: by its weight's name (patterns allowed), else by position, else by kind."""

    conv: Rule
    dense: Rule
    first: Rule | None = None
    named: Mapping[str, Rule] = plain_field(default_factory=dict)

    def chooser(self) -> Callable[[Call], Rule]:
        """A function that names the rule of each call of one forward pass, in order."""
        first_name: list[str | None] = []

        def choose(call: Call) -> Rule:
            if not first_name:
                first_name.append(call.name)
            for pattern, chosen in self.named.items():
                if call.name is not None and fnmatch(call.name.removesuffix(".weight"), pattern):
                    return chosen
            is_first = call.index == 0 or (call.name is not None and call.name == first_name[0])
            if self.first is not None and is_first:
                return self.first
            return self.conv if call.kind == "conv" else self.dense

        return choose


COMPOSITES: dict[str, tuple[str, Callable[[float, float], Composite]]] = {
    "epsilon": ("ε everywhere", lambda e, g: Composite(Epsilon(e), Epsilon(e))),
    "epsilon-plus": ("z⁺ on convolutions, ε on dense layers", lambda e, g: Composite(AlphaBeta(1, 0), Epsilon(e))),
    "epsilon-plus-flat": (
        "flat on the first layer, z⁺ on convolutions, ε on dense layers",
        lambda e, g: Composite(AlphaBeta(1, 0), Epsilon(e), first=Flat()),
    ),
    "epsilon-alpha2-beta1": (
        "α2β1 on convolutions, ε on dense layers",
        lambda e, g: Composite(AlphaBeta(2, 1), Epsilon(e)),
    ),
    "epsilon-gamma-box": (
        "zᴮ on the first layer, γ on convolutions, ε on dense layers",
        lambda e, g: Composite(Gamma(g), Epsilon(e), first=Box()),
    ),
    "epsilon-gamma": ("γ on convolutions, ε on dense layers", lambda e, g: Composite(Gamma(g), Epsilon(e))),
    "preset-a": (
        "iNNvestigate's preset A: α1β0 on convolutions, ε = 0.1 on dense layers",
        lambda e, g: Composite(AlphaBeta(1, 0), Epsilon(0.1)),
    ),
    "preset-b": (
        "iNNvestigate's preset B: α2β1 on convolutions, ε = 0.1 on dense layers",
        lambda e, g: Composite(AlphaBeta(2, 1), Epsilon(0.1)),
    ),
}


@dataclass(frozen=True, kw_only=True, config=settings)
class LRP(Method):
    """The score, handed back layer by layer in proportion to what each input contributed.

    Relevance sums to the score less what biases absorb (conservation); both are reported.
    """

    name: ClassVar[str] = "lrp"
    summary: ClassVar[str] = "the score handed back layer by layer, in proportion to each input's contribution"
    source: ClassVar[str] = "Bach et al. 2015; Montavon et al. 2019, Layer-Wise Relevance Propagation: An Overview"

    composite: str = Field("epsilon-gamma", description=f"which layer gets which rule: {', '.join(COMPOSITES)}")
    epsilon: float = Field(1e-9, ge=0, description="ε of the ε rule (the presets have their own)")
    gamma: float = Field(0.25, ge=0, description="γ of composites that use it")
    rules: dict[str, str] = Field(
        default_factory=dict, description="rules by weight name, as in {'features.0': 'flat', 'head*': 'gamma:0.1'}"
    )

    def __post_init__(self) -> None:
        if self.composite not in COMPOSITES:
            raise AuricleError(f'LRP has no composite "{self.composite}"; {nearest(self.composite, COMPOSITES)}')
        for text in self.rules.values():
            rule(text)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        base = COMPOSITES[self.composite][1](self.epsilon, self.gamma)
        named = {pattern: rule(text) for pattern, text in self.rules.items()}
        return propagate(point, weights, Composite(base.conv, base.dense, base.first, named))


@dataclass(frozen=True, kw_only=True, config=settings)
class DeepTaylor(Method):
    """Deep Taylor decomposition: z⁺ without biases in every layer, zᴮ or w² at the input, from the rectified score.

    Only evidence *for* the target is decomposed: a negative score gives no relevance.
    """

    name: ClassVar[str] = "deep-taylor"
    summary: ClassVar[str] = "positive contributions only, layer by layer, biases left out"
    source: ClassVar[str] = "Montavon et al. 2017, Explaining nonlinear classification decisions"

    input_rule: Literal["box", "w-square", "z-plus"] = Field("box", description="the rule of the first layer")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        plus = AlphaBeta(1, 0, bias=False)
        rules: dict[str, Rule] = {"box": Box(), "w-square": WSquare(), "z-plus": plus}
        first = rules[self.input_rule]
        return propagate(point, weights, Composite(plus, plus, first=first), rectify=True)


def propagate(point: Point, weights: Tensor, composite: Composite, *, rectify: bool = False) -> Attribution:
    """One forward pass under the composite's rules, one backward pass for the whole batch."""
    zero = Composite(Epsilon(0.0), Epsilon(0.0))
    x = torch.where(point.x == 0, torch.full_like(point.x, NOTHING), point.x).requires_grad_()
    batch, network = len(x), point.classifier.network
    modes = [Propagation(zero.chooser(), batch=batch) for _ in point.stages[:-1]]
    modes.append(Propagation(composite.chooser(), batch=batch, network=network))
    value = x
    for stage, mode in zip(point.stages, modes, strict=True):
        with mode:
            value = stage(value)
    seeds = weights * (((value * weights).sum(1, keepdim=True) > 0) if rectify else 1.0)
    (gradient,) = torch.autograd.grad(value, x, seeds)
    score = (value * seeds).sum(1).detach()
    unruled: Counter[str] = Counter()
    for mode in modes:
        unruled.update(mode.unruled)
    taken = [each for mode in modes if (each := mode.absorbed()) is not None]
    absorbed = torch.stack(taken).sum(0) if taken else torch.zeros_like(score)
    return Attribution(point.to_map(x.detach() * gradient), score, score, absorbed, dict(unruled))
