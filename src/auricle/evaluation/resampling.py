"""Intervals of scores: whole groups are drawn with replacement, as new speakers would come; without groups, clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auricle.evaluation.predictions import facts_of

if TYPE_CHECKING:
    import pyarrow as pa

DRAWS = 1000
FEWEST_DRAWS = 200
WORK = 10**8
"""Numbers (draws × clips × classes) that a bootstrap looks at; of large tables fewer draws are made."""
CHUNK = 4 * 10**6
FEW = 10
"""With fewer units than this an interval is rough."""


@dataclass(frozen=True, eq=False)
class Units:
    """What is drawn: the unit number of every clip ``[N]``, how many there are, and what they are called."""

    of_clip: np.ndarray
    count: int
    what: str
    note: str = ""


def units_of(table: pa.Table) -> Units:
    """Groups (speakers, patients) if there are two or more; else recordings that were cut into slices; else clips."""
    group, clips = facts_of(table).group, table.num_rows
    note = ""
    if group is not None:
        values = table[group].to_pylist()
        known = {each for each in values if each is not None}
        if len(known) > 1:
            units = _numbered([("unknown", row) if each is None else each for row, each in enumerate(values)])
            few = f"{units[1]} {group}s are few, so the interval is rough" if units[1] < FEW else ""
            return Units(*units, what=group, note=few)
        if known:
            note = f"all clips are of one {group} ({next(iter(known))}), so the interval says nothing of others"
    units = _numbered(table["path"].to_pylist()) if "path" in table.column_names else (np.arange(clips), clips)
    if 1 < units[1] < clips:
        return Units(*units, what="recording", note=note)
    return Units(np.arange(clips), clips, what="clip", note=note)


Scores = Mapping[str, np.ndarray]


def bootstrap(
    scores: Callable[[np.ndarray], Scores],
    units: Units,
    *,
    draws: int,
    classes: int,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float] | None]:
    """Percentile intervals (Efron 1979) of ``scores(weights [D, N])``; None where most draws have none."""
    if units.count < 2 or draws == 0:
        return {}
    generator = np.random.default_rng(seed)
    clips = len(units.of_clip)
    draws = min(draws, max(WORK // (clips * classes), FEWEST_DRAWS))
    found: dict[str, list[np.ndarray]] = {}
    left = draws
    while left:
        now = min(left, max(CHUNK // (clips * classes), 1))
        drawn = generator.multinomial(units.count, np.full(units.count, 1 / units.count), size=now)
        for name, values in scores(drawn[:, units.of_clip].astype(float)).items():
            found.setdefault(name, []).append(values)
        left -= now
    tail = (1 - confidence) / 2
    intervals: dict[str, tuple[float, float] | None] = {}
    for name, parts in found.items():
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        ends = np.quantile(values, [tail, 1 - tail]) if len(values) * 2 >= draws else None
        intervals[name] = None if ends is None else (float(ends[0]), float(ends[1]))
    return intervals


def _numbered(values: list[object]) -> tuple[np.ndarray, int]:
    place: dict[object, int] = {}
    numbers = np.array([place.setdefault(each, len(place)) for each in values], np.int64)
    return numbers, len(place)
