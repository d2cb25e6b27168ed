"""Layer-wise relevance propagation: composites of rules, and deep Taylor decomposition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import field as plain_field
from dataclasses import replace
from fnmatch import fnmatch
from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError, nearest
from auricle.frontends import Waveform
from auricle.methods.base import Attribution
from auricle.methods.baselines import baseline_of
from auricle.methods.measured import enter
from auricle.methods.one_pass import OnePass, OnePassMethod
from auricle.methods.point import Point
from auricle.methods.propagation import Propagation
from auricle.methods.rules import NOTHING, AlphaBeta, Box, Call, Epsilon, Flat, Gamma, Rule, WSquare, rule
from auricle.settings import settings

Absent = Literal["silence", "zero"]
ABSENT = "what absent means: silence, or the textbook zero"
TINIEST_ENERGY = 1e-30
"""A bin with less has no direction in which a sample could carry its relevance."""


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


DRSA_AUDIO_LATE = {"*features.9": Gamma(0.2), "*features.12": Gamma(0.1)}
"""Of its GTZAN network, by weight name."""
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
    "drsa-audio-toy": (
        "DRSA-audio's for its synthetic sounds: flat on the first layer, γ = 0.8 on convolutions, ε on dense",
        lambda e, g: Composite(Gamma(0.8), Epsilon(1e-7), first=Flat()),
    ),
    "drsa-audio-gtzan": (
        "DRSA-audio's for GTZAN: w² on the first layer, γ = 0.4, later 0.2 and 0.1 on convolutions, ε on dense",
        lambda e, g: Composite(Gamma(0.4), Epsilon(1e-7), first=WSquare(), named=DRSA_AUDIO_LATE),
    ),
}


@dataclass(frozen=True, kw_only=True, config=settings)
class LRP(OnePassMethod):
    """The score, handed back layer by layer in proportion to what each input contributed.

    Relevance sums to the score less what biases absorb (conservation); both are reported. What a value contributes to
    the first layer is counted from ``baseline``: with ``silence`` that layer sees the distance d = x - s from the
    features of silence s and has the bias b + W s, which is the same function; with ``zero`` it sees x itself, where
    in decibel features nothing at all is the loudest value. So, from ``silence``, what a batch norm behind a
    non-linearity adds goes into the bias of the layer after it.
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
    baseline: Absent = Field("silence", description=ABSENT)

    def __post_init__(self) -> None:
        if self.composite not in COMPOSITES:
            raise AuricleError(f'LRP has no composite "{self.composite}"; {nearest(self.composite, COMPOSITES)}')
        for text in self.rules.values():
            rule(text)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        return explain(point, weights, self._composite(), self.baseline)

    def one_pass(self, point: Point, weights: Tensor) -> OnePass:
        return pass_forward(point, weights, self._composite(), self.baseline)

    def _composite(self) -> Composite:
        base = COMPOSITES[self.composite][1](self.epsilon, self.gamma)
        named = {**base.named, **{pattern: rule(text) for pattern, text in self.rules.items()}}
        return Composite(base.conv, base.dense, base.first, named)


@dataclass(frozen=True, kw_only=True, config=settings)
class DeepTaylor(OnePassMethod):
    """Deep Taylor decomposition: z⁺ without biases in every layer, from the rectified score.

    Only evidence *for* the target is decomposed: a negative score gives no relevance. What lies above silence is a
    distance d ≥ 0, and for such inputs the rule that Montavon et al. derive is z⁺, the default ``input_rule``. Theirs
    for inputs between two bounds is zᴮ (``box``), that for any input w² (``w-square``).
    """

    name: ClassVar[str] = "deep-taylor"
    summary: ClassVar[str] = "positive contributions only, layer by layer, biases left out"
    source: ClassVar[str] = "Montavon et al. 2017, Explaining nonlinear classification decisions"

    input_rule: Literal["box", "w-square", "z-plus"] = Field("z-plus", description="the rule of the first layer")
    baseline: Absent = Field("silence", description=ABSENT)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        return explain(point, weights, self._composite(), self.baseline, rectify=True)

    def one_pass(self, point: Point, weights: Tensor) -> OnePass:
        return pass_forward(point, weights, self._composite(), self.baseline, rectify=True)

    def _composite(self) -> Composite:
        plus = AlphaBeta(1, 0, bias=False)
        rules: dict[str, Rule] = {"box": Box(), "w-square": WSquare(), "z-plus": plus}
        return Composite(plus, plus, first=rules[self.input_rule])


