"""Components as a table that a person can read and a program can use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from auricle.methods.coalitions.contributions import Contributions


@dataclass(frozen=True)
class ComponentRow:
    """One component: its name and place, its weight for the target and its standard error (None: not known).

    ``classes`` has the weight for every class, where that was asked for.
    """

    name: str
    weight: float
    standard_error: float | None
    start: float
    end: float
    low: float | None
    high: float | None
    source: str | None
    classes: dict[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON or a data frame."""
        return asdict(self)


class ComponentTable(tuple[ComponentRow, ...]):
    """The rows of all components, in the clip's order."""

    def ranked(self) -> ComponentTable:
        """The same rows, the largest weight first."""
        return ComponentTable(sorted(self, key=lambda row: -row.weight))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Every row as plain values: ``pandas.DataFrame(table.to_dicts())`` is a data frame."""
        return [row.to_dict() for row in self]

    def __str__(self) -> str:
        labels = list(self[0].classes or ()) if self else []
        head = ["component", "weight", "± error", *labels]
        body = [
            [
                row.name,
                f"{row.weight:+.3f}",
                "" if row.standard_error is None else f"{row.standard_error:.3f}",
                *(f"{value:+.3f}" for value in (row.classes or {}).values()),
            ]
            for row in self
        ]
        widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(pairs))
            for pairs in (list(zip(line, widths, strict=True)) for line in [head, *body])
        ]
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__


def component_table(found: Contributions, *, all_classes: bool = False) -> ComponentTable:
    """The components of one clip with what they contribute."""
    rows = []
    for k, each in enumerate(found.components.each):
        classes = dict(zip(found.labels, found.weights[k, 1:].tolist(), strict=True)) if all_classes else None
        error = None if found.errors is None else float(found.errors[k, 0])
        place = (each.start, each.end, each.low, each.high, each.source)
        rows.append(ComponentRow(each.name, float(found.weights[k, 0]), error, *place, classes))
    return ComponentTable(rows)
