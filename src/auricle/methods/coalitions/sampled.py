"""What the sampling methods share: a seed of their own, a budget, and a word on how precise the weights are."""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError
from auricle.methods.base import Check
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.settings import settings

PRECISE = 0.2
"""A standard error above this share of the weights' range is a warning."""


@dataclass(frozen=True, kw_only=True, config=settings)
class SampledMethod(CoalitionMethod):
    """A method that asks about random coalitions."""

    seed: int | None = Field(None, ge=0, description="of the random draws; None: the seed of the call")

    def _seed(self, seed: int) -> int:
        return seed if self.seed is None else self.seed


def budget_of(budget: int | None, count: int) -> int:
    """How many coalitions may be asked about: what was given, or 64 for each component but at least 512.

    >>> budget_of(None, 6), budget_of(None, 20), budget_of(100, 20)
    (512, 1280, 100)
    """
    return max(512, 64 * count) if budget is None else budget


def pairs_of_orders(budget: int, count: int) -> int:
    """How many orders with their reverses a budget allows; each takes K - 1 coalitions beside the two ends.

    >>> pairs_of_orders(550, 12)
    24
    """
    pairs = (budget - 2) // (2 * (count - 1))
    if pairs < 1:
        raise AuricleError(
            f"a budget of {budget} is too small for {count} components: an order and its reverse take {2 * count}; "
            f"give {budget_of(None, count)}, or ask for fewer components"
        )
    return pairs


def precision(weights: Tensor, errors: Tensor | None, asked: int, remedy: str) -> Check:
    """The largest standard error of the target's weights ``[K, Q]`` beside their range, after ``asked`` coalitions."""
    if errors is None:
        text = f"One pair of orders tells nothing about how far its weights may be off; {remedy}."
        return Check("precision", "unknown", False, text)
    worst = float(errors[:, 0].max())
    span = float(weights[:, 0].amax() - weights[:, 0].amin())
    share = worst / span if span > 0 else 0.0 if worst < 1e-12 else float("inf")
    text = f"After {asked} coalitions the largest standard error is {100 * share:.2g} % of the range of the weights"
    if share > PRECISE:
        return Check("precision", share, False, f"{text}: the order of components is not settled; {remedy}.")
    return Check("precision", share, True, f"{text}.")


def exactness(asked: int) -> Check:
    """For weights that left nothing to chance."""
    text = f"All {asked} coalitions that matter were asked about: these weights are exact."
    return Check("precision", 0.0, True, text)
