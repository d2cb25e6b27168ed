"""Methods that use the network's own gradient: gradient, SmoothGrad, integrated gradients, GradientSHAP."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.methods.base import Attribution, Method
from auricle.methods.baselines import Baseline, baseline_of
from auricle.methods.derivatives import Derivatives
from auricle.methods.one_pass import OnePass, OnePassMethod
from auricle.methods.point import Point
from auricle.settings import settings

ROWS = 32
"""Rows of one forward pass when a method asks many questions about a clip."""


def gradient_at(point: Point, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of each row's score, in x's shape, and the scores ``[B]``."""
    x = x.detach().requires_grad_()
    score = point.score(x, weights)
    (gradient,) = torch.autograd.grad(score.sum(), x)
    return gradient, score.detach()


def scores_at(point: Point, weights: Tensor, *places: Tensor) -> list[Tensor]:
    """The scores ``[B]`` at several places, in one pass."""
    batch = len(weights)
    rows = torch.cat([x.expand(batch, *x.shape[1:]) for x in places])
    with torch.no_grad():
        return list(point.score(rows, weights.repeat(len(places), 1)).split(batch))


@dataclass(frozen=True, kw_only=True, config=settings)
class Gradient(Method):
    """How the score reacts to a small change of each value: the derivative of the score."""

    name: ClassVar[str] = "gradient"
    summary: ClassVar[str] = "how strongly a small change of each value would change the score"
    source: ClassVar[str] = "Simonyan, Vedaldi & Zisserman 2014, Deep Inside Convolutional Networks"

    absolute: bool = Field(False, description="take the magnitude (the usual saliency map)")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        gradient, score = gradient_at(point, point.x, weights)
        relevance = point.to_map(gradient)
        return Attribution(relevance.abs() if self.absolute else relevance, score)


@dataclass(frozen=True, kw_only=True, config=settings)
class InputXGradient(OnePassMethod):
    """The derivative times the distance from the baseline: a first-order estimate of each value's contribution."""

    name: ClassVar[str] = "input-x-gradient"
    summary: ClassVar[str] = "gradient times the value's distance from silence"
    source: ClassVar[str] = "Shrikumar et al. 2016, Not Just a Black Box; Ancona et al. 2018"

    baseline: Baseline = Field("silence", description="what absent means; zero gives the textbook input × gradient")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        gradient, score = gradient_at(point, point.x, weights)
        baseline, words = baseline_of(self.baseline, point, seed)
        relevance = (gradient * (point.x - baseline)).mean(0)
        return Attribution(point.to_map(relevance), score, baseline=words)

    def one_pass(self, point: Point, weights: Tensor) -> OnePass:
        baseline, words = baseline_of(self.baseline, point, 0)
        mode = Derivatives({}, own=None)  # for nothing but networks that work in place
        x = point.x.detach().requires_grad_()
        with mode:
            value = point.run(x)
        return OnePass(point, x, (point.x - baseline).mean(0), value, weights, [mode], words, conserves=False)


@dataclass(frozen=True, kw_only=True, config=settings)
class SmoothGrad(Method):
    """Gradients of noisy copies, gathered: their mean, their mean square (SmoothGrad²) or variance (VarGrad)."""

    name: ClassVar[str] = "smoothgrad"
    summary: ClassVar[str] = "gradient averaged over noisy copies (or its mean square, or variance)"
    source: ClassVar[str] = "Smilkov et al. 2017, SmoothGrad; Hooker et al. 2019; Adebayo et al. 2018 (VarGrad)"

    statistic: Literal["mean", "square", "variance"] = Field("mean", description="what is kept of the gradients")
    draws: int = Field(32, ge=2, le=100_000, description="noisy copies per clip")
    noise: float = Field(0.1, gt=0, description="standard deviation of the noise, as a share of the clip's range")
    times_input: bool = Field(False, description="multiply by the distance from silence")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        x = point.x
        generator = torch.Generator().manual_seed(seed)
        flat = x.flatten(1)
        spread = (flat.amax(1) - flat.amin(1)).reshape(-1, *[1] * (x.ndim - 1)) * self.noise
        total, squares = torch.zeros_like(x), torch.zeros_like(x)
        (score,) = scores_at(point, weights, x)
        for _ in range(self.draws):
            noise = torch.randn(x.shape[1:], generator=generator, dtype=torch.float64).to(x)
            gradient, _ = gradient_at(point, x + spread * noise, weights)
            total += gradient
            squares += gradient.square()
        mean, square = total / self.draws, squares / self.draws
        kept = {"mean": mean, "square": square, "variance": square - mean.square()}[self.statistic]
        if self.times_input:
            kept = kept * (x - baseline_of("silence", point, seed)[0][0])
        return Attribution(point.to_map(kept), score)


