"""Regions as counts: how many boxes cover each cell of a map, and which cells lie within the clip."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.regions.base import Regions
from auricle.sonify.boxes import Box


def cells_of(boxes: tuple[Box, ...], axes: Axes) -> np.ndarray:
    """Where boxes lie on ``axes``: ``[B, 4]`` (int32) first row, row after the last, first column, column after.

    A cell belongs to a box if its centre does, as in `auricle.regions.drawn`.

    >>> axes = Axes(seconds=np.array([0.0, 0.5, 1.0]), hertz=np.array([0.0, 100.0, 200.0, 400.0]))
    >>> cells_of((Box(100, 400, 0.0, 0.5),), axes)
    array([[1, 3, 0, 1]], dtype=int32)
    """
    hertz, seconds = axes.hertz_centres, axes.seconds_centres
    if not boxes:
        return np.zeros((0, 4), np.int32)
    low, high, start, end = np.array([(box.low, box.high, box.start, box.end) for box in boxes]).T
    rows = np.searchsorted(hertz, low), np.searchsorted(hertz, high, side="right")
    columns = np.searchsorted(seconds, start), np.searchsorted(seconds, end, side="right")
    return np.stack([*rows, *columns], axis=1).astype(np.int32)


def laid(cells: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """How many of the boxes ``cells [B, 4]`` cover each cell: ``[F, T]`` float32, overlaps add.

    >>> laid(np.array([[0, 1, 0, 2], [0, 2, 1, 2]]), (2, 2))
    array([[1., 2.],
           [0., 1.]], dtype=float32)
    """
    counts = np.zeros(shape, np.float32)
    for low, high, start, end in cells:
        counts[low:high, start:end] += 1.0
    return counts


def counted(regions: Regions) -> np.ndarray:
    """How many regions cover each cell: ``[F, T]`` float32; of regions without boxes, the mask itself."""
    if not regions.boxes:
        return np.asarray(regions.mask, np.float32)
    return laid(cells_of(regions.boxes, regions.axes), regions.axes.shape)


def columns_within(axes: Axes, seconds: float | None) -> slice:
    """The columns whose centres lie within the clip (all if its length is unknown); the rest are padding."""
    if seconds is None:
        return slice(0, axes.shape[-1])
    centres = axes.seconds_centres
    return slice(int(np.searchsorted(centres, 0.0)), int(np.searchsorted(centres, seconds, side="right")))
