"""Is what a method calls relevant enough for the model? AudibleXAI's table, with its uncertainty.

The probability of the true class is measured on the original sound, on its relevant part alone, on random parts of the
same sizes alone, and on the sound without its relevant part; at each sound's own level, and held at the level of the
original (``level`` own and held). What is tested is *relevant less random*: by speakers or patients where they are
known, since clips of one speaker are no independent witnesses, else clip by clip.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.metrics.bootstrap import Interval
from auricle.study.tables.columns import Explanations, as_table, sets_of
from auricle.study.tables.comparing import GroupComparison, compare, compare_groups, holm
from auricle.study.tables.resampling import DRAWS, intervals, units

if TYPE_CHECKING:
    import pyarrow as pa

HEARD = ("p_original", "p_relevant", "p_random", "p_removed")
ALPHA = 0.05
TESTED_GROUPS = 3
"""With fewer known groups than this the spread between groups cannot be told, and clips are tested."""
T_GROUPS = 20
"""With fewer groups than this the percentile bootstrap over groups is too narrow, and the t interval is taken."""
NOT_JUDGED = "not judged"


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
    regions but for ``p_original``. Their intervals draw groups where groups are known (``drawn``).

    ``difference`` is relevant less random, the mean over clips, with tests and effect sizes over clips
    (`comparing.Comparison`). ``p`` is what the verdict rests on: with 3 or more known groups the t-test of the group
    means (``tested`` groups, their number in ``groups``; `comparing.compare_groups`), else Wilcoxon's over clips
    (``tested`` clips). A clip of unknown group counts as a group of its own. ``difference_low`` and
    ``difference_high`` are the t interval over group means with 2 to 19 groups, because the percentile bootstrap of so
    few is too narrow (every group counts the same in it, so with groups of unequal size its middle is not the
    difference); else the bootstrap. ``p_holm``, ``p_t_holm`` and ``p_wilcoxon_holm`` are corrected over the
    ``methods`` methods of the same row (Holm 1979).

    ``outcome``: beats if the interval lies above 0 and ``p_holm`` is below 0.05, worse if below 0, else does not;
    untested where clips are so few that no result could pass (``methods`` · 2^(1 - clips) ≥ 0.05); not judged where
    the prediction is wrong and something else than the true class is explained, since the probabilities are those of
    the true class. ``verdict`` says it in a sentence.
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
    ids, groups = [one.ids[each] for each in which], [one.groups[each] for each in which]
    drawn = units(ids, groups)
    found = intervals(heard, drawn, **settings)
    tested = compare(relevant, random)
    difference = _difference(relevant - random, ids, groups, settings)
    by_groups = difference.by_groups
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
    for name, each in zip((*HEARD, "difference"), (*found, difference.interval), strict=True):
        row |= spread(name, each)
    told = tested.to_dict()
    row |= {name: told[name] for name in ("t", "p_t", "p_wilcoxon", "d_z", "rank_biserial")}
    row["tested"] = "groups" if by_groups else "clips"
    row["groups"] = by_groups.groups if by_groups else None
    row["p"] = by_groups.p if by_groups else tested.p_wilcoxon
    return row | {"note": "; ".join(filter(None, (drawn.note, difference.note)))}


@dataclass(frozen=True)
class _Difference:
    """Relevant less random: its interval, the test by groups if there are enough, and what a reader should know."""

    interval: Interval | None
    by_groups: GroupComparison | None
    note: str


def _difference(
    values: np.ndarray, ids: Sequence[str], groups: Sequence[str | None], settings: Mapping[str, Any]
) -> _Difference:
    """Of ``values [N]``, NaN where nothing could be heard: groups count as known only by clips that are compared."""
    held: list[int] = np.flatnonzero(np.isfinite(values)).tolist()
    compared, mine = values[held], [groups[each] for each in held]
    drawn = units([ids[each] for each in held], mine)
    known = {each for each in mine if each is not None}
    interval = intervals(compared[:, None], drawn, **settings)[0]
    notes, by_groups = [], None
    if drawn.what == "group":
        unit_of: list[Hashable] = drawn.of_row.tolist()
        by_groups = compare_groups(compared, unit_of, confidence=settings["confidence"])
        mean = float(compared.mean())
        if by_groups.groups < T_GROUPS:
            interval = Interval(mean, by_groups.low, by_groups.high, len(compared))
        if abs(by_groups.difference - mean) > (by_groups.high - by_groups.low) / 2.0:
            notes.append(
                f"groups of many clips differ from the others: the difference is {mean:+.2f} over clips and "
                f"{by_groups.difference:+.2f} over groups, each counted once"
            )
    if 0 < len(known) < TESTED_GROUPS:
        count = f"{len(known)} group{'' if len(known) == 1 else 's'}"
        notes.append(f"clips of only {count} were compared, so clips are tested and other groups may differ")
    return _Difference(interval, by_groups if len(known) >= TESTED_GROUPS else None, "; ".join(notes))


def _judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for name in ("p_t", "p_wilcoxon", "p"):
        for row, p in zip(rows, holm([row[name] for row in rows]), strict=True):
            row[f"{name}_holm"] = p
    methods = sum(row["p"] is not None for row in rows)
    for row in rows:
        row["methods"] = methods
        row["outcome"] = outcome(row)
        row["verdict"] = verdict(row)
    return rows


def outcome(row: Mapping[str, Any]) -> str:
    """``beats``, ``does not``, ``worse``, ``untested`` or ``not judged``, see `faithfulness`."""
    if not row["right"] and row["asked"] != "true":
        return NOT_JUDGED
    p, low, high, mean = row["p_holm"], row["difference_low"], row["difference_high"], row["difference"]
    if p is None or low is None:
        return "untested"
    if p < ALPHA and min(low, mean) > 0.0:
        return "beats"
    if p < ALPHA and max(high, mean) < 0.0:
        return "worse"
    few = row["tested"] == "clips" and p >= ALPHA and row["clips"] < clips_needed(row["methods"])
    return "untested" if few else "does not"


def clips_needed(methods: int) -> int:
    """Clips with which Wilcoxon's test, corrected for ``methods`` methods, can be significant: K · 2^(1 - n) < 0.05.

    >>> clips_needed(1), clips_needed(9)
    (6, 9)
    """
    return max(2, math.floor(1.0 + math.log2(max(methods, 1) / ALPHA)) + 1)


def verdict(row: Mapping[str, Any]) -> str:
    """A row's outcome as a sentence.

    >>> verdict({"method": "lrp", "outcome": "beats", "p_relevant": 0.8, "p_random": 0.3, "difference": 0.5,
    ...          "difference_low": 0.41, "difference_high": 0.6, "p_holm": 0.003, "clips": 40, "groups": 6})
    'lrp: relevant-only beats random-only (0.80 against 0.30, +0.50 [+0.41, +0.60], p 0.003, 40 clips, 6 groups).'
    """
    method, clips = row["method"], f"{row['clips']} clip{'' if row['clips'] == 1 else 's'}"
    if row["outcome"] == NOT_JUDGED:
        return (
            f"{method}: not judged, because another class than the true one is explained "
            "and the probabilities are those of the true class."
        )
    if row["outcome"] == "untested":
        return (
            f"{method}: {clips} with a relevant part and random ones {'is' if row['clips'] == 1 else 'are'} too few to "
            f"compare them; it takes {clips_needed(row['methods'])} or more."
        )
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
    p = "p < 0.001" if row["p_holm"] < 0.001 else f"p {row['p_holm']:.3f}"
    count = clips if row["groups"] is None else f"{clips}, {row['groups']} groups"
    return f"{method}: {says} ({means}, {difference} [{low}, {high}], {p}, {count})."


def spread(name: str, interval: Interval | None) -> dict[str, float | None]:
    """An interval as three columns: ``name``, ``name_low``, ``name_high``."""
    if interval is None:
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _suffix(level: str) -> str:
    return "" if level == "own" else "_held"
