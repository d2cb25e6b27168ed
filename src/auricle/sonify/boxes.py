"""Boxes in hertz and seconds around the connected parts of a mask."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

import numpy as np

from auricle.axes import Axes


@dataclass(frozen=True)
class Box:
    """A rectangle of sound: from ``low`` to ``high`` hertz and from ``start`` to ``end`` seconds."""

    low: float
    high: float
    start: float
    end: float

    def to_dict(self) -> dict[str, float]:
        return {name: round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Slice:
    """A span of time in which the same bands are kept; bands are disjoint, lowest first."""

    start: float
    end: float
    bands: tuple[tuple[float, float], ...]


def boxes_of(regions: np.ndarray, axes: Axes, *, seconds: float) -> list[Box]:
    """Bounding boxes of the connected parts (also by their corners) of a 0/1 mask ``[F, T]``, within the clip."""
    from scipy.ndimage import find_objects, label

    assert axes.hertz is not None
    parts, _ = label(regions > 0, structure=np.ones((3, 3), int))
    boxes = []
    for rows, columns in find_objects(parts):
        start = max(float(axes.seconds[columns.start]), 0.0)
        end = min(float(axes.seconds[columns.stop]), seconds)
        if end > start:
            boxes.append(Box(float(axes.hertz[rows.start]), float(axes.hertz[rows.stop]), start, end))
    return boxes


def slices_of(boxes: list[Box], *, seconds: float) -> list[Slice]:
    """The clip cut at every start and end of a box, with the union of the bands present: overlaps count once.

    >>> slices_of([Box(0, 100, 0, 2), Box(50, 200, 1, 2)], seconds=2.0)[1]
    Slice(start=1.0, end=2.0, bands=((0, 200),))
    """
    cuts = sorted({0.0, seconds, *(b.start for b in boxes), *(b.end for b in boxes)})
    cuts = [float(cut) for cut in cuts if 0.0 <= cut <= seconds]
    slices: list[Slice] = []
    for start, end in pairwise(cuts):
        bands = _union([(b.low, b.high) for b in boxes if b.start <= start and b.end >= end])
        if slices and slices[-1].bands == bands:
            slices[-1] = Slice(slices[-1].start, end, bands)
        else:
            slices.append(Slice(start, end, bands))
    return slices


def area_of(slices: list[Slice], *, seconds: float, top: float) -> float:
    """Share of the plane from 0 to ``top`` hertz that the slices keep."""
    kept = sum((s.end - s.start) * sum(min(h, top) - min(low, top) for low, h in s.bands) for s in slices)
    return kept / (seconds * top)


def _union(bands: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    merged: list[tuple[float, float]] = []
    for low, high in sorted(bands):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)
