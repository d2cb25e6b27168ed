"""Small pictures of maps, as they stand in a grid: rows as the front-end spaces them, low frequencies at the bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.report.colours import LOUD, QUIET, shade
from auricle.report.picture import within

ROWS, COLUMNS = 72, 108
"""A tile has at most so many cells; finer maps are averaged, because a tile has no more pixels."""


@dataclass(frozen=True, eq=False)
class Tile:
    """What one place of a grid shows of a clip or a class, on ``axes``.

    relevance ``[F, T]``: signed shares of its strongest cell. level ``[F, T]``: of the sound, 0 (80 dB below the
    loudest) to 1. share ``[F, T]``: of clips, 0 to 1. over_time ``[T]``, over_frequency ``[F]``: a curve, drawn as a
    share of its largest amount. boxes: low, high, start, end.
    """

    axes: Axes
    relevance: np.ndarray | None = None
    level: np.ndarray | None = None
    share: np.ndarray | None = None
    over_time: np.ndarray | None = None
    over_frequency: np.ndarray | None = None
    boxes: tuple[Mapping[str, float], ...] = ()

    def pixels(self, height: int, width: int) -> np.ndarray:
        """Colours ``[height, width, 3]``, 0 to 1, the lowest frequency in the last row."""
        image = np.ones((height, width, 3))
        if self.level is not None:
            level = _stretched(self.level, height, width)[..., None]
            image = (1 - level) * rgb(QUIET) + level * rgb(LOUD)
        laid = self.relevance if self.share is None else self.share
        if laid is not None:
            colours = shade(_stretched(laid, height, width))
            opacity = colours[..., 3:]
            image = (1 - opacity) * image + opacity * colours[..., :3]
        return np.rint(image[::-1] * 63) / 63  # finer steps cannot be seen, and make files twice as large

    def height_of(self, hertz: float) -> float:
        """Where a frequency is, 0 at the bottom to 1."""
        assert self.axes.hertz is not None
        return float(np.interp(hertz, self.axes.hertz, np.linspace(0, 1, len(self.axes.hertz))))

    def place_of(self, seconds: float) -> float:
        """Where a moment is, 0 at the left to 1."""
        first, last = self.axes.seconds[[0, -1]]
        return float(np.clip((seconds - first) / max(last - first, 1e-9), 0.0, 1.0))


def relevance_tile(
    relevance: np.ndarray, axes: Axes, seconds: float, *, boxes: Sequence[Mapping[str, Any]] = (), peak: bool = True
) -> Tile:
    """Relevance ``[F, T]`` of a clip, without its padding; with ``peak`` as shares of its strongest cell."""
    values, axes = small(relevance, axes, seconds)
    strongest = float(np.abs(values).max(initial=0.0)) if peak else 1.0
    shares = values / strongest if strongest > 0 else values
    return Tile(axes, relevance=shares.astype(np.float32), boxes=tuple(boxes))


def small(values: np.ndarray, axes: Axes, seconds: float) -> tuple[np.ndarray, Axes]:
    """The columns within the clip, averaged to at most ``ROWS`` and ``COLUMNS``."""
    values, axes = within(np.nan_to_num(values), axes, seconds)
    assert axes.hertz is not None
    rows, columns = _bounds(values.shape[0], ROWS), _bounds(values.shape[1], COLUMNS)
    summed = np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=0), columns[:-1], axis=1)
    values = summed / np.diff(rows)[:, None] / np.diff(columns)[None]
    return values, Axes(axes.seconds[columns], axes.hertz[rows])


def _bounds(count: int, most: int) -> np.ndarray:
    groups = min(count, most)
    return np.arange(groups + 1) * count // groups


def _stretched(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Each pixel takes the cell that it lies in."""
    rows = np.arange(height) * values.shape[0] // height
    columns = np.arange(width) * values.shape[1] // width
    return values[np.ix_(rows, columns)]


def rgb(text: str) -> np.ndarray:
    """A colour ``#rrggbb`` as three numbers, 0 to 1.

    >>> rgb("#ff0033").round(1).tolist()
    [1.0, 0.0, 0.2]
    """
    return np.array([int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)])
