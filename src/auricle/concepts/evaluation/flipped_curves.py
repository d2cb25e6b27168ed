"""Curves of patch flipping, one a clip, and the areas under them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from auricle.concepts.evaluation.intervals import interval
from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval


@dataclass(frozen=True, eq=False)
class FlippedCurves:
    """What the classifier says to B clips while their patches go.

    fractions: ``[S + 1]`` from 0 to 1, the share of its patches that each concept has flipped. values: ``[B, S + 1]``,
    the score f. gone: ``[B, S + 1]``, the share of patches that are gone, whichever concept took them.
    """

    fractions: np.ndarray
    values: np.ndarray
    gone: np.ndarray

    def aupc(self, *, normalised: bool = False, legacy: bool = False) -> np.ndarray:
        """Area under each clip's curve, ``[B]``; see `aupc`."""
        return aupc(self.values, self.fractions, normalised=normalised, legacy=legacy)

    def mean(
        self, groups: Sequence[Hashable] | None = None, *, normalised: bool = False, legacy: bool = False, seed: int = 0
    ) -> Interval:
        """The mean area with its bootstrap interval over clips, or over their groups."""
        return interval(self.aupc(normalised=normalised, legacy=legacy), groups, seed=seed)

    def mean_curve(self, groups: Sequence[Hashable] | None = None, *, seed: int = 0) -> list[Interval]:
        """The mean score after each step with its interval, S + 1 of them."""
        return [interval(column, groups, seed=seed) for column in self.values.T]


def aupc(
    values: ArrayLike, fractions: ArrayLike, *, normalised: bool = False, legacy: bool = False
) -> np.ndarray:
    """Area under patch-flipping curves ``values [B, S + 1]`` over ``fractions [S + 1]``, ``[B]``; lower is better.

    Σ_t (x_t - x_{t-1}) (f_{t-1} + f_t) / 2 (Samek et al. 2017, with a true trapezoid). ``normalised``: of f / f_0, so
    that clips compare; NaN where f_0 is not above 0. ``legacy``: DRSA-audio's Σ_t x_t (f_{t-1} - f_t) / 2 with scores
    below 0 taken as 0, which is half of what the area of left rectangles exceeds f_T by.

    >>> aupc([[4.0, 2.0, 0.0]], [0.0, 0.5, 1.0]), aupc([[4.0, 2.0, 0.0]], [0.0, 0.5, 1.0], legacy=True)
    (array([2.]), array([1.5]))
    """
    heights, at = np.asarray(values, dtype=np.float64), np.asarray(fractions, dtype=np.float64)
    if heights.ndim != 2 or heights.shape[1:] != at.shape:
        raise AuricleError(f"curves of shape {heights.shape} do not fit {at.size} fractions; give one curve a row")
    if legacy:
        heights = np.maximum(heights, 0.0)
    if normalised:
        heights = heights / np.where(heights[:, :1] > 0, heights[:, :1], np.nan)
    if legacy:
        return -np.diff(heights) @ at[1:] / 2
    return (heights[:, 1:] + heights[:, :-1]) @ np.diff(at) / 2
