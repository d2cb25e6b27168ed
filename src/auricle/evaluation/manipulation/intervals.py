"""How sure a mean is when clips come from few speakers.

Conventions: ``values [n]`` has one number per clip, ``groups [n]`` its speaker (patient, site): whole groups are drawn
with replacement, because clips of one speaker are not independent (cluster bootstrap, Davison & Hinkley 1997, §3.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval

DRAWS = 2000


def interval(values: ArrayLike, groups: Sequence[Any] | None = None, *, seed: int = 0) -> Interval:
    """The mean over clips with its 95 % percentile interval; without bounds where there is only one group (or clip).

    >>> interval([1.0, 1.0, 0.0, 0.0], ["ann", "ann", "bob", "bob"])
    Interval(mean=0.5, low=0.0, high=1.0, clips=4)
    """
    sample = np.asarray(values, np.float64)
    if sample.size == 0:
        raise AuricleError("no clips were measured, so there is nothing to average")
    names = np.arange(sample.size) if groups is None else np.array([str(each) for each in groups])
    _, place = np.unique(names, return_inverse=True)
    sums, counts = np.bincount(place, sample), np.bincount(place)
    mean = float(sample.mean())
    if len(sums) == 1:
        return Interval(mean, None, None, sample.size)
    generator = np.random.default_rng(seed)
    lots = generator.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=DRAWS)
    low, high = np.quantile(lots @ sums / (lots @ counts), [0.025, 0.975])
    return Interval(mean, float(low), float(high), sample.size)


def over_folds(values: ArrayLike, folds: Sequence[Any] | None) -> tuple[float, float] | None:
    """Mean and standard deviation (``n - 1``) of the folds' means; None where there are no two folds.

    >>> over_folds([1.0, 0.0, 1.0, 1.0], ["a", "a", "b", "b"])
    (0.75, 0.3535533905932738)
    """
    if folds is None or len(set(folds)) < 2:
        return None
    sample, names = np.asarray(values, np.float64), np.array([str(each) for each in folds])
    means = [sample[names == each].mean() for each in sorted(set(names.tolist()))]
    return float(np.mean(means)), float(np.std(means, ddof=1))


def speakers_of(rows: Sequence[Mapping[str, Any]], group: str | None) -> list[str] | None:
    """Each clip's group; None where there is only one, or where they are not all known."""
    if group is None or any(row.get(group) is None for row in rows):
        return None
    names = [str(row[group]) for row in rows]
    return names if len(set(names)) > 1 else None


def folds_of(rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """Each clip's fold; only a predictions table says by which fold's model a clip was heard."""
    known = all({"split", "predicted"} <= set(row) for row in rows)
    return [str(row["split"]) for row in rows] if known else None
