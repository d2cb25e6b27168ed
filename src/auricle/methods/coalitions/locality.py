"""Which frames inside a network each sample reaches, as far as single samples have told.

NaN spreads through convolutions, pools, norms and transforms exactly as far as their structure reaches, whatever the
weights are. Where it stays around the sample, the network can be cut: what is computed up to there for one coalition
of parts serves every other that agrees within earshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from auricle.methods.coalitions.pooling import Pooling


class Cut:
    """Call number ``call`` of a network, whose output has ``frames`` frames along ``axis``.

    ``begin`` and ``end`` are the seconds that one row takes up to it and after it, ``bytes`` the size of its output for
    one row and ``largest`` that of the largest output after it. ``pooling`` is the mean over time that follows, if one
    does; then ``end`` begins after it. ``reached`` (bool, ``[3, frames]``) says which frames
    three samples at ``places`` reach; ``reach`` is roughly how far apart samples can be that reach a common frame.
    """

    def __init__(
        self,
        *,
        call: int,
        axis: int,
        samples: int,
        begin: float,
        end: float,
        bytes: int,
        largest: int,
        places: np.ndarray,
        reached: np.ndarray,
        pooling: Pooling | None = None,
    ) -> None:
        self.reached = reached
        self.call, self.axis, self.frames = call, axis, reached.shape[1]
        self.begin, self.end, self.bytes, self.largest = begin, end, bytes, largest
        self.pooling = pooling
        # Sums of stretches are gathered instead of frames: a few of them, in double precision.
        self.copied = bytes if pooling is None else min(8 * 32 * pooling.numbers, bytes)
        spans = np.array([np.flatnonzero(row)[[0, -1]] for row in reached])
        middles = spans.mean(1)
        self.reach = float((np.ptp(spans, axis=1).max() + 2) * samples / self.frames)
        # Where the middle of what a sample reaches lies, roughly: tells samples of one row apart.
        self._slope = (middles[2] - middles[0]) / (places[2] - places[0])
        self._offset = middles[1] - self._slope * places[1]
        self._trusted = True
        self._seen: dict[int, tuple[int, int]] = {}
        self._stride: tuple[int, int, int] | None = None

    def note(self, places: Sequence[int], reached: np.ndarray) -> None:
        """``reached`` (bool, ``[frames]``) are the frames that the samples at ``places`` reach together."""
        frames = np.flatnonzero(reached)
        middles = np.asarray(places) * self._slope + self._offset
        owner = np.searchsorted((middles[1:] + middles[:-1]) / 2, frames)
        spans: list[tuple[int, int]] = []
        for which, place in enumerate(places):
            mine = frames[owner == which]
            if len(mine):
                spans.append((int(mine[0]), int(mine[-1])))
                self._seen[place] = spans[-1]
        # Stretches that touch may have been told apart wrongly.
        self._trusted &= all(one[1] + 1 < other[0] for one, other in pairwise(spans))

    def settle(self) -> None:
        """Draws the conclusions from everything noted."""
        self._places = np.array(sorted(self._seen), dtype=np.int64)
        self._spans = np.array([self._seen[place] for place in self._places]).reshape(-1, 2)
        self._trusted &= bool((np.diff(self._spans, axis=0) >= 0).all())
        self._stride = _stride(self._places, self._spans[:, 0], self._spans[:, 1], self.frames)

    def touched(self, supports: Sequence[tuple[int, int]]) -> np.ndarray:
        """First and last frame that samples ``start`` to ``stop`` (exclusive) reach, ``[K, 2]``; rather too many.

        Later samples reach later frames, so a stretch lies between what was noted before it and after it. The last
        frame is before the first for a stretch that reaches none.
        """
        starts, stops = np.asarray(supports, dtype=np.int64).reshape(-1, 2).T
        firsts, lasts = np.array([0]), np.array([self.frames - 1])
        before, after = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
        if self._trusted:
            firsts, lasts = np.append(firsts, self._spans[:, 0]), np.append(self._spans[:, 1], lasts)
            before = np.searchsorted(self._places, starts, "right")
            after = np.searchsorted(self._places, stops - 1, "left")
        first, last = firsts[before], lasts[after]
        if self._trusted and self._stride is not None:
            stride, low, high = self._stride
            first = np.maximum(first, -((high - starts) // stride))
            last = np.minimum(last, (stops - 1 - low) // stride)
        return np.stack([first, np.where(stops > starts, last, first - 1)], axis=1)

    def reads(self, samples: int) -> np.ndarray:
        """First and last sample that each frame can read, ``[frames, 2]``, of ``samples``."""
        spans = self.touched([(place, place + 1) for place in range(samples)])
        frames = np.arange(self.frames)
        first = np.searchsorted(spans[:, 1], frames, "left")
        last = np.searchsorted(spans[:, 0], frames, "right") - 1
        return np.stack([first, last], axis=1)


def _stride(places: np.ndarray, first: np.ndarray, last: np.ndarray, frames: int) -> tuple[int, int, int] | None:
    """``(stride, low, high)`` if frame j reads samples ``stride j + low`` to ``stride j + high`` with one stride only.

    ``low`` and ``high`` are the widest that agree with everything seen. This is sharper than what neighbours say.
    """
    inner = (first > 0) & (last < frames - 1)
    if inner.sum() < 8 or np.ptp(last[inner]) < 8:
        return None
    c, a, b = places[inner], first[inner], last[inner]
    slope = np.ptp(c) / np.ptp(b)
    found: list[tuple[int, int, int]] = []
    for stride in range(max(int(slope * 0.8), 1), int(slope * 1.25) + 2):
        low, high = int((c - stride * (b + 1)).max()) + 1, int((c - stride * (a - 1)).min()) - 1
        possible = low <= (c - stride * b).min() and high >= (c - stride * a).max()
        if possible and ((-((high - places) // stride) <= first) & ((places - low) // stride >= last)).all():
            found.append((stride, low, high))
    return found[0] if len(found) == 1 else None


def colouring(intervals: Sequence[tuple[int, int]]) -> list[int]:
    """The fewest colours such that intervals ``(start, stop)`` of one colour do not overlap, one for each interval.

    >>> colouring([(0, 4), (2, 6), (4, 8), (6, 9)])
    [0, 1, 0, 1]
    """
    colours = [0] * len(intervals)
    ends: list[int] = []
    for which in sorted(range(len(intervals)), key=lambda k: intervals[k][0]):
        start, stop = intervals[which]
        colour = next((own for own, end in enumerate(ends) if end <= start), len(ends))
        ends[colour : colour + 1] = [stop]
        colours[which] = colour
    return colours
