"""One way to concepts against others on the same clips: DRSA against DSA, PCA and every draw of random subspaces.

The differences are paired clip by clip, and over groups (speakers, patients) where they are known.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from auricle.concepts.evaluation.intervals import difference, interval
from auricle.errors import AuricleError, nearest
from auricle.metrics.bootstrap import Interval


class Setting(NamedTuple):
    """Where concepts were looked for: a layer, and how many."""

    layer: str
    concepts: int


@dataclass(frozen=True)
class Compared:
    """A method's row: its mean over clips, and how much better or worse the method in question is.

    mean: over clips; of several draws each clip's own mean first, so that a clip counts once. draws: the mean over
    clips of every draw. difference: the method in question minus this one (None in its own row); where lower is better
    an interval below 0 is a win. apart: whether the two intervals do not overlap, which is more than a difference asks.
    """

    name: str
    mean: Interval
    draws: tuple[float, ...]
    difference: Interval | None
    apart: bool | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    measured: Mapping[str, ArrayLike],
    subject: str,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
) -> list[Compared]:
    """``subject`` against every other method, itself first.

    measured: by method the number of each clip, such as its AUPC, ``[N]``, or ``[D, N]`` of D draws or permutations,
    all of which count; the same clips for all. groups: of each clip, ``[N]``.

    >>> rows = compare({"drsa": [1.0, 2.0], "random": [[2.0, 3.0], [4.0, 5.0]]}, "drsa")
    >>> rows[1].draws, rows[1].difference.mean
    ((2.5, 4.5), -2.0)
    """
    if subject not in measured:
        raise AuricleError(f'"{subject}" was not measured; {nearest(subject, list(measured))}')
    drawn = {name: _drawn(name, values) for name, values in measured.items()}
    clips = {values.shape[1] for values in drawn.values()}
    if len(clips) > 1:
        counts = ", ".join(f"{name} {values.shape[1]}" for name, values in drawn.items())
        raise AuricleError(f"methods were measured on different numbers of clips ({counts}); measure the same clips")
    own = drawn[subject].mean(0)
    mine = interval(own, groups, seed=seed)
    rows = [Compared(subject, mine, _means(drawn[subject]), None, None)]
    for name, values in drawn.items():
        if name != subject:
            mean = interval(values.mean(0), groups, seed=seed)
            paired = difference(own, values.mean(0), groups, seed=seed)
            rows.append(Compared(name, mean, _means(values), paired, _apart(mine, mean)))
    return rows


def comparison_table(
    measured: Mapping[Setting, Mapping[str, ArrayLike]],
    subject: str,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """`compare` for every layer and number of concepts, as plain rows.

    Columns: layer, concepts, method, mean, low, high, clips, draws, lowest_draw, highest_draw, and against the subject
    difference, difference_low, difference_high, apart (None in the subject's own rows).
    """
    rows = []
    for setting, methods in measured.items():
        for row in compare(methods, subject, groups, seed=seed):
            against = row.difference
            rows.append({
                "layer": setting.layer, "concepts": setting.concepts, "method": row.name,
                **row.mean.to_dict(), "draws": len(row.draws), "lowest_draw": min(row.draws),
                "highest_draw": max(row.draws), "difference": None if against is None else against.mean,
                "difference_low": None if against is None else against.low,
                "difference_high": None if against is None else against.high, "apart": row.apart,
            })  # fmt: skip
    return rows


def _drawn(name: str, values: ArrayLike) -> np.ndarray:
    found = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if found.ndim != 2 or found.size == 0:
        raise AuricleError(f"{name} has values of shape {np.shape(values)}; give one a clip, or a row of them a draw")
    return found


def _means(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(np.nanmean(each)) for each in values)


def _apart(first: Interval, second: Interval) -> bool | None:
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return None
    return first.high < second.low or second.high < first.low
