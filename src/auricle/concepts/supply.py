"""Activations and contexts of a layer, from any method that differentiates the network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.concepts.tap import context_of, tapped
from auricle.concepts.two_step import passes_by
from auricle.errors import AuricleError
from auricle.methods import Method
from auricle.methods.activations import LayerMethod
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.methods.one_pass import OnePassMethod
from auricle.methods.point import Point

FAINT = 1e-7
"""Where |a| is less than this share of the largest, R = a ⊙ c does not tell what c is."""


@dataclass(frozen=True, eq=False)
class Supplied:
    """A layer's vectors for a batch: activation and context ``[B, L, d]``, on ``positions``; R = a ⊙ c."""

    activation: Tensor
    context: Tensor
    positions: tuple[int, ...]

    @property
    def relevance(self) -> Tensor:
        """Of every position, ``[B, L]``."""
        return (self.activation * self.context).sum(-1)


def supply(classifier: Classifier, samples: Tensor, weights: Tensor, *, layer: str, method: Method) -> Supplied:
    """a and c at a layer, for a batch of equally long clips ``[B, n]`` and weights over the logits ``[B, C]``.

    c is the gradient form of relevance, which is there also where a = 0: of LRP, deep Taylor and input × gradient the
    derivative itself. Any other method explains the network above the layer, and c = R / a; where a is 0 it is 0.
    """
    method.check(classifier)
    samples = samples.to(classifier.device, classifier.dtype)
    weights = weights.to(samples)
    with torch.inference_mode(False), torch.enable_grad(), classifier.inference():
        point = Point(classifier, samples, "features")
        if isinstance(method, OnePassMethod):
            with tapped(classifier.network, layer) as tap:
                run = method.one_pass(point, weights)
            return Supplied(tap.activation, tap.vectors(context_of(tap, run.value, run.seeds)), tap.positions)
        return _by_division(point, weights, layer, method)


class LayerPoint(Point):
    """A layer's activation as the explained point: its rows go on through the network above the layer."""

    def __init__(self, point: Point, layer: str, method: str) -> None:
        self.layer, self.features = layer, point.x
        self.classifier, self.level = point.classifier, point.level
        self.length, self.samples = point.length, point.samples
        x = point.x.detach().requires_grad_()
        with tapped(self.classifier.network, layer, change=torch.clone) as tap:  # what follows may work in place
            value = self.classifier.logits_from_features(x)
        tap.check_clips(len(x))
        if passes_by(value, tap.said, x):
            raise AuricleError(
                f'some of the network goes around the layer "{layer}", so it alone cannot be explained with {method}; '
                "use lrp, or a layer that everything passes"
            )
        self.tap = tap
        self.x = tap.said.detach()
        self.stages = [self._above]

    def _above(self, a: Tensor) -> Tensor:
        inputs = self.features[:1].expand(len(a), *self.features.shape[1:])
        vectors = self.tap.vectors(a).clone()
        with tapped(self.classifier.network, self.layer, change=lambda _: vectors):
            return self.classifier.logits_from_features(inputs)

    def of(self, samples: Tensor) -> Tensor:
        with torch.no_grad(), tapped(self.classifier.network, self.layer, change=torch.clone) as tap:
            self.classifier.logits_from_features(self.classifier.frontend(samples))
        return tap.said.detach()

    def to_map(self, relevance: Tensor) -> Tensor:
        return relevance


def _by_division(point: Point, weights: Tensor, layer: str, method: Method) -> Supplied:
    if isinstance(method, CoalitionMethod | LayerMethod):
        raise AuricleError(
            f"{method.name} gives no relevance to a layer's channels; use lrp, deep-taylor, input-x-gradient, "
            "ig or another method that differentiates the network"
        )
    above = LayerPoint(point, layer, method.name)
    relevance = above.tap.vectors(method._explain(above, weights, 0).relevance.detach())
    activation = above.tap.vectors(above.x)
    faint = activation.abs() <= FAINT * activation.abs().amax()
    context = torch.where(faint, 0.0, relevance / torch.where(faint, 1.0, activation))
    return Supplied(activation, context, above.tap.positions)
