"""The clips that show a concept best, each from somewhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Rank = Literal["relevance", "activation"]
"""By R_k, what the decision used most (RelMax), or by ‖V_kᵀ a‖, where there is most of it (ActMax); Achtibat et al.
2023, doi 10.1038/s42256-023-00711-8."""

COLUMN: dict[Rank, str] = {"relevance": "relevance", "activation": "strength"}


@dataclass(frozen=True)
class Prototype:
    """A stretch of a clip, ``start`` to ``end`` in its seconds, that shows a concept; ``score`` is what it has of it.

    clip: its name. source: its file, if it has one. group: the speaker, patient or the like, or else the file.
    """

    clip: str
    source: str | None
    group: str
    start: float
    end: float
    score: float


def choose_prototypes(rows: Sequence[Mapping[str, Any]], rank: Rank, count: int) -> tuple[Prototype, ...]:
    """At most ``count`` of a concept's rows, best first.

    Each group gives one before any gives a second, and no file gives two. Clips without a positive score are no
    example. The order of ``rows`` does not matter.
    """
    column = COLUMN[rank]
    showing = [row for row in rows if row[column] > 0]
    showing.sort(key=lambda row: (-row[column], row["clip"]))
    files: set[str] = set()
    of_group: dict[str, int] = {}
    turns = []
    for row in showing:
        file = row["source"] or row["clip"]
        if file in files:
            continue
        files.add(file)
        turn = of_group.get(row["group"], 0)
        of_group[row["group"]] = turn + 1
        turns.append((turn, row))
    turns.sort(key=lambda each: each[0])  # stable: within a turn the best stay first
    chosen = sorted((row for _, row in turns[:count]), key=lambda row: (-row[column], row["clip"]))
    return tuple(
        Prototype(row["clip"], row["source"], row["group"], row["start"], row["end"], row[column]) for row in chosen
    )