def explain(
    point: Point, weights: Tensor, composite: Composite, baseline: Absent, *, rectify: bool = False
) -> Attribution:
    """`propagate`; from silence and at ``stft`` or ``waveform``, through the front-end after the features."""
    if baseline == "zero" or point.level == "features" or isinstance(point.classifier.frontend, Waveform):
        return propagate(point, weights, composite, baseline, rectify=rectify)
    heard = Point(point.classifier, point.samples, "features")
    return _through_frontend(point, propagate(heard, weights, composite, baseline, rectify=rectify))


def propagate(
    point: Point, weights: Tensor, composite: Composite, baseline: Absent = "zero", *, rectify: bool = False
) -> Attribution:
    """One forward pass under the composite's rules, one backward pass for the whole batch."""
    return pass_forward(point, weights, composite, baseline, rectify=rectify).attribution()


def pass_forward(
    point: Point, weights: Tensor, composite: Composite, baseline: Absent = "zero", *, rectify: bool = False
) -> OnePass:
    """The forward pass under the composite's rules. ``rectify`` explains only positive scores.

    From silence it begins at the features, or at any level of a network that hears samples.
    """
    if baseline == "silence" and point.level != "features" and not isinstance(point.classifier.frontend, Waveform):
        raise AuricleError(
            f"from silence, relevance comes in shares on the features only, not on level={point.level}; leave level "
            "out, or take baseline=zero"
        )
    zero = Composite(Epsilon(0.0), Epsilon(0.0))
    batch, network = len(point.x), point.classifier.network
    modes = [Propagation(zero.chooser(), batch=batch) for _ in point.stages[:-1]]
    modes.append(Propagation(composite.chooser(), batch=batch, network=network, from_silence=baseline == "silence"))
    if baseline == "silence":  # also where it is 0: a network may make its own spectrogram of it
        x, value = enter(modes[-1], point.x, baseline_of("silence", point, 0)[0][0])
    else:
        value = x = torch.where(point.x == 0, torch.full_like(point.x, NOTHING), point.x).requires_grad_()
    for stage, mode in zip(point.stages, modes, strict=True):
        with mode:
            value = stage(value)
    seeds = weights * (((value * weights).sum(1, keepdim=True) > 0) if rectify else 1.0)
    return OnePass(point, x, x.detach(), value, seeds, [*modes], baseline, conserves=True)


def _through_frontend(point: Point, found: Attribution) -> Attribution:
    """Relevance on features, as it is on STFT bins or samples.

    Compression is an element-wise non-linearity, which hands on all it received; a band shares it among its bins by
    their energy, as the (0) rule does. What falls to frames or samples that are not there is booked as absorbed.
    """
    front = point.classifier.frontend
    x = point.x.detach().requires_grad_()
    stft = front.stft(x) if point.level == "waveform" else torch.view_as_complex(x.contiguous())
    bins = front.spread(found.relevance, stft.detach())
    lost = found.relevance.flatten(1).sum(1) - bins.flatten(1).sum(1)
    if point.level == "waveform":
        parts = torch.view_as_real(stft)
        energy = parts.detach().square().sum(-1)
        sounds = energy > TINIEST_ENERGY
        lost = lost + torch.where(sounds, 0.0, bins).flatten(1).sum(1)
        factor = torch.where(sounds, bins / torch.where(sounds, energy, 1.0), 0.0)
        (gradient,) = torch.autograd.grad(parts, x, parts.detach() * factor.unsqueeze(-1))
        bins = x.detach() * gradient
    absorbed = lost if found.absorbed is None else found.absorbed + lost
    return replace(found, relevance=bins, absorbed=absorbed)
