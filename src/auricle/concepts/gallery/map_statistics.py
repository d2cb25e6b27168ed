"""Where and when a concept's relevance is in a clip, as numbers of its map.

Only the positive part of a map is looked at: the sound that speaks for the class. A cell lies at its centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auricle.axes import Axes

HELD = 0.8
"""Share of a concept's positive relevance that the crop of a clip holds."""
SHORTEST, LONGEST = 0.15, 3.0
"""Seconds of a crop without its margin: shorter is a click to the ear, longer no example."""
MARGIN = 0.05
"""Seconds before and after what a crop holds."""
PROMINENCE = 0.2
"""How far a peak of relevance over time rises above its surroundings to count, as a share of the highest moment."""
APART = 0.05
"""Seconds between peaks: what follows sooner is heard as one."""
ROUNDING = 1e-9
"""Seconds that are the same moment."""
ACTIVE = 0.1
"""A moment is active from this share of the highest moment on."""


@dataclass(frozen=True)
class MapStatistics:
    """A concept in a clip; None where it has no positive relevance there.

    centroid_hz: relevance-weighted mean frequency. bandwidth_hz: standard deviation around it. centroid_time: weighted
    mean time, 0 the beginning of the clip and 1 its end. onsets_per_second: peaks of relevance over time.
    active_share: share of the heard time in which there is some. start, end: seconds of the clip, the shortest
    stretch that holds 80 % of it, at least 0.15 s and at most 3 s (then the stretch that holds most), and 0.05 s on
    either side; the whole clip where there is nothing to hold.
    """

    centroid_hz: float | None
    bandwidth_hz: float | None
    centroid_time: float | None
    onsets_per_second: float | None
    active_share: float | None
    start: float
    end: float


def map_statistics(relevance: np.ndarray, axes: Axes, seconds: float) -> MapStatistics:
    """Of a map ``[F, T]`` of a clip that lasts ``seconds``; frames on padding are left out."""
    centres = axes.seconds_centres
    heard = np.flatnonzero((centres >= -ROUNDING) & (centres <= seconds + ROUNDING))
    positive = np.maximum(relevance[:, heard], 0).astype(np.float64)
    total = positive.sum()
    if total <= 0:
        return MapStatistics(None, None, None, None, None, 0.0, seconds)
    over_time, hertz = positive.sum(0), axes.hertz_centres
    over_frequency = positive.sum(1) / total
    edges = np.clip(axes.seconds[heard[0] : heard[-1] + 2], 0, seconds)
    centroid = float(over_frequency @ hertz)
    start, end = crop(over_time, edges, seconds)
    return MapStatistics(
        centroid_hz=centroid,
        bandwidth_hz=float(np.sqrt(over_frequency @ (hertz - centroid) ** 2)),
        centroid_time=float(over_time @ centres[heard] / total / seconds),
        onsets_per_second=onsets(over_time, edges) / float(edges[-1] - edges[0]),
        active_share=float(np.mean(over_time >= ACTIVE * over_time.max())),
        start=start,
        end=end,
    )


def onsets(over_time: np.ndarray, edges: np.ndarray) -> int:
    """How many peaks relevance over time ``[T]`` has, with frames between ``edges [T + 1]`` in seconds.

    A peak rises by 20 % of the highest moment above the higher of the valleys beside it, and is 0.05 s away from
    higher ones (`scipy.signal.find_peaks`, prominence and distance); before and after there is none.
    """
    from scipy.signal import find_peaks

    step = float(np.median(np.diff(edges)))
    padded = np.pad(over_time, 1)
    found, _ = find_peaks(padded, prominence=PROMINENCE * over_time.max(), distance=max(APART / step, 1.0))
    return len(found)


def crop(over_time: np.ndarray, edges: np.ndarray, seconds: float) -> tuple[float, float]:
    """Start and end, in seconds, of the shortest stretch that holds 80 % of relevance over time ``[T]``; see above."""
    held = np.concatenate([[0.0], np.cumsum(over_time)])
    wanted = HELD * held[-1]
    reached = np.searchsorted(held, held[:-1] + wanted * (1 - 1e-9))
    fits = np.flatnonzero(reached < len(held))
    lengths = edges[reached[fits]] - edges[fits]
    # Of equally short stretches (frames are of one length but for rounding) the one that holds most.
    shortest = np.flatnonzero(lengths <= lengths.min() + ROUNDING)
    best = fits[shortest[np.argmax((held[reached[fits]] - held[fits])[shortest])]]
    start, end = float(edges[best]), float(edges[reached[best]])
    if end - start > LONGEST:
        ends = np.searchsorted(edges, edges[:-1] + LONGEST + ROUNDING, side="right") - 1
        best = int(np.argmax(held[ends] - held[:-1]))
        start, end = float(edges[best]), float(edges[ends[best]])
    length = min(max(end - start, SHORTEST) + 2 * MARGIN, seconds)
    start = min(max((start + end - length) / 2, 0.0), seconds - length)
    return start, min(start + length, seconds)
