"""Deletion and insertion: the sound taken away, or built up, from its most relevant cells on.

Conventions: ``rank [F, T]`` gives each cell its place, 0 the most relevant; a curve has ``steps + 1`` points at the
fractions 0, 1/steps, …, 1 of the cells; deletion starts at the whole sound, insertion at silence (Petsiuk et al. 2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError


@dataclass(frozen=True, eq=False)
class Curve:
    """Probability of the class at each fraction of the sound removed (deletion) or present (insertion)."""

    fractions: np.ndarray
    values: np.ndarray

    @property
    def auc(self) -> float:
        return area_under(self.values, self.fractions)

    def to_dict(self) -> dict[str, Any]:
        return {"fractions": self.fractions.tolist(), "values": self.values.tolist(), "auc": self.auc}


def area_under(values: ArrayLike, fractions: ArrayLike) -> float:
    """Trapezoid area, divided by the span of ``fractions``: the mean height of the curve.

    >>> area_under([1.0, 0.5, 0.0], [0.0, 0.5, 1.0])
    0.5
    """
    heights, at = np.asarray(values, dtype=np.float64), np.asarray(fractions, dtype=np.float64)
    return float((np.diff(at) * (heights[1:] + heights[:-1]) / 2.0).sum() / (at[-1] - at[0]))


def ranks(relevance: ArrayLike, *, seed: int = 0) -> np.ndarray:
    """Place of every cell, 0 for the most relevant; cells that are equal are put in a random order.

    >>> ranks([[0.1, 0.7], [0.5, 0.3]])
    array([[3, 0],
           [1, 2]])
    """
    values = np.asarray(relevance)
    # Any fixed order of equal cells, such as low frequencies first, would itself be an explanation.
    lots = np.random.default_rng(seed).random(values.size)
    order = np.lexsort((lots, -values.ravel()))
    places = np.empty(values.size, dtype=np.int64)
    places[order] = np.arange(values.size)
    return places.reshape(values.shape)


def fractions_of(steps: int) -> np.ndarray:
    """``steps + 1`` fractions from 0 to 1."""
    if steps < 1:
        raise AuricleError(f"a curve of {steps} steps cannot be drawn; give at least 1")
    return np.linspace(0.0, 1.0, steps + 1)


def deletion_masks(rank: np.ndarray, steps: int) -> Iterator[np.ndarray]:
    """Masks 0/1 ``[F, T]``, one per point: the most relevant cells gone."""
    for fraction in fractions_of(steps):
        yield (rank >= round(fraction * rank.size)).astype(np.float64)


def insertion_masks(rank: np.ndarray, steps: int) -> Iterator[np.ndarray]:
    """Masks 0/1 ``[F, T]``, one per point: the most relevant cells alone."""
    for fraction in fractions_of(steps):
        yield (rank < round(fraction * rank.size)).astype(np.float64)
