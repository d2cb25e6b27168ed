"""What a class is recognised by on average: mean relevance, how often each place is a region, profiles.

Every clip counts alike: its relevance is divided by the sum of its amounts. Clips are aligned at 0 seconds and need not
be equally long: a moment's mean is over the clips that reach it, and `ClassAverage.counts` says how many these are.
Maps share the front-end's axis of hertz, whatever its scale, so nothing is interpolated. Only sums are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.sonify.laying import within
from auricle.study.tables.columns import as_table

if TYPE_CHECKING:
    import pyarrow as pa

Item = tuple[str, np.ndarray, Axes, np.ndarray | None, float | None]
"""A class, relevance ``[F, T]``, its axes, the mask of its regions ``[F, T]`` and the clip's seconds, if known."""


@dataclass(frozen=True, eq=False)
class ClassAverage:
    """``clips`` clips: mean relevance ``[F, T]`` (signed), the share of clips in whose regions each cell lies
    (occupancy ``[F, T]``, None without masks), on ``axes``; ``counts [T]`` clips reach each moment.

    hertz_profile ``[F]`` is the mean over clips of each clip's relevance at each frequency; seconds_profile ``[T]`` at
    each moment, over the clips that reach it.
    """

    label: str
    clips: int
    counts: np.ndarray
    axes: Axes
    mean: np.ndarray
    occupancy: np.ndarray | None
    hertz_profile: np.ndarray
    seconds_profile: np.ndarray


@dataclass(eq=False)
class _Sums:
    """Sums over clips, whose first column is ``first`` columns after the raster's origin."""

    first: int
    relevance: np.ndarray
    mask: np.ndarray
    counts: np.ndarray
    clips: int = 0
    masks: int = 0

    def reach(self, first: int, last: int) -> None:
        """With room for columns ``first`` to ``last`` (not included)."""
        before, after = max(self.first - first, 0), max(last - self.first - len(self.counts), 0)
        if before or after:
            wide = ((0, 0), (before, after))
            self.relevance, self.mask = np.pad(self.relevance, wide), np.pad(self.mask, wide)
            self.counts, self.first = np.pad(self.counts, (before, after)), self.first - before


