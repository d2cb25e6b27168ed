"""Every measured number for every class, speaker or other part of the clips: where a method is good, and where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError, nearest
from auricle.study.tables.columns import HIGHER_IS_BETTER, as_table, measured, sets_of
from auricle.study.tables.resampling import DRAWS, intervals, units

if TYPE_CHECKING:
    import pyarrow as pa


def by_part(
    evaluated: Mapping[str, pa.Table],
    predicted: pa.Table,
    *,
    by: str | None = None,
    metrics: Sequence[str] | None = None,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> pa.Table:
    """The mean of every metric with its interval, one row a method, set of explanations, part of ``by`` and metric.

    ``by`` is ``class``, ``group``, a column of ``predict``, or None for all clips together. Columns: method, asked,
    right, by, value, metric, mean, low, high, explanations (measured ones), drawn and units (what the interval draws),
    higher_is_better. Intervals of one group, which has only itself, draw its clips.
    """
    known = measured(list(evaluated.values()))
    for name in metrics or ():
        if name not in known:
            raise AuricleError(f'"{name}" was not measured; {nearest(name, known)}')
    names = list(metrics or known)
    rows: list[dict[str, Any]] = []
    for sets in sets_of(evaluated, predicted):
        for one in sets:
            values = np.stack([one.numbers(name) for name in names], axis=1)
            for value, which in one.parts(by):
                drawn = units([one.ids[each] for each in which], [one.groups[each] for each in which])
                found = intervals(values[which], drawn, draws=draws, confidence=confidence, seed=seed)
                for name, interval in zip(names, found, strict=True):
                    if interval is not None:
                        rows.append({
                            "method": one.method, "asked": one.asked, "right": one.right, "by": by or "all",
                            "value": value, "metric": name, "mean": interval.mean, "low": interval.low,
                            "high": interval.high, "explanations": interval.clips, "drawn": drawn.what,
                            "units": drawn.count, "higher_is_better": HIGHER_IS_BETTER.get(name),
                        })  # fmt: skip
    return as_table(rows)
