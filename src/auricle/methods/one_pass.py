"""One forward pass after which relevance flows back by derivatives, at the explained point and at every layer.

For methods whose relevance is a distance times one derivative: LRP, deep Taylor decomposition, input × gradient. What
they hand down is linear in what arrives (the activations are fixed), so relevance can be taken apart at a layer and
each part followed to the input: the parts sum to the whole.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from auricle.methods.base import Attribution, Method
from auricle.methods.derivatives import Derivatives
from auricle.methods.point import Point
from auricle.methods.propagation import Propagation

SKIPPED = "silence (whose own share is absorbed where features pass the first layer by)"


@dataclass(eq=False)
class OnePass:
    """A finished forward pass, whose graph is kept.

    x: what to differentiate by. distance: what the derivative is multiplied with, both in the shape of ``point.x``.
    value: the logits ``[B, C]``. seeds: weights over them. baseline: what absent means, in words. conserves: whether
    relevance and what biases absorb promise to sum to the score.
    """

    point: Point
    x: Tensor
    distance: Tensor
    value: Tensor
    seeds: Tensor
    modes: list[Derivatives]
    baseline: str
    conserves: bool

    @cached_property
    def score(self) -> Tensor:
        """The explained value, ``[B]``."""
        return (self.value * self.seeds).sum(1).detach()

    def keep(self) -> None:
        """Keep what several backward passes have in common."""
        for mode in self.modes:
            if isinstance(mode, Propagation):
                mode.keeps = True

    def forget(self) -> None:
        """Start booking anew what biases take up, before another backward pass through the graph."""
        for mode in self.modes:
            if isinstance(mode, Propagation):
                mode.forget()

    def attribution(self) -> Attribution:
        """The whole relevance, by one backward pass; the graph is given up."""
        (gradient,) = torch.autograd.grad(self.value, self.x, self.seeds)
        return self.of(gradient)

    def of(self, gradient: Tensor) -> Attribution:
        """The attribution of a derivative that has arrived at x, and of what biases took up until now."""
        unruled: Counter[str] = Counter()
        for mode in self.modes:
            unruled.update(mode.unruled)
        relevance = self.relevance(gradient)
        if not self.conserves:
            return Attribution(relevance, self.score, unruled=dict(unruled), baseline=self.baseline)
        ruled = [mode for mode in self.modes if isinstance(mode, Propagation)]
        taken = [each for mode in ruled if (each := mode.absorbed()) is not None]
        absorbed = torch.stack(taken).sum(0) if taken else torch.zeros_like(self.score)
        skipped = any(mode.reference_is_booked for mode in ruled)
        words = SKIPPED if skipped else self.baseline
        return Attribution(relevance, self.score, self.score, absorbed, dict(unruled), words)

    def relevance(self, gradient: Tensor) -> Tensor:
        """``[B, F, T]`` or ``[B, N]`` of a derivative in x's shape; of several ``[K, B, …]``, ``[B, K, …]``."""
        if gradient.ndim == self.x.ndim:
            return self.point.to_map(self.distance * gradient)
        several = self.point.to_map((self.distance * gradient).flatten(0, 1)).unflatten(0, gradient.shape[:2])
        return several.transpose(0, 1)


class OnePassMethod(Method):
    """A method whose relevance is a distance times one derivative, linear in what arrives."""

    @abstractmethod
    def one_pass(self, point: Point, weights: Tensor) -> OnePass:
        """The forward pass; LRP from silence wants its point at ``features``, or a network that hears samples."""
