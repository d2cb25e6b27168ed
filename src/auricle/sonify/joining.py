"""Only the regions: the moments of a sound that have one, end to end, with the silence between them cut short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from auricle.sonify.boxes import slices_of

if TYPE_CHECKING:
    from auricle.regions.base import Regions

FADE_SECONDS = 0.01
"""Raised-cosine edges before and after each moment; moments whose edges meet are one."""
GAP_SECONDS = 0.05
"""Silence between two moments."""


def spans_of(regions: Regions, *, seconds: float) -> list[tuple[float, float]]:
    """When there is something relevant: disjoint (start, end) within the clip, in order.

    The union of the boxes' times; of a mask without boxes, the columns that reach half its largest value.
    """
    if regions.boxes:
        filled = [(each.start, each.end) for each in slices_of(list(regions.boxes), seconds=seconds) if each.bands]
    else:
        loudest = regions.mask.max(axis=0, initial=0.0)
        edges = np.clip(regions.axes.seconds, 0.0, seconds)
        chosen = (loudest > 0.0) & (loudest >= 0.5 * loudest.max(initial=0.0)) & (np.diff(edges) > 0.0)
        filled = [(float(edges[at]), float(edges[at + 1])) for at in np.flatnonzero(chosen)]
    return _merged(filled)


def joined(samples: np.ndarray, spans: Sequence[tuple[float, float]], sample_rate: int) -> np.ndarray:
    """``[channels, n] -> [channels, m]``: the ``spans`` of a sound in order, 50 ms of silence between them.

    Each begins and ends with a fade of 10 ms outside its span, so that all of the span is heard at its level; without
    spans nothing is left.

    >>> joined(np.ones((1, 1000)), [(0.1, 0.2), (0.5, 0.6)], sample_rate=1000).shape
    (1, 290)
    """
    n = samples.shape[-1]
    faded = _merged([(start - FADE_SECONDS, end + FADE_SECONDS) for start, end in spans])
    gap = np.zeros((samples.shape[0], round(GAP_SECONDS * sample_rate)), samples.dtype)
    pieces: list[np.ndarray] = []
    for start, end in faded:
        first, last = max(round(start * sample_rate), 0), min(round(end * sample_rate), n)
        if last <= first:
            continue
        pieces += [gap] if pieces else []
        pieces.append(samples[:, first:last] * _edges(first, last, start, end, sample_rate))
    return np.concatenate(pieces, axis=1) if pieces else samples[:, :0]


def _edges(first: int, last: int, start: float, end: float, sample_rate: int) -> np.ndarray:
    """A gate over samples ``first`` to ``last``, rising from ``start`` and falling to ``end``."""
    at = (np.arange(first, last) + 0.5) / sample_rate
    inside = np.minimum(at - start, end - at) / FADE_SECONDS
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(inside, 0.0, 1.0))


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