@dataclass(frozen=True, kw_only=True, config=settings)
class IntegratedGradients(Method):
    """The mean gradient on the straight way from the baseline to the clip, times that way.

    The relevance sums to score(clip) - score(baseline) as the steps grow (completeness); the remaining gap is
    reported. ``quadratic`` and ``trapezoid`` visit both end points; the former is exact sooner, because compressed
    features change fastest near silence.
    """

    name: ClassVar[str] = "ig"
    summary: ClassVar[str] = "gradient averaged on the way from silence to the clip, times that way"
    source: ClassVar[str] = "Sundararajan, Taly & Yan 2017, Axiomatic Attribution for Deep Networks"

    steps: int = Field(64, ge=2, le=100_000, description="points on the way")
    baseline: Baseline = Field("silence", description="where the way begins")
    rule: Literal["quadratic", "trapezoid", "gauss-legendre"] = Field(
        "quadratic", description="where the points lie: denser near the baseline, evenly, or as Gauss chose them"
    )

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        positions, shares = quadrature(self.rule, self.steps)
        baselines, words = baseline_of(self.baseline, point, seed)
        relevance = torch.zeros_like(point.x)
        for baseline in baselines:
            way = point.x - baseline
            mean = torch.zeros_like(point.x)
            at_once = max(ROWS // len(point.x), 1)
            for first in range(0, self.steps, at_once):
                alphas = torch.as_tensor(positions[first : first + at_once]).to(way)
                share = torch.as_tensor(shares[first : first + at_once]).to(way)
                shape = (-1, *[1] * way.ndim)
                path = baseline + alphas.reshape(shape) * way
                gradient, _ = gradient_at(point, path.flatten(0, 1), weights.repeat(len(alphas), 1))
                mean += (gradient.reshape(path.shape) * share.reshape(shape)).sum(0)
            relevance += way * mean / len(baselines)
        score, *starts = scores_at(point, weights, point.x, *baselines)
        expected = score - torch.stack(starts).mean(0)
        return Attribution(point.to_map(relevance), score, expected=expected, baseline=words)


def quadrature(rule: str, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions in [0, 1] and weights that sum to 1.

    >>> quadrature("trapezoid", 3)
    (array([0. , 0.5, 1. ]), array([0.25, 0.5 , 0.25]))
    """
    if rule in ("trapezoid", "quadratic"):
        positions = np.linspace(0.0, 1.0, steps) ** (2 if rule == "quadratic" else 1)
        widths = np.diff(positions, prepend=0.0, append=1.0)
        return positions, (widths[:-1] + widths[1:]) / 2
    nodes, shares = np.polynomial.legendre.leggauss(steps)
    return (nodes + 1) / 2, shares / 2


@dataclass(frozen=True, kw_only=True, config=settings)
class GradientSHAP(Method):
    """Gradients at random points between random baselines and the (noisy) clip: an estimate of SHAP values.

    With ``noise=0`` these are expected gradients (Erion et al. 2021). The relevance sums to the score less the mean
    score of the baselines only on average; the gap is reported.
    """

    name: ClassVar[str] = "gradient-shap"
    summary: ClassVar[str] = "gradients at random points between baselines and the noisy clip, times the distance"
    source: ClassVar[str] = "Lundberg & Lee 2017; Erion et al. 2021, expected gradients"

    draws: int = Field(64, ge=1, le=100_000, description="random points per clip")
    noise: float = Field(0.0, ge=0, description="standard deviation of noise on the clip, as a share of its range")
    baseline: Baseline = Field("silence", description="a baseline or a set of clips to draw from")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        x = point.x
        baselines, words = baseline_of(self.baseline, point, seed)
        chosen, positions, noises = self.draw(len(baselines), x.shape[1:], seed)
        flat = x.flatten(1)
        spread = (flat.amax(1) - flat.amin(1)).reshape(-1, *[1] * (x.ndim - 1)) * self.noise
        relevance = torch.zeros_like(x)
        at_once = max(ROWS // len(x), 1)
        for first in range(0, self.draws, at_once):
            part = slice(first, first + at_once)
            base = baselines[chosen[part]]
            noisy = x + spread * noises(part).to(x)[:, None] if self.noise else x.expand(len(base), *x.shape)
            alpha = positions[part].to(x).reshape(-1, *[1] * x.ndim)
            between = base + alpha * (noisy - base)
            gradient, _ = gradient_at(point, between.flatten(0, 1), weights.repeat(len(base), 1))
            relevance += (gradient.reshape(between.shape) * (noisy - base)).sum(0)
        score, *starts = scores_at(point, weights, x, *baselines)
        expected = score - torch.stack(starts).mean(0)
        return Attribution(point.to_map(relevance / self.draws), score, expected=expected, baseline=words)

    def draw(self, baselines: int, shape: torch.Size, seed: int):  # type: ignore[no-untyped-def]
        """Which baseline, which position and which noise each draw uses."""
        generator = torch.Generator().manual_seed(seed)
        chosen = torch.randint(0, baselines, (self.draws,), generator=generator)
        # One position in each of `draws` equal parts of the way: still unbiased, far less scatter.
        positions = torch.rand(self.draws, generator=generator, dtype=torch.float64)
        positions = (torch.arange(self.draws) + positions) / self.draws

        def noises(part: slice) -> Tensor:
            seeds = range(*part.indices(self.draws))
            draws = [torch.randn(shape, generator=torch.Generator().manual_seed(seed * 100003 + s)) for s in seeds]
            return torch.stack(draws)

        return chosen, positions, noises
