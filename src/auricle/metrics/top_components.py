"""Do the top components alone carry the decision? As audioLIME was evaluated (Haunschmid, Manilow and Widmer 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from auricle.errors import AuricleError
from auricle.metrics.parts import Parts

if TYPE_CHECKING:
    from auricle.explanation import Explanation

SIZES = (1, 3, 5, 7, 9, 11)
DRAWS = 32


@dataclass(frozen=True)
class TopComponents:
    """For each size k: is the top tag that of the whole sound with only the top k components, and with k random ones?

    ``random`` is the share among the draws; None where fewer than k other positive components are left to draw from.
    """

    sizes: tuple[int, ...]
    same: tuple[bool, ...]
    random: tuple[float | None, ...]

    def means(self) -> tuple[float, float] | None:
        """Means of ``same`` and of ``random`` over the sizes that have both; None if there is none."""
        pairs = zip(self.same, self.random, strict=True)
        both = [(same, by_chance) for same, by_chance in pairs if by_chance is not None]
        if not both:
            return None
        same, random = np.mean(both, axis=0)
        return float(same), float(random)


def top_components(
    explanation: Explanation, *, sizes: tuple[int, ...] = SIZES, draws: int = DRAWS, seed: int = 0
) -> TopComponents:
    """Same top tag with only the top k positive components, against k drawn from the remaining positive ones.

    Sizes beyond the number of positive components are left out. Where there are no more ways to draw than ``draws``,
    all of them are heard.
    """
    if draws < 1 or min(sizes, default=0) < 1:
        raise AuricleError(f"sizes {sizes} and {draws} draws leave nothing to hear; give at least 1 of each")
    parts = Parts.of(explanation)
    positive = parts.positive(seed=seed)
    asked = tuple(k for k in sizes if k <= len(positive))
    generator = np.random.default_rng(seed)
    groups = {k: [positive[:k], *random_groups(positive[k:], k, draws, generator)] for k in asked}
    rows = [parts.only(*group) for group in groups.values()]
    if not rows:
        return TopComponents((), (), ())
    heard = parts.probabilities(np.concatenate(rows))
    same = heard.argmax(1) == parts.whole().argmax()
    each = np.split(same, np.cumsum([len(group) for group in groups.values()])[:-1])
    return TopComponents(
        asked,
        tuple(bool(one[0]) for one in each),
        tuple(float(one[1:].mean()) if len(one) > 1 else None for one in each),
    )


def random_groups(items: np.ndarray, size: int, draws: int, generator: np.random.Generator) -> list[np.ndarray]:
    """``draws`` random groups of ``size`` items, or all groups if there are no more than that.

    >>> len(random_groups(np.arange(4), 2, 32, np.random.default_rng(0)))
    6
    """
    from itertools import combinations

    if len(items) < size:
        return []
    if comb(len(items), size) <= draws:
        return [np.array(group, dtype=np.int64) for group in combinations(items.tolist(), size)]
    return [generator.permutation(items)[:size] for _ in range(draws)]
