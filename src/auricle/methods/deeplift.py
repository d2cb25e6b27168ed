"""DeepLIFT and DeepSHAP: differences from a reference, handed back through finite-difference multipliers.

They are exact for any network made of functions that ``difference_handlers`` knows, because each is broken down to
element-wise functions (Rescale) and products (split evenly between the two factors, which is their Shapley value):
relevance sums to score(clip) - score(reference).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.methods.base import Attribution, Method
from auricle.methods.baselines import Baseline, baseline_of
from auricle.methods.difference_handlers import HANDLERS
from auricle.methods.differences import Differences, OtherPath, Record, Variant
from auricle.methods.point import Point
from auricle.settings import settings


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
        except OtherPath:  # one reference does not serve all clips where a network folds time into the batch
            if len(one) == len(point.x):
                raise
    raise AssertionError("unreachable")


def _two_passes(
    point: Point, weights: Tensor, variant: Variant, reference: Tensor
) -> tuple[Tensor, Tensor, Tensor, dict[str, int]]:
    network = point.classifier.network
    records: list[Record] = []
    value = reference.detach().clone().requires_grad_()
    for stage in point.stages:
        with Differences(HANDLERS, network, variant, None) as mode:
            value = stage(value)
        records.append(mode.record)
    score0 = (value.detach() * weights).sum(1)
    x = point.x.detach().requires_grad_()
    value = x
    unruled: dict[str, int] = {}
    for stage, record in zip(point.stages, records, strict=True):
        with Differences(HANDLERS, network, variant, record) as mode:
            value = stage(value)
        mode.finish()
        unruled |= dict(mode.unruled)
    (gradient,) = torch.autograd.grad(value, x, weights)
    score = (value * weights).sum(1).detach()
    return (x.detach() - reference) * gradient, score, score0, unruled
