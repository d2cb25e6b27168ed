"""Is what a method calls relevant enough for the model? AudibleXAI's table, with its uncertainty.

The probability of the true class is measured on the original sound, on its relevant part alone, on random parts of the
same sizes alone, and on the sound without its relevant part; at each sound's own level, and held at the level of the
original (``level`` own and held). What is tested is *relevant less random*, clip by clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.metrics.bootstrap import Interval
from auricle.study.tables.columns import Explanations, as_table, sets_of
from auricle.study.tables.comparing import compare, holm
from auricle.study.tables.resampling import DRAWS, intervals, units

if TYPE_CHECKING:
    import pyarrow as pa

HEARD = ("p_original", "p_relevant", "p_random", "p_removed")
ALPHA = 0.05


def faithfulness(
    evaluated: Mapping[str, pa.Table],
    predicted: pa.Table,
    *,
    by: str | None = None,
    draws: int = DRAWS,
    confidence: float = 0.95,
    seed: int = 0,
) -> pa.Table:
    """One row for each method, set of explanations, level, and value of ``by`` (``class``, ``group``, a column).

    ``asked`` and ``right`` name the set, see `auricle.study.tables.columns`; ``explanations``, ``without_regions``
    (nothing was relevant, so nothing could be heard) and ``clips`` (pairs that are tested) count. ``p_original``,
    ``p_relevant``, ``p_random`` and ``p_removed`` are means with ``_low`` and ``_high``, over the explanations with
    regions but for ``p_original``. ``difference`` is relevant less random, with its interval, tests and effect sizes
    (`comparing.Comparison`); ``p_t_holm`` and ``p_wilcoxon_holm`` are corrected over the methods of the same row.
    ``outcome`` is beats, does not, worse or untested, and ``verdict`` says it in a sentence: a method beats chance if
    the interval lies above 0 and Wilcoxon's corrected p is below 0.05. Intervals draw groups where groups are known
    (``drawn``); the tests take clips.
    """
    settings: dict[str, Any] = {"draws": draws, "confidence": confidence, "seed": seed}
    rows: list[dict[str, Any]] = []
    for sets in sets_of(evaluated, predicted):
        for level in ("own", "held"):
            parts: dict[str, list[dict[str, Any]]] = {}
            for one in sets:
                heard = np.stack([one.numbers(name + _suffix(level)) for name in HEARD], axis=1)
                if level == "held" and np.isnan(heard[:, 1]).all():
                    continue
                for value, which in one.parts(by):
                    facts = {"level": level, "by": by or "all", "value": value}
                    parts.setdefault(value, []).append(_row(one, heard, which, facts, settings))
            for value in sorted(parts):
                rows += _judged(parts[value])
    return as_table(rows)


def _row(
    one: Explanations, heard: np.ndarray, which: np.ndarray, facts: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    heard = heard[which]
    relevant, random = heard[:, 1], heard[:, 2]
    drawn = units([one.ids[each] for each in which], [one.groups[each] for each in which])
    found = intervals(np.column_stack([heard, relevant - random]), drawn, **settings)
    tested = compare(relevant, random)
    row: dict[str, Any] = {
        "method": one.method,
        "asked": one.asked,
        "right": one.right,
        **facts,
        "explanations": len(which),
        "without_regions": int(np.isnan(relevant).sum()),
        "clips": tested.clips,
        "drawn": drawn.what,
        "units": drawn.count,
    }
    for name, each in zip((*HEARD, "difference"), found, strict=True):
        row |= spread(name, each)
    told = tested.to_dict()
    row |= {name: told[name] for name in ("t", "p_t", "p_wilcoxon", "d_z", "rank_biserial")}
    return row | {"note": drawn.note}


def _judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for name in ("p_t", "p_wilcoxon"):
        for row, p in zip(rows, holm([row[name] for row in rows]), strict=True):
            row[f"{name}_holm"] = p
    for row in rows:
        row["outcome"] = outcome(row)
        row["verdict"] = verdict(row)
    return rows


def outcome(row: Mapping[str, Any]) -> str:
    """``beats``, ``does not``, ``worse``, or ``untested`` where fewer than two clips could be compared."""
    p, low, high = row["p_wilcoxon_holm"], row["difference_low"], row["difference_high"]
    if p is None or low is None:
        return "untested"
    if p < ALPHA and low > 0.0:
        return "beats"
    return "worse" if p < ALPHA and high < 0.0 else "does not"


def verdict(row: Mapping[str, Any]) -> str:
    """A row's outcome as a sentence.

    >>> verdict({"method": "lrp", "outcome": "beats", "p_relevant": 0.8, "p_random": 0.3, "difference": 0.5,
    ...          "difference_low": 0.41, "difference_high": 0.6, "clips": 40})
    'lrp: relevant-only beats random-only (0.80 against 0.30, +0.50 [+0.41, +0.60], 40 clips).'
    """
    count = f"{row['clips']} clip{'' if row['clips'] == 1 else 's'}"
    if row["outcome"] == "untested":
        return f"{row['method']}: {count} with a relevant part and random ones are too few to compare them."
    says = {
        "beats": "relevant-only beats random-only",
        "does not": "relevant-only does not beat random-only",
        "worse": "relevant-only is worse than random-only",
    }[row["outcome"]]
    # Signed and rounded to two digits, without a minus before zero.
    difference, low, high = (
        f"{round(row[name], 2) + 0.0:+.2f}" for name in ("difference", "difference_low", "difference_high")
    )
    means = f"{row['p_relevant']:.2f} against {row['p_random']:.2f}"
    return f"{row['method']}: {says} ({means}, {difference} [{low}, {high}], {count})."


def spread(name: str, interval: Interval | None) -> dict[str, float | None]:
    """An interval as three columns: ``name``, ``name_low``, ``name_high``."""
    if interval is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _suffix(level: str) -> str:
    return "" if level == "own" else "_held"
