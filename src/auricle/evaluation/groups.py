"""Errors group by group, because they hide there: who is misheard, where, and as what."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.evaluation.predictions import OWN, facts_of

if TYPE_CHECKING:
    import pyarrow as pa

MOST_VALUES = 20
"""Columns with more different values are no groups, unless the data set says that they are."""
SHOWN = 3
"""Confusions that are named of each group."""
UNKNOWN = "unknown"


def wilson(errors: int, clips: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927), which takes clips as independent.

    >>> [round(end, 4) for end in wilson(0, 10)]
    [0.0, 0.2775]
    """
    share, spread = errors / clips, z * z / clips
    centre = (share + spread / 2) / (1 + spread)
    reach = z * math.sqrt(share * (1 - share) / clips + spread / (4 * clips)) / (1 + spread)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def group_columns(table: pa.Table) -> list[str]:
    """The group first, then every other column of few different values that describes clips, such as gender or site."""
    import pyarrow as pa

    facts = facts_of(table)
    found = [facts.group] if facts.group else []
    for name in table.column_names:
        skipped = name in ("id", "path", "start", "seconds", facts.task, facts.group, *OWN[1:])
        kind = table.schema.field(name).type
        if skipped or name.startswith(("p(", "logit(")) or pa.types.is_floating(kind) or pa.types.is_nested(kind):
            continue
        values = len({each for each in table[name].to_pylist() if each is not None})
        if 2 <= values <= min(MOST_VALUES, table.num_rows // 2):
            found.append(name)
    return found


def errors_by_group(table: pa.Table) -> list[dict[str, Any]]:
    """One row for each value of each of `group_columns`, the worst of a column first.

    ``column``, ``value``, ``clips``, ``errors``, ``error_rate`` with its Wilson interval ``low`` to ``high``, and
    ``heard_as``: its most frequent confusions. With several labels a clip, an error is any label too many or too few,
    and no confusions are named.
    """
    multi_label = facts_of(table).multi_label
    wrong = ~table["correct"].to_numpy(zero_copy_only=False).astype(bool)
    pairs = [] if multi_label else list(zip(table["actual"].to_pylist(), table["predicted"].to_pylist(), strict=True))
    rows = []
    for column in group_columns(table):
        values = np.array([UNKNOWN if each is None else str(each) for each in table[column].to_pylist()])
        mine = []
        for value in dict.fromkeys(values.tolist()):
            places = np.flatnonzero(values == value)
            errors = int(wrong[places].sum())
            low, high = wilson(errors, len(places))
            confused = Counter(pairs[place] for place in places if wrong[place]) if pairs else Counter()
            mine.append({
                "column": column,
                "value": value,
                "clips": len(places),
                "errors": errors,
                "error_rate": errors / len(places),
                "low": low,
                "high": high,
                "heard_as": ", ".join(f"{one} → {other} {n}×" for (one, other), n in confused.most_common(SHOWN)),
            })  # fmt: skip
        rows += sorted(mine, key=lambda row: (-row["error_rate"], -row["clips"], row["value"]))
    return rows


def confusions(table: pa.Table, limit: int = 10) -> list[tuple[str, str, int]]:
    """What was most often taken for what: actual, predicted, how many clips."""
    pairs = zip(table["actual"].to_pylist(), table["predicted"].to_pylist(), table["correct"].to_pylist(), strict=True)
    counted = Counter((one, other) for one, other, right in pairs if not right)
    return [(one, other, count) for (one, other), count in counted.most_common(limit)]


def participants(table: pa.Table) -> list[dict[str, Any]]:
    """One row a group (a speaker), the worst first: what is known of it, its clips, errors and error rate.

    Known of a group is every column that has one value for all of its clips, as its gender. Raises `AuricleError` where
    the data set names no groups.
    """
    facts = facts_of(table)
    if facts.group is None:
        raise AuricleError(
            f"{facts.data} does not say who is heard in which clip, so there are no participants to list"
        )
    group = [UNKNOWN if each is None else str(each) for each in table[facts.group].to_pylist()]
    skipped = {"id", "path", facts.group, facts.task, *OWN}
    known: dict[str, dict[str, Any]] = {}
    for name in table.column_names:
        if name in skipped or name.startswith(("p(", "logit(")):
            continue
        values: dict[str, set[str]] = {}
        for mine, value in zip(group, map(str, table[name].to_pylist()), strict=True):
            values.setdefault(mine, set()).add(value)
        if all(len(each) == 1 for each in values.values()):
            known[name] = {mine: next(iter(each)) for mine, each in values.items()}
    rows = [row for row in errors_by_group(table) if row["column"] == facts.group]
    return [
        {
            facts.group: row["value"],
            **{name: values[row["value"]] for name, values in known.items()},
            **{name: row[name] for name in ("clips", "errors", "error_rate", "low", "high", "heard_as")},
        }
        for row in rows
    ]
