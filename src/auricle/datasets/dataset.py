"""A data set: a table with one row a clip, and the way from a row to its sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.clip import Clip, load_clip, load_part
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

    from auricle.datasets.splits import Split

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class About:
    """What a data set is, and on which terms: shown before anything is downloaded."""

    title: str
    licence: str
    homepage: str
    citation: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Clips as rows of a table; the sound itself stays on disk until `load`.

    ``table`` (pyarrow) has at least ``id`` (unique; never only a label-bearing file name) and ``path`` (relative to
    ``root``, with ``/``). A row that is a part of its file also has ``start`` and ``seconds``. ``classes`` names the
    label columns, each with its classes in the order of the network's outputs; a label column of lists is multi-label.
    ``group`` is the column (a speaker, a patient, a site) whose values must not be heard in training *and* in testing.
    ``schemes`` are the splits published with the data set, by name, see `auricle.datasets.splits`.
    """

    name: str
    table: pa.Table
    root: Path
    classes: Mapping[str, tuple[str, ...]]
    group: str | None = None
    schemes: Mapping[str, Callable[[Dataset], list[Split]]] = field(default_factory=dict)
    about: About | None = None
    sound_of: Callable[[Row], Clip] | None = None
    """How a row is heard that is no file, as of a Hugging Face data set."""
    notes: tuple[str, ...] = ()
    """What a listener should know, in sentences: which clips were left out when it was opened, and why."""

    def __post_init__(self) -> None:
        names = self.table.column_names
        for column in ("id", "path", *self.classes, *([self.group] if self.group else [])):
            if column not in names:
                raise AuricleError(f'the table of {self.name} has no column "{column}"; {nearest(column, names)}')
        if self.table.num_rows == 0:
            raise AuricleError(f"{self.name} at {self.root} holds no clips; check the folder, or a filter left none")
        ids = self.table["id"].to_pylist()
        if len(set(ids)) < len(ids):
            seen: set[str] = set()
            twice = next(each for each in ids if each in seen or seen.add(each))  # type: ignore[func-returns-value]
            raise AuricleError(f'{self.name} has the id "{twice}" twice; ids must be unique, take the relative path')

    def __len__(self) -> int:
        return int(self.table.num_rows)

    # --- rows and sound -------------------------------------------------------------------------------------

    def row(self, number: int) -> dict[str, Any]:
        """One row as plain values."""
        return self.table.slice(number, 1).to_pylist()[0]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Row by row, in the table's order; memory stays constant."""
        for batch in self.table.to_batches(max_chunksize=1024):
            yield from batch.to_pylist()

    def load(self, row: Row | int) -> Clip:
        """The clip of a row (or of a row's number), named by its id."""
        row = self.row(row) if isinstance(row, int) else row
        if self.sound_of is not None:
            return self.sound_of(row)
        path = self.root / row["path"]
        if row.get("seconds") is not None:
            return load_part(path, start=row.get("start") or 0.0, seconds=row["seconds"], name=row["id"])
        return load_clip(path, name=row["id"])

    def column(self, name: str) -> list[Any]:
        """All values of a column."""
        if name not in self.table.column_names:
            raise AuricleError(f'{self.name} has no column "{name}"; {nearest(name, self.table.column_names)}')
        return self.table[name].to_pylist()

    # --- labels ---------------------------------------------------------------------------------------------

    def classes_of(self, task: str) -> tuple[str, ...]:
        """The classes of a label column, in the order of the network's outputs."""
        if task not in self.classes:
            raise AuricleError(f'{self.name} has no labels called "{task}"; {nearest(task, self.classes)}')
        return self.classes[task]

    def is_multi_label(self, task: str) -> bool:
        """Whether a clip can have several of the column's classes, or none."""
        import pyarrow as pa

        self.classes_of(task)
        return pa.types.is_list(self.table.schema.field(task).type)

    def targets(self, task: str) -> np.ndarray:
        """What a network should say: class numbers ``[N]``; ``[N, C]`` of 0 and 1 where clips have several labels."""
        place = {label: number for number, label in enumerate(self.classes_of(task))}
        try:
            if not self.is_multi_label(task):
                return np.array([place[label] for label in self.column(task)], np.int64)
            found = np.zeros((len(self), len(place)), np.float32)
            for number, labels in enumerate(self.column(task)):
                found[number, [place[label] for label in labels or ()]] = 1.0
            return found
        except KeyError as error:
            raise AuricleError(
                f"{self.name} labels a clip {error.args[0]!r}, which is none of its classes of {task}: "
                f"{', '.join(place)}; correct the label, or filter these clips out"
            ) from error

    # --- as a table -----------------------------------------------------------------------------------------

    def filter(self, expression: Any = None, /, **equal: Any) -> Dataset:
        """The rows for which a pyarrow expression holds, and whose columns equal the values (or one of a list).

        Values are compared as text, so that ``take=5`` and ``take="5"`` are the same; a clip with several labels is
        kept if one of them is asked for.

        >>> data.filter(speaker="56", digit=["two", "three"])  # doctest: +SKIP
        """
        import pyarrow as pa

        held = np.ones(len(self), bool)
        for column, wanted in equal.items():
            among = {str(each) for each in (wanted if isinstance(wanted, list | tuple | set) else [wanted])}
            values = [value if isinstance(value, list) else [value] for value in self.column(column)]
            known = {str(each) for value in values for each in value}
            if not among & known:
                raise AuricleError(f"no clip of {self.name} has {column}={wanted}; {_some_of(known)}")
            held &= np.array([any(str(each) in among for each in value) for value in values])
        table = self.table.filter(pa.array(held))
        return self._with(table if expression is None else table.filter(expression))

    def labelled(self, task: str) -> Dataset:
        """The rows that have a label of this task; a null is "unknown", as in a challenge's hidden test."""
        self.classes_of(task)
        known = [number for number, label in enumerate(self.column(task)) if label is not None]
        if not known:
            raise AuricleError(f"no clip of {self.name} has a label of {task}; give the labels, or choose another task")
        return self if len(known) == len(self) else self.take(known)

    def take(self, numbers: Sequence[int] | np.ndarray) -> Dataset:
        """The rows of these numbers, in this order."""
        import pyarrow as pa

        return self._with(self.table.take(pa.array(np.asarray(numbers, np.int64))))

    def join(self, table: pa.Table, on: str = "id") -> Dataset:
        """With the columns of another table; rows keep their order, and those it does not know get nulls."""
        import pyarrow as pa

        if on not in table.column_names:
            raise AuricleError(f'the table to join has no column "{on}"; {nearest(on, table.column_names)}')
        both = sorted((set(table.column_names) & set(self.table.column_names)) - {on})
        if both:
            raise AuricleError(f'{self.name} has a column "{both[0]}" already; rename it in the table to join')
        keys = table[on].to_pylist()
        place = {key: number for number, key in enumerate(keys)}
        if len(place) < len(keys):
            raise AuricleError(f'the table to join has several rows for one {on}; make "{on}" unique in it')
        found = table.take(pa.array([place.get(key) for key in self.column(on)], pa.int64()))
        joined = self.table
        for column in found.column_names:
            joined = joined if column == on else joined.append_column(column, found[column])
        return self._with(joined)

    def _with(self, table: pa.Table) -> Dataset:
        return replace(self, table=table)


def _some_of(values: set[str]) -> str:
    known = sorted(values)
    return f"known: {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Rows with the same keys as a table; whole columns of None are text.

    >>> table_of([{"id": "a", "path": "a.wav", "digit": "1"}]).column_names
    ['id', 'path', 'digit']
    """
    import pyarrow as pa

    columns = {key: [row.get(key) for row in rows] for key in (rows[0] if rows else ("id", "path"))}
    made = {key: pa.array(values) for key, values in columns.items()}
    made = {key: value.cast(pa.string()) if pa.types.is_null(value.type) else value for key, value in made.items()}
    return pa.table(made)
