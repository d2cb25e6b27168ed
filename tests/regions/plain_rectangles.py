"""Rectangles as one would first write them: scikit-learn and SciPy, every setting from the start.

Slow, and easily read. The oracle of the tests, and what the benchmark compares with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, binary_fill_holes, find_objects, label
from sklearn.cluster import HDBSCAN

from auricle.axes import Axes
from auricle.regions.lattice import Units, lattice_of

GRID = {
    "percentile": [98, 95, 90, 80, 70],
    "min_cluster_size": [15, 20, 30, 40, 50, 60, 70],
    "min_samples": [5, 10, 15, 20, 25, 30],
}
"""AudibleXAI's grid: 185 valid points."""


@dataclass
class Found:
    """Boxes (low, high, start, end), and what led to them."""

    boxes: list[tuple[float, float, float, float]]
    clusters: int
    retries: int = 0
    widest: bool = False


def labels_of(points: np.ndarray, min_cluster_size: int, min_samples: int) -> np.ndarray:
    """scikit-learn's labels; all noise where it refuses so few points."""
    if len(points) < max(2, min_samples):
        return np.full(len(points), -1)
    return HDBSCAN(min_cluster_size=min_cluster_size, min_samples=min_samples, copy=True).fit_predict(points)


def plain_rectangles(
    relevance: np.ndarray,
    axes: Axes,
    *,
    percentile: float,
    min_cluster_size: int,
    min_samples: int,
    units: Units = "mel",
    min_seconds: float = 0.1,
    seconds: float | None = None,
) -> Found:
    """Rules 1 to 8 of AudibleXAI's regions, one after the other."""
    amounts = np.maximum(relevance.astype(np.float64), 0.0)
    centres = axes.seconds_centres
    inside = np.ones(len(centres), bool)
    if seconds is not None:
        inside = (centres >= -1e-9) & (centres <= seconds + 1e-9)
    amounts[:, ~inside] = 0.0
    if amounts.max(initial=0.0) <= 0.0:
        return Found([], 0)
    retries = 0
    while True:
        threshold = np.percentile(amounts, percentile)
        kept = amounts >= threshold if threshold > 0 else amounts > 0
        labels = labels_of(lattice_of(axes, units).points(kept), min_cluster_size, min_samples)
        clusters = int(labels.max(initial=-1)) + 1
        if clusters or retries == 5 or percentile - 5 < 10 or min_cluster_size - 5 < 10:
            break
        percentile, min_cluster_size, retries = percentile - 5, min_cluster_size - 5, retries + 1
    row, column = np.nonzero(kept)
    spans = []
    for cluster in range(clusters):
        mask = np.zeros(amounts.shape, bool)
        mask[row[labels == cluster], column[labels == cluster]] = True
        mask = binary_dilation(mask, np.ones((2, 2)), origin=(-1, -1)) & inside
        parts, _ = label(binary_fill_holes(mask), structure=np.ones((3, 3)))
        spans += find_objects(parts)
    end = np.inf if seconds is None else seconds
    widths = np.array([min(axes.seconds[c.stop], end) - max(axes.seconds[c.start], 0.0) for _, c in spans])
    wide = widths >= min_seconds - 1e-9
    widest = len(spans) > 0 and not wide.any()
    if widest:
        wide[widths.argmax()] = True
    boxes = [
        (axes.hertz[r.start], axes.hertz[r.stop], max(axes.seconds[c.start], 0.0), min(axes.seconds[c.stop], end))
        for (r, c), is_wide in zip(spans, wide, strict=True)
        if is_wide
    ]
    return Found(boxes, clusters, retries, widest)
