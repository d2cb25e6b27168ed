"""What is drawn, as numbers: the clip's waveform and spectrogram and the relevance, within the clip's extent.

Conventions: rows run from low to high frequency, columns are seconds of the clip, bins are given by edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from auricle.axes import Axes

if TYPE_CHECKING:
    from auricle.explanation import Explanation

FLOOR_DB = -80.0
"""The quietest level that is drawn, relative to the clip's loudest bin."""
MOST_COLUMNS, MOST_ROWS, MOST_STRIPES, MOST_BANDS = 1600, 512, 2400, 240
"""Finer grids than these are averaged before they are drawn: no screen shows more."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Waveform stripes ``[W]`` (lowest and highest sample), levels in dB and signed relevance ``[F, T]``.

    ``wave_relevance`` is there when relevance lies on the samples themselves: its sum in equal bands of
    time, as shares of the strongest. ``scale`` maps hertz to height (0 to 1) as the front-end spaces its
    bins; it is None when they are evenly spaced.
    """

    seconds: float
    nyquist: float
    lowest: np.ndarray
    highest: np.ndarray
    wave_relevance: np.ndarray | None
    decibels: np.ndarray
    decibel_axes: Axes
    relevance: np.ndarray
    axes: Axes
    scale: tuple[np.ndarray, np.ndarray] | None

    @property
    def strongest(self) -> float:
        """The largest absolute relevance of any cell that is shown; 1 when all are zero."""
        return float(np.abs(self.relevance).max(initial=0.0)) or 1.0

    def over_time(self) -> tuple[np.ndarray, np.ndarray]:
        """Positive and negative relevance summed over frequency, ``[T]`` each."""
        return np.maximum(self.relevance, 0).sum(0), np.minimum(self.relevance, 0).sum(0)

    def over_frequency(self) -> tuple[np.ndarray, np.ndarray]:
        """Positive and negative relevance summed over time, ``[F]`` each."""
        return np.maximum(self.relevance, 0).sum(1), np.minimum(self.relevance, 0).sum(1)


def picture(explanation: Explanation) -> Picture:
    """Everything that a plot or a page draws of one explanation; what is not finite is drawn as 0."""
    classifier, clip = explanation.classifier, explanation.clip
    samples = clip.mono(classifier.sample_rate)
    values, axes = explanation.map()
    relevance, axes = within(np.nan_to_num(values, posinf=0.0, neginf=0.0), axes, clip.seconds)
    lowest, highest = stripes(samples)
    decibels, decibel_axes = _levels(explanation, samples)
    return Picture(
        seconds=clip.seconds,
        nyquist=classifier.sample_rate / 2,
        lowest=lowest,
        highest=highest,
        wave_relevance=_on_bands(explanation),
        decibels=decibels,
        decibel_axes=decibel_axes,
        relevance=relevance,
        axes=axes,
        scale=_scale(explanation, axes, len(samples)),
    )


