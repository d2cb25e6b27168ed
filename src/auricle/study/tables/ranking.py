"""Which method is best, and how sure is that? Methods are ranked on every clip, and clips are the blocks.

Friedman's test asks whether ranks differ at all; Nemenyi's critical difference how far mean ranks must lie apart
(Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 2006); a bootstrap over clips (or
groups) how often each method would come out best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.study.tables.columns import HIGHER_IS_BETTER, Explanations, as_table, measured, sets_of
from auricle.study.tables.comparing import compare, holm
from auricle.study.tables.resampling import DRAWS, Drawn, drawn_means, intervals, units

if TYPE_CHECKING:
    import pyarrow as pa

ALPHA = 0.05
MANY = 0.2
"""A ranking that leaves out more than this share of the clips, because not every method has them, says so."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """K methods on N clips that all of them were measured on; of ``left_out`` clips a method lacks the metric.

    mean_rank, low, high, best ``[K]``: 1 is best; its interval; the share of draws in which no other is better (ties
    share). friedman, p: the test's statistic, corrected for ties, and p-value (χ² with K - 1 degrees of freedom).
    critical_difference: mean ranks farther apart differ (Nemenyi, α = 0.05). wins ``[K, K]``: share of clips on which
    the row's method is better than the column's, ties half. differences ``[K, K]``: mean of row less column, with
    p ``pairs [K, K]`` (Wilcoxon, corrected by Holm over all pairs). Intervals and ``best`` draw groups where clips of
    two or more are left (``drawn``), the tests take clips. note: what a reader of the ranking should know, or nothing.
    """

    methods: tuple[str, ...]
    clips: int
    left_out: int
    drawn: str
    mean: np.ndarray
    mean_rank: np.ndarray
    low: np.ndarray
    high: np.ndarray
    best: np.ndarray
    friedman: float
    p: float
    critical_difference: float
    wins: np.ndarray
    differences: np.ndarray
    pairs: np.ndarray
    note: str = ""

    def cliques(self) -> list[tuple[str, ...]]:
        """Largest runs of methods, best first, whose mean ranks differ by less than the critical difference."""
        order = np.argsort(self.mean_rank, kind="stable")
        ranks, found, reached = self.mean_rank[order], list[tuple[str, ...]](), 0
        for first in range(len(order)):
            last = int(np.searchsorted(ranks, ranks[first] + self.critical_difference, side="left"))
            if last > max(reached, first + 1):
                found.append(tuple(self.methods[each] for each in order[first:last]))
            reached = max(reached, last)
        return found


def rank(
    values: np.ndarray,
    methods: Sequence[str],
    *,
    higher_is_better: bool,
    drawn: Drawn | None = None,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """The ranking by ``values [N, K]``, one row a clip and one column a method; rows with a NaN are left out.

    >>> found = rank(np.array([[3.0, 1.0], [4.0, 2.0], [5.0, 1.0]]), ["a", "b"], higher_is_better=True)
    >>> found.mean_rank.tolist(), found.best.tolist()
    ([1.0, 2.0], [1.0, 0.0])
    """
    from scipy import stats

    k = len(methods)
    if values.ndim != 2 or values.shape[1] != k or k < 2:
        raise AuricleError(
            f"values of shape {values.shape} rank nothing; give a row a clip and a column for each of 2 methods or more"
        )
    complete = np.isfinite(values).all(1)
    held, n = values[complete], int(complete.sum())
    if n < 2:
        raise AuricleError(
            f"{n} clip{'' if n == 1 else 's'} with a value of every method cannot rank them; measure at least 2"
        )
    ranks = stats.rankdata(-held if higher_is_better else held, axis=1)
    drawn = units(list(range(len(values)))) if drawn is None else drawn
    drawn = _left(drawn, complete)
    settings: dict[str, Any] = {"draws": draws, "seed": seed}
    found = intervals(ranks, drawn, confidence=confidence, **settings)
    means = drawn_means(ranks, drawn, **settings)
    first = np.isclose(means, means.min(1, keepdims=True), rtol=0.0, atol=1e-9)
    statistic = friedman(ranks)
    differences = held.mean(0)[:, None] - held.mean(0)[None]
    better = held[:, :, None] - held[:, None]
    wins = ((better > 0) if higher_is_better else (better < 0)).mean(0) + 0.5 * (better == 0).mean(0)
    return Ranking(
        methods=tuple(methods),
        clips=n,
        left_out=len(values) - n,
        drawn=drawn.what,
        mean=held.mean(0),
        mean_rank=ranks.mean(0),
        low=np.array([np.nan if each is None or each.low is None else each.low for each in found]),
        high=np.array([np.nan if each is None or each.high is None else each.high for each in found]),
        best=(first / first.sum(1, keepdims=True)).mean(0),
        friedman=statistic,
        p=float(stats.chi2.sf(statistic, k - 1)),
        critical_difference=critical_difference(k, n),
        wins=wins,
        differences=differences,
        pairs=_pairs(held),
        note=_left_out(values, methods),
    )


def friedman(ranks: np.ndarray) -> float:
    """Friedman's χ² of ``ranks [N, K]``, corrected for ties; 0 where all are tied.

    ``(K - 1) · N · Σ_k (mean rank_k - (K + 1)/2)² / Σ (rank - (K + 1)/2)² · N`` with both sums over ``[K]`` and
    ``[N, K]`` (Conover 1999), which for ranks without ties is ``12 N / (K (K + 1)) Σ_k (mean rank_k - (K + 1)/2)²``.
    """
    n, k = ranks.shape
    centred = ranks - (k + 1) / 2
    spread = float(np.square(centred).sum())
    return (k - 1) * n * n * float(np.square(centred.mean(0)).sum()) / spread if spread > 0 else 0.0


def critical_difference(methods: int, clips: int, alpha: float = ALPHA) -> float:
    """Nemenyi's: ``q_α / √2 · √(K (K + 1) / 6 N)``, q of the studentised range with infinite degrees of freedom.

    >>> round(critical_difference(10, 30), 2)
    2.47
    """
    from scipy import stats

    q = float(stats.studentized_range.ppf(1.0 - alpha, methods, np.inf))
    return q / math.sqrt(2.0) * math.sqrt(methods * (methods + 1) / (6.0 * clips))


def rankings(
    evaluated: Mapping[str, pa.Table],
    predicted: pa.Table,
    *,
    metrics: Sequence[str] | None = None,
    asked: str = "predicted",
    right: bool = True,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Ranking]:
    """A ranking for each metric in which one end is better, over one set of explanations.

    A metric counts the methods that have it, on the clips on which all of them have it; metrics that fewer than two
    methods have on two clips together are left out.
    """
    names = list(metrics or measured(list(evaluated.values())))
    found: dict[str, Ranking] = {}
    for sets in sets_of(evaluated, predicted):
        if (sets[0].asked, sets[0].right) != (asked, right):
            continue
        for name in names:
            better = HIGHER_IS_BETTER.get(name)
            columns = {one.method: one.numbers(name) for one in sets}
            having = [one for one in sets if np.isfinite(columns[one.method]).any()]
            if better is None or len(having) < 2:
                continue
            values, drawn = _matrix(having, columns)
            if np.isfinite(values).all(1).sum() < 2:
                continue
            found[name] = rank(
                values, [one.method for one in having], higher_is_better=better, drawn=drawn, draws=draws,
                confidence=confidence, seed=seed,
            )  # fmt: skip
    return found


def ranking_table(found: Mapping[str, Ranking]) -> pa.Table:
    """One row a metric and method, best first: metric, method, mean, mean_rank with its interval, p_best, and the
    ranking's clips, left_out, friedman, p_friedman, critical_difference and note; ``tied_with_best``: within it."""
    rows = []
    for name, each in found.items():
        nearest_to = each.mean_rank.min() + each.critical_difference
        for place in np.argsort(each.mean_rank, kind="stable"):
            rows.append({
                "metric": name, "method": each.methods[place], "mean": float(each.mean[place]),
                "mean_rank": float(each.mean_rank[place]), "mean_rank_low": _or_none(each.low[place]),
                "mean_rank_high": _or_none(each.high[place]), "p_best": float(each.best[place]),
                "tied_with_best": bool(each.mean_rank[place] < nearest_to), "methods": len(each.methods),
                "clips": each.clips, "left_out": each.left_out, "drawn": each.drawn, "friedman": each.friedman,
                "p_friedman": each.p, "critical_difference": each.critical_difference,
                "higher_is_better": HIGHER_IS_BETTER.get(name), "note": each.note,
            })  # fmt: skip
    return as_table(rows)


