"""Does a concept line up with what is known to happen when: heart phases, phones, notes?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from auricle.concepts.evaluation.intervals import difference, interval
from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval

Spans = Mapping[str, Sequence[tuple[float, float]]]
"""By what happens, when: seconds from and to."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """K concepts and P phases over N clips.

    phases: their names. shares: of each concept's positive relevance within each phase, ``[N, K, P]``. chance: the mean
    share under all circular shifts of its relevance over time, which keep how it comes in bursts and how often the
    phases come, ``[N, K, P]``. NaN where a concept has no positive relevance, or a phase does not occur.
    """

    phases: tuple[str, ...]
    shares: np.ndarray
    chance: np.ndarray

    def share(self, concept: int, phase: str, groups: Sequence[Hashable] | None = None, *, seed: int = 0) -> Interval:
        """The mean share over clips."""
        return interval(self.shares[:, concept, self.phases.index(phase)], groups, seed=seed)

    def above_chance(
        self, concept: int, phase: str, groups: Sequence[Hashable] | None = None, *, seed: int = 0
    ) -> Interval:
        """Share less chance, paired by clip; an interval above 0 says that the concept lines up with the phase."""
        place = (slice(None), concept, self.phases.index(phase))
        return difference(self.shares[place], self.chance[place], groups, seed=seed)


def align(clips: Iterable[tuple[np.ndarray, np.ndarray, Spans]]) -> Alignment:
    """Alignment of concepts with spans of time.

    clips: for each its concepts' relevance over time ``[K, T]`` (a map summed over frequency), the edges of these
    moments in seconds ``[T + 1]``, and the spans. Only moments from the first span's start to the last one's end count,
    so that what nobody annotated says nothing.

    >>> over_time = np.array([[0.0, 2.0, 0.0, 2.0]])
    >>> found = align([(over_time, np.arange(5.0), {"beat": [(1, 2), (3, 4)], "rest": [(0, 1), (2, 3)]})])
    >>> found.shares.tolist(), found.chance.tolist()
    ([[[1.0, 0.0]]], [[[0.5, 0.5]]])
    """
    shares, chance, names = [], [], None
    for over_time, edges, spans in clips:
        names = tuple(spans) if names is None else names
        if set(names) != set(spans):
            raise AuricleError(f"one clip has the phases {sorted(names)}, another {sorted(spans)}; give the same")
        ends = [each for every in spans.values() for each in every]
        if not ends:
            raise AuricleError("a clip has no spans, so nothing can line up with them; leave it out")
        inside = (edges[1:] > min(start for start, _ in ends)) & (edges[:-1] < max(end for _, end in ends))
        values, at = np.maximum(over_time[:, inside], 0.0), np.flatnonzero(inside)
        cover = np.stack([_covered(edges, at, spans[name]) for name in names])  # [P, T]
        total = values.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            weights = values / total[:, None]
        there = np.where(cover.sum(1) > 0, 1.0, np.nan)
        shares.append(np.where(total[:, None] > 0, weights @ cover.T, np.nan) * there)
        # The mean over all circular shifts is the phase's share of time.
        mean = np.broadcast_to(cover.mean(1), shares[-1].shape)
        chance.append(np.where(np.isfinite(shares[-1]), mean, np.nan))
    if names is None:
        raise AuricleError("no clips were given to align")
    return Alignment(names, np.stack(shares), np.stack(chance))


def _covered(edges: np.ndarray, at: np.ndarray, spans: Sequence[tuple[float, float]]) -> np.ndarray:
    """How much of each moment lies in the spans, 0 to 1; overlapping ones count once."""
    low, high = edges[at], edges[at + 1]
    cover = np.zeros(len(at))
    for start, end in spans:
        cover += np.clip(np.minimum(high, end) - np.maximum(low, start), 0.0, None)
    return np.minimum(cover / (high - low), 1.0)


def heart_phases(sounds: Sequence[tuple[float, str]], *, half: float = 0.06) -> dict[str, list[tuple[float, float]]]:
    """S1, systole, S2 and diastole from the times of S1 and S2 (`auricle.datasets.pascal.times`).

    A heart sound lasts ``half`` a length to either side of its time; systole is what lies between S1 and the next S2,
    diastole between S2 and the next S1. Beats of which one sound is missing have neither.

    >>> heart_phases([(1.0, "S1"), (1.3, "S2"), (1.9, "S1")], half=0.05)["systole"]
    [(1.05, 1.25)]
    """
    found: dict[str, list[tuple[float, float]]] = {"S1": [], "systole": [], "S2": [], "diastole": []}
    for number, (time, name) in enumerate(sounds):
        found[name].append((time - half, time + half))
        if number + 1 == len(sounds) or sounds[number + 1][1] == name:
            continue
        start, end = time + half, sounds[number + 1][0] - half
        if end > start:
            found["systole" if name == "S1" else "diastole"].append((start, end))
    return found