def _scale(explanation: Explanation, axes: Axes, length: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The spacing of the front-end, also where relevance lies on another grid than its features."""
    nyquist = explanation.classifier.sample_rate / 2
    features = explanation.classifier.frontend.axes(length)
    own = spacing(axes, nyquist)
    return own if own is not None or features.hertz is None else spacing(features, nyquist)


def within(values: np.ndarray, axes: Axes, seconds: float) -> tuple[np.ndarray, Axes]:
    """The columns that lie in the clip (padding is left out), thinned to what a screen can show."""
    inside = np.flatnonzero((axes.seconds[:-1] < seconds) & (axes.seconds[1:] > 0))
    if len(inside) == 0:
        inside = np.array([0])
    columns = slice(inside[0], inside[-1] + 1)
    edges = np.clip(axes.seconds[inside[0] : inside[-1] + 2], 0.0, seconds)
    values, edges = _thinned(values[:, columns], edges, MOST_COLUMNS, axis=1)
    assert axes.hertz is not None
    values, hertz = _thinned(values, axes.hertz, MOST_ROWS, axis=0)
    return values, Axes(seconds=edges, hertz=hertz)


def stripes(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample in each of at most ``MOST_STRIPES`` equal stretches of the clip.

    Neighbours are drawn out until they touch, so that the line of the waveform is nowhere broken.
    """
    bounds = _bounds(len(samples), MOST_STRIPES)
    low, high = np.minimum.reduceat(samples, bounds), np.maximum.reduceat(samples, bounds)
    return (
        np.r_[low[:1], np.minimum(low[1:], high[:-1])],
        np.r_[high[:1], np.maximum(high[1:], low[:-1])],
    )


def spacing(axes: Axes, nyquist: float) -> tuple[np.ndarray, np.ndarray] | None:
    """Hertz and height (0 to 1) of the bin edges, each bin equally high; None when they are evenly spaced.

    >>> spacing(Axes(np.array([0.0, 1.0]), np.array([0.0, 1.0, 3.0, 4.0])), 4.0) is None
    True
    """
    assert axes.hertz is not None
    edges = np.asarray(axes.hertz, float)
    widths = np.diff(edges)
    inner = widths[1:-1]  # the outermost bins of a Fourier transform are half as wide
    if len(widths) < 3 or max(inner.max(), widths[0], widths[-1]) <= 1.05 * inner.min():
        return None
    height = np.arange(len(edges), dtype=float)
    if edges[0] > 0:
        edges, height = np.r_[0.0, edges], np.r_[-edges[0] / widths[0], height]
    if edges[-1] < nyquist:
        height = np.r_[height, height[-1] + (nyquist - edges[-1]) / widths[-1]]
        edges = np.r_[edges, nyquist]
    return edges, (height - height[0]) / (height[-1] - height[0])


def _levels(explanation: Explanation, samples: np.ndarray) -> tuple[np.ndarray, Axes]:
    import torch

    frontend = explanation.classifier.frontend
    grid = frontend.grid
    with torch.inference_mode():
        power = grid(torch.tensor(samples, dtype=torch.float32)).abs().square().numpy()
    power, axes = within(power, grid.axes(len(samples), frontend.sample_rate), explanation.clip.seconds)
    loudest = float(power.max(initial=0.0)) or 1.0
    return 10 * np.log10(np.maximum(power / loudest, 10 ** (FLOOR_DB / 10))), axes


def _on_bands(explanation: Explanation) -> np.ndarray | None:
    if explanation.axes.hertz is not None:
        return None
    seconds = explanation.clip.seconds
    values, edges = np.nan_to_num(explanation.relevance, posinf=0.0, neginf=0.0), explanation.axes.seconds
    count = min(MOST_BANDS, len(values))
    inside = (edges[:-1] < seconds) & (edges[1:] > 0)
    centres = (edges[:-1] + edges[1:])[inside] / 2
    place = np.clip((centres / seconds * count).astype(int), 0, count - 1)
    totals = np.bincount(place, weights=values[inside], minlength=count)
    return totals / (np.abs(totals).max() or 1.0)


def _thinned(values: np.ndarray, edges: np.ndarray, most: int, axis: Literal[0, 1]) -> tuple[np.ndarray, np.ndarray]:
    """Averages of neighbouring bins, so that there are at most ``most``."""
    count = values.shape[axis]
    if count <= most:
        return values, edges
    bounds = _bounds(count, most)
    shape = [1, 1]
    shape[axis] = -1
    sizes = np.diff(np.r_[bounds, count]).reshape(shape)
    return np.add.reduceat(values, bounds, axis=axis) / sizes, edges[np.r_[bounds, count]]


def _bounds(count: int, most: int) -> np.ndarray:
    """Where each of at most ``most`` nearly equal groups begins."""
    groups = min(count, most)
    return np.arange(groups) * count // groups
