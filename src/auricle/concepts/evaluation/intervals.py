"""How sure a mean over clips is, where clips may come in groups (speakers, patients) that are alike within."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError
from auricle.evaluation.resampling import Units, bootstrap
from auricle.metrics.bootstrap import Interval

DRAWS = 2000


def interval(
    values: ArrayLike,
    groups: Sequence[Hashable] | None = None,
    *,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of ``values [N]``, one a clip, with its percentile bootstrap interval (Efron 1979).

    groups: of each clip, ``[N]``; with two or more of them whole groups are drawn, as new speakers would come (the
    cluster bootstrap, Davison and Hinkley 1997, ch. 3.8). A NaN was not measured and is left out.

    >>> interval([2.0, 2.0, float("nan")])
    Interval(mean=2.0, low=2.0, high=2.0, clips=2)
    """
    found = np.asarray(values, dtype=np.float64).ravel()
    known = np.isfinite(found)
    held = found[known]
    if held.size == 0:
        raise AuricleError("no clips were measured, so there is nothing to average")
    if groups is not None and len(groups) != len(found):
        raise AuricleError(f"{len(groups)} groups were given for {len(found)} clips; give the group of each clip")
    units = units_of(len(held), None if groups is None else [groups[row] for row in np.flatnonzero(known).tolist()])

    def means(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        return {"mean": weights @ held / weights.sum(1)}

    ends = bootstrap(means, units, draws=draws, classes=1, confidence=confidence, seed=seed).get("mean")
    low, high = ends if ends is not None else (None, None)
    return Interval(float(held.mean()), low, high, held.size)


def difference(
    first: ArrayLike, second: ArrayLike, groups: Sequence[Hashable] | None = None, *, seed: int = 0
) -> Interval:
    """The mean of ``first - second``, clip by clip; an interval without 0 is a difference."""
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise AuricleError(f"{one.size} values cannot be paired with {other.size}; measure the same clips")
    return interval(one - other, groups, seed=seed)


def units_of(clips: int, groups: Sequence[Hashable] | None) -> Units:
    """What is drawn with replacement: whole groups where there are two or more, else clips."""
    place = {each: number for number, each in enumerate(dict.fromkeys(groups or ()))}
    if groups is None or len(place) < 2:
        return Units(np.arange(clips), clips, "clip")
    return Units(np.array([place[each] for each in groups], np.int64), len(place), "group")
