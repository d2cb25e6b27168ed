"""Means over cases with intervals, and what they say: better than a random mask, better than the best map?

Conventions: recordings are drawn with replacement, with all their cases, for cases of one recording are not
independent. Differences are paired, case by case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from auricle.metrics.bootstrap import Interval
from auricle.protocols.columns import COLUMNS, Column
from auricle.protocols.masks import RANDOM

DRAWS = 2000


@dataclass(frozen=True)
class Figure:
    """One column of one explainer: its mean, and the paired differences to random and to the best map.

    ``best_map`` names the map whose mean is best in this column; it is chosen on the same clips, which favours it.
    """

    condition: str
    explainer: str
    kind: str
    column: str
    cases: int
    value: Interval
    over_random: Interval | None
    over_best_map: Interval | None
    best_map: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def summarise(rows: Sequence[Mapping[str, Any]], *, seed: int = 0) -> list[Figure]:
    """Every explainer's figures, condition by condition, in the order of the rows."""
    figures = []
    for condition in dict.fromkeys(row["condition"] for row in rows):
        mine = [row for row in rows if row["condition"] == condition]
        for column in COLUMNS.values():
            figures += _of_column(condition, column, mine, seed)
    return figures


def _of_column(condition: str, column: Column, rows: Sequence[Mapping[str, Any]], seed: int) -> list[Figure]:
    values: dict[str, dict[tuple[str, str], float]] = {}
    groups: dict[tuple[str, str], str] = {}
    kinds: dict[str, str] = {}
    for row in rows:
        value, case = row.get(column.name), (row["clip"], row["label"])
        kinds[row["explainer"]], groups[case] = row["kind"], row["group"]
        if value is not None and np.isfinite(value):
            values.setdefault(row["explainer"], {})[case] = float(value)
    means = {name: float(np.mean(list(each.values()))) for name, each in values.items()}
    maps = [name for name in means if kinds[name] == "map"]
    best = None
    if maps and column.higher_is_better is not None:
        best = (max if column.higher_is_better else min)(maps, key=lambda name: means[name])

    def over(name: str, other: str | None) -> Interval | None:
        if other is None or other == name or other not in values:
            return None
        both = [case for case in values[name] if case in values[other]]
        differences = [values[name][case] - values[other][case] for case in both]
        return grouped(differences, [groups[case] for case in both], seed=seed) if both else None

    return [
        Figure(
            condition=condition,
            explainer=name,
            kind=kinds[name],
            column=column.name,
            cases=len(mine),
            value=grouped(list(mine.values()), [groups[case] for case in mine], seed=seed),
            over_random=over(name, RANDOM),
            over_best_map=over(name, best),
            best_map=best,
        )
        for name, mine in values.items()
    ]


def grouped(values: Iterable[float], groups: Sequence[str], *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """The mean over cases with its percentile interval, whole groups drawn with replacement.

    >>> grouped([1.0, 1.0, 1.0], ["a", "a", "b"])
    Interval(mean=1.0, low=1.0, high=1.0, clips=2)
    """
    sample = np.asarray(list(values), dtype=np.float64)
    names, place = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    mean = float(sample.mean())
    if len(names) < 2:
        return Interval(mean, None, None, len(names))
    sums, counts = np.bincount(place, weights=sample), np.bincount(place)
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), [0.025, 0.975])
    return Interval(mean, float(low), float(high), len(names))
