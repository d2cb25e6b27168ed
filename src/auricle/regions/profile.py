"""Stretches of a profile that stand out."""

from __future__ import annotations

from typing import Literal

import numpy as np

Measure = Literal["amount", "count"]


def profile_of(amounts: np.ndarray, measure: Measure, *, axis: int) -> np.ndarray:
    """Positive relevance ``[F, T]`` summed over an axis: its amount, or the number of cells that have any."""
    return (amounts > 0.0).sum(axis=axis).astype(float) if measure == "count" else amounts.sum(axis=axis)


def stretches(profile: np.ndarray, share: float) -> list[slice]:
    """From the strongest bin outwards while bins hold ``share`` of it; then from the strongest bin left, and so on.

    Strongest first; every bin that holds the share is in one of them.

    >>> stretches(np.array([0.0, 4.0, 9.0, 6.0, 1.0, 5.0, 0.0]), 0.5)
    [slice(2, 4, None), slice(5, 6, None)]
    """
    limit = share * profile.max(initial=0.0)
    over = (profile > 0.0) & (profile >= limit)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], over, [False]]).astype(int)))
    found = [slice(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    return sorted(found, key=lambda each: -float(profile[each].max()))
