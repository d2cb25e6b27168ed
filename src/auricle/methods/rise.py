"""RISE: how much higher the score is, on average, when a component is heard."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.errors import AuricleError
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.method import Weighed
from auricle.methods.coalitions.sampled import SampledMethod, exactness, precision
from auricle.methods.coalitions.samplers import bernoulli, everything
from auricle.settings import settings

MOST = 20
"""Above so many components, all coalitions are never asked about."""


@dataclass(frozen=True, kw_only=True, config=settings)
class Rise(SampledMethod):
    """The mean score of random mixtures in which a component is heard, less the mean score of all of them.

    w_k = E[v(z) | z_k = 1] - E[v(z)], where each component is heard with probability ``keep``. The paper's map is the
    first mean alone; the second is the same for all components, and without it a component that does nothing gets 0.
    Masks are the components' own, not the paper's smooth random grids. With enough samples for all coalitions, these
    are taken instead and the means are exact. The weights do not add up to the score.
    """

    name: ClassVar[str] = "rise"
    summary: ClassVar[str] = "how much higher the score is, on average over random mixtures, with a component heard"
    source: ClassVar[str] = "Petsiuk, Das & Saenko 2018, RISE"

    samples: int = Field(2000, ge=4, le=10_000_000, description="random mixtures")
    keep: float = Field(0.5, gt=0, lt=1, description="probability that a component is heard")

    def _weigh(self, game: Game, seed: int) -> Weighed:
        count = game.count
        if count <= MOST and 2**count <= self.samples:
            heard = everything(count)
            sizes = heard.sum(1)
            chance = self.keep ** sizes.double() * (1 - self.keep) ** (count - sizes).double()
            values = game(heard)
            share = heard.double() * chance[:, None] / self.keep
            weights = share.T @ values - chance @ values
            return Weighed(weights, torch.zeros_like(weights), additive=False, checks=[exactness(2**count)])
        heard = bernoulli(self.samples, count, self._seed(seed), self.keep)
        counts = heard.sum(0)
        if bool((torch.minimum(counts, self.samples - counts) < 2).any()):
            raise AuricleError(
                f"{self.samples} samples with keep={self.keep} leave a component nearly always or never heard; raise "
                f"samples to {10 * self.samples}, or set keep nearer to 0.5"
            )
        values = game(heard)
        present, absent = heard.double(), (~heard).double()
        centred = values - values.mean(0)  # no digits are lost to a score far from 0
        with_, without = present.T @ centred / counts[:, None], absent.T @ centred / (self.samples - counts)[:, None]
        weights = with_
        errors = (1 - self.keep) * (
            _variance(present, centred, with_) + _variance(absent, centred, without)
        ).sqrt()
        remedy = f"raise samples to {4 * self.samples} or ask for fewer components"
        return Weighed(weights, errors, additive=False, checks=[precision(weights, errors, self.samples, remedy)])


def _variance(chosen: torch.Tensor, values: torch.Tensor, means: torch.Tensor) -> torch.Tensor:
    """Squared standard error ``[K, Q]`` of the mean over the rows that each column of ``chosen [n, K]`` names."""
    counts = chosen.sum(0)[:, None]
    squares = chosen.T @ values.square() / counts - means.square()
    return squares.clamp_min(0.0) / (counts - 1)