def pairs_table(found: Mapping[str, Ranking]) -> pa.Table:
    """One row a metric and ordered pair of methods: wins, difference (method less other), p_wilcoxon_holm, and
    ``differs``: whether their mean ranks lie farther apart than the critical difference."""
    rows = []
    for name, each in found.items():
        for one, method in enumerate(each.methods):
            for two, other in enumerate(each.methods):
                if one != two:
                    apart = abs(each.mean_rank[one] - each.mean_rank[two])
                    rows.append({
                        "metric": name, "method": method, "other": other, "wins": float(each.wins[one, two]),
                        "difference": float(each.differences[one, two]),
                        "p_wilcoxon_holm": _or_none(each.pairs[one, two]),
                        "differs": bool(apart >= each.critical_difference),
                    })  # fmt: skip
    return as_table(rows)


def _matrix(having: Sequence[Explanations], columns: Mapping[str, np.ndarray]) -> tuple[np.ndarray, Drawn]:
    """Values ``[N, K]`` of the clips that any method has, and what is drawn."""
    place: dict[str, int] = {}
    groups: dict[str, str | None] = {}
    for one in having:
        for each, group in zip(one.ids, one.groups, strict=True):
            place.setdefault(each, len(place))
            groups[each] = group
    values = np.full((len(place), len(having)), np.nan)
    for column, one in enumerate(having):
        values[[place[each] for each in one.ids], column] = columns[one.method]
    return values, units(list(place), [groups[each] for each in place])


def _left(drawn: Drawn, complete: np.ndarray) -> Drawn:
    """What is drawn of the rows that are ranked: clips where they are all of one group, which has no spread."""
    held = units(drawn.of_row[complete].tolist())
    if held.count == 1:
        return units(range(len(held.of_row)))
    return Drawn(held.of_row, held.count, drawn.what)


def _left_out(values: np.ndarray, methods: Sequence[str]) -> str:
    """How many clips some methods, but not all, have no value on, and which method lacks most; nothing if few."""
    lacks = np.isnan(values)
    some, measured_on = lacks.any(1) & ~lacks.all(1), int((~lacks.all(1)).sum())
    if some.sum() <= MANY * measured_on:
        return ""
    lost = lacks[some].sum(0)
    most = int(np.argmax(lost))
    return (
        f"{some.sum()} of {measured_on} clips are left out because not every method has them: {methods[most]} lacks "
        f"{lost[most]}, as where it found no regions"
    )


def _pairs(held: np.ndarray) -> np.ndarray:
    k = held.shape[1]
    places = [(one, two) for one in range(k) for two in range(one + 1, k)]
    corrected = holm([compare(held[:, one], held[:, two]).p_wilcoxon for one, two in places])
    found = np.full((k, k), np.nan)
    for (one, two), p in zip(places, corrected, strict=True):
        found[one, two] = found[two, one] = np.nan if p is None else p
    return found


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
