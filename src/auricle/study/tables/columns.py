"""The store's tables as arrays: measured columns joined with what is known of each clip.

Conventions: ``evaluated`` has a table of ``evaluate`` for each method, ``predicted`` is the table of ``predict``. An
explanation is a row of ``evaluated[method]``. Sets of explanations are kept apart, because they answer different
questions: those of the predicted class where it is right (``right``), and of the predicted class, the true class and
their contrast where it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError, nearest
from auricle.metrics.registry import METRICS

if TYPE_CHECKING:
    import pyarrow as pa

ASKED = ("predicted", "true", "contrast")

HIGHER_IS_BETTER: dict[str, bool | None] = {
    **{name: facts.higher_is_better for name, facts in METRICS.items()},
    **dict.fromkeys(("p_relevant", "p_relevant_held", "relevant-random", "relevant-random_held"), True),
    **dict.fromkeys(("p_removed", "p_removed_held"), False),
    **dict.fromkeys(("p_original", "p_original_held", "p_random", "p_random_held"), None),
    **dict.fromkeys(("loc_mass", "loc_hit", "loc_iou", "loc_auc", "loc_rank", "stability"), True),
    **dict.fromkeys(("loc_area", "loc_energy_mass", "loc_energy_hit", "loc_energy_auc", "loc_energy_rank"), None),
    "sanity": False,
}
"""Of every column that is measured on an explanation; None where neither is better, as of controls."""


@dataclass(frozen=True, eq=False)
class Explanations:
    """One set of explanations of one method: its ``asked`` and whether predictions are ``right``, and its rows.

    ids, classes (the actual ones, a tuple a clip) and groups are ``[N]``.
    """

    method: str
    asked: str
    right: bool
    ids: list[str]
    classes: list[tuple[str, ...]]
    groups: list[str | None]
    known: dict[str, list[Any]]
    table: pa.Table

    def __len__(self) -> int:
        return len(self.ids)

    def numbers(self, name: str) -> np.ndarray:
        """A measured column ``[N]``, NaN where nothing was; ``relevant-random`` is p_relevant less p_random."""
        if name.startswith("relevant-random"):
            held = name.removeprefix("relevant-random")
            return self.numbers(f"p_relevant{held}") - self.numbers(f"p_random{held}")
        if name.startswith("p_random") and name.replace("p_random", "p_randoms") in self.table.column_names:
            return self._random(name)
        if name == "p_original_held" and name not in self.table.column_names:
            name = "p_original"
        if name not in self.table.column_names:
            return np.full(len(self), np.nan)
        return _floats(self.table[name].to_pylist())

    def _random(self, name: str) -> np.ndarray:
        """Of each clip the mean over its random controls; where they are not told one by one, as it was stored."""
        stored = self.table[name].to_pylist() if name in self.table.column_names else [None] * len(self)
        each = self.table[name.replace("p_random", "p_randoms")].to_pylist()
        return _floats([float(np.mean(many)) if many else one for many, one in zip(each, stored, strict=True)])

    def parts(self, by: str | None) -> list[tuple[str, np.ndarray]]:
        """The values of ``by`` with the numbers of their rows: ``class``, ``group``, a column of ``predict``, or None.

        A clip of several classes counts for each of them.
        """
        if by is None:
            return [("", np.arange(len(self)))]
        if by == "class":
            values: list[tuple[str, ...]] = self.classes
        elif by == "group":
            values = [(each,) if each is not None else () for each in self.groups]
        elif by in self.known:
            values = [(str(each),) if each is not None else () for each in self.known[by]]
        else:
            raise AuricleError(
                f'clips cannot be told apart by "{by}"; {nearest(by, ["class", "group", *self.known])}'
            )
        names = sorted({each for several in values for each in several})
        return [(name, np.array([row for row, v in enumerate(values) if name in v], np.int64)) for name in names]


def sets_of(evaluated: Mapping[str, pa.Table], predicted: pa.Table) -> Iterator[list[Explanations]]:
    """Sets with the same question, a list over methods each: right ones first, then wrong ones by what was asked."""
    import pyarrow as pa

    facts = {row["id"]: row for row in predicted.drop_columns(_heavy(predicted)).to_pylist()}
    if not evaluated:
        raise AuricleError("no method was evaluated, so there is nothing to compare; run the stage evaluate first")
    for right, asked in ((True, "predicted"), *((False, each) for each in ASKED)):
        found = []
        for method, table in evaluated.items():
            ids, asks = table["id"].to_pylist(), table["asked"].to_pylist()
            unknown = next((each for each in ids if each not in facts), None)
            if unknown is not None:
                raise AuricleError(f'{method} explains "{unknown}", which was never predicted; run the study again')
            rows = [
                row for row, each in enumerate(ids) if asks[row] == asked and bool(facts[each]["correct"]) == right
            ]
            if rows:
                mine = table.take(pa.array(rows, pa.int64()))
                found.append(_explanations(method, asked, right, mine, facts))
        if found:
            yield found


def as_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table; a column without any value holds numbers."""
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([row.get(name) for row in rows]) for name in names}
    return pa.table({
        name: each.cast(pa.float64()) if pa.types.is_null(each.type) else each for name, each in columns.items()
    })  # fmt: skip


def measured(tables: Sequence[pa.Table]) -> list[str]:
    """Columns of numbers that the tables of ``evaluate`` have values of, in their order, and relevant less random."""
    import pyarrow as pa

    found: dict[str, None] = {}
    for table in tables:
        for field in table.schema:
            number = pa.types.is_floating(field.type) or pa.types.is_boolean(field.type)
            if number and table[field.name].null_count < table.num_rows:
                found[field.name] = None
    for held in ("", "_held"):
        if f"p_relevant{held}" in found and f"p_random{held}" in found:
            found[f"relevant-random{held}"] = None
    return list(found)


def _explanations(
    method: str, asked: str, right: bool, table: pa.Table, facts: Mapping[str, Mapping[str, Any]]
) -> Explanations:
    ids = table["id"].to_pylist()
    column: Callable[[str], list[Any]] = lambda name: [facts[each].get(name) for each in ids]  # noqa: E731
    more = [name for name in next(iter(facts.values())) if name not in ("id", "key", "actual", "group", "correct")]
    return Explanations(
        method=method,
        asked=asked,
        right=right,
        ids=ids,
        classes=[_several(each) for each in column("actual")],
        groups=column("group"),
        known={name: column(name) for name in more},
        table=table,
    )


def _several(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _heavy(table: pa.Table) -> list[str]:
    return [name for name in ("probabilities", "logits", "content_hash") if name in table.column_names]


def _floats(values: Sequence[Any]) -> np.ndarray:
    return np.array([np.nan if each is None else float(each) for each in values], np.float64)