@dataclass(eq=False)
class ClassAverages:
    """Averages that are added to clip by clip, and that halves of the work can be merged from.

    >>> averages, axes = ClassAverages(), Axes(np.array([0.0, 0.5, 1.0]), np.array([0.0, 100.0]))
    >>> averages.add("seven", np.array([[3.0, -1.0]]), axes)
    >>> averages.means()["seven"].mean
    array([[ 0.75, -0.25]])
    """

    _hertz: np.ndarray | None = None
    _step: float = 0.0
    _origin: float = 0.0
    _sums: dict[str, _Sums] = field(default_factory=dict)

    def add(
        self,
        label: str,
        relevance: np.ndarray,
        axes: Axes,
        mask: np.ndarray | None = None,
        *,
        seconds: float | None = None,
    ) -> None:
        """One clip; what lies beyond its ``seconds`` is padding and is left out. Relevance of zeros counts as such."""
        if axes.hertz is None or relevance.shape != axes.shape or (mask is not None and mask.shape != axes.shape):
            raise AuricleError(f"relevance of shape {relevance.shape} does not fit axes of {axes.shape}; give its map")
        values = np.asarray(relevance, np.float64)
        kept = None if mask is None else np.asarray(mask, np.float64)
        if seconds is not None:
            full = axes
            values, axes = within(values, full, seconds)
            kept = None if kept is None else within(kept, full, seconds)[0]
        self._share_axes(axes)
        first = round((axes.seconds[0] - self._origin) / self._step)
        last = first + values.shape[1]
        sums = self._sums.setdefault(label, _empty(first, len(values)))
        sums.reach(first, last)
        place = slice(first - sums.first, last - sums.first)
        total = np.abs(values).sum()
        sums.relevance[:, place] += values / total if total > 0 else 0.0
        sums.counts[place] += 1
        sums.clips += 1
        if kept is not None:
            sums.mask[:, place] += kept
            sums.masks += 1

    def add_all(self, items: Iterable[Item]) -> ClassAverages:
        """Many clips, one at a time."""
        for label, relevance, axes, mask, seconds in items:
            self.add(label, relevance, axes, mask, seconds=seconds)
        return self

    def merge(self, other: ClassAverages) -> ClassAverages:
        """With the sums of other clips."""
        if other._hertz is None:
            return self
        if self._hertz is None:
            self._hertz, self._step, self._origin = other._hertz, other._step, other._origin
        self._share_axes(Axes(np.array([other._origin, other._origin + other._step]), other._hertz))
        shift = round((other._origin - self._origin) / self._step)
        for label, theirs in other._sums.items():
            first, last = theirs.first + shift, theirs.first + shift + len(theirs.counts)
            mine = self._sums.setdefault(label, _empty(first, len(theirs.relevance)))
            mine.reach(first, last)
            place = slice(first - mine.first, last - mine.first)
            mine.relevance[:, place] += theirs.relevance
            mine.mask[:, place] += theirs.mask
            mine.counts[place] += theirs.counts
            mine.clips += theirs.clips
            mine.masks += theirs.masks
        return self

    def means(self) -> dict[str, ClassAverage]:
        """The average of every class, in the order of their names."""
        return {label: self._mean(label) for label in sorted(self._sums)}

    def _mean(self, label: str) -> ClassAverage:
        sums = self._sums[label]
        counts = np.maximum(sums.counts, 1)
        mean = sums.relevance / counts
        edges = self._origin + self._step * (sums.first + np.arange(len(sums.counts) + 1))
        return ClassAverage(
            label=label,
            clips=sums.clips,
            counts=sums.counts,
            axes=Axes(edges, self._hertz),
            mean=mean,
            occupancy=sums.mask / counts if sums.masks == sums.clips else None,
            hertz_profile=sums.relevance.sum(1) / sums.clips,
            seconds_profile=mean.sum(0),
        )

    def _share_axes(self, axes: Axes) -> None:
        assert axes.hertz is not None
        step = float(axes.seconds[-1] - axes.seconds[0]) / (len(axes.seconds) - 1)
        if self._hertz is None:
            self._hertz, self._step, self._origin = np.asarray(axes.hertz, np.float64), step, float(axes.seconds[0])
        if len(axes.hertz) != len(self._hertz) or not np.allclose(axes.hertz, self._hertz, rtol=1e-6, atol=1e-6):
            raise AuricleError(
                f"relevance of {len(axes.hertz) - 1} rows up to {axes.hertz[-1]:g} Hz cannot be averaged with that of "
                f"{len(self._hertz) - 1} rows up to {self._hertz[-1]:g} Hz; average one method of one model"
            )
        if not np.isclose(step, self._step, rtol=1e-3):
            raise AuricleError(
                f"relevance in steps of {step:g} s cannot be averaged with that in steps of {self._step:g} s; average "
                "one method of one model"
            )


def average_table(averages: ClassAverages) -> pa.Table:
    """One row a class: clips, rows, columns, hertz and seconds (edges), counts, mean and occupancy (row by row), and
    both profiles, as lists."""
    rows = []
    for each in averages.means().values():
        assert each.axes.hertz is not None
        rows.append({
            "class": each.label, "clips": each.clips, "rows": each.mean.shape[0], "columns": each.mean.shape[1],
            "hertz": each.axes.hertz.tolist(), "seconds": each.axes.seconds.tolist(), "counts": each.counts.tolist(),
            "mean": each.mean.ravel().tolist(),
            "occupancy": None if each.occupancy is None else each.occupancy.ravel().tolist(),
            "hertz_profile": each.hertz_profile.tolist(), "seconds_profile": each.seconds_profile.tolist(),
        })  # fmt: skip
    return as_table(rows)


def _empty(first: int, rows: int) -> _Sums:
    return _Sums(first, np.zeros((rows, 0)), np.zeros((rows, 0)), np.zeros(0, np.int64))
