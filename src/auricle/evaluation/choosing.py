"""Choosing rows of a predictions table: the wrong ones, those of a speaker, those of a label heard as another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.datasets.fsdd import DIGITS
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

Where = Mapping[str, str | Sequence[str]]


def choose(
    table: pa.Table, *, wrong: bool | None = None, where: Where | None = None, limit: int | None = None
) -> pa.Table:
    """The wrong rows (surest mistakes first), or the right ones, whose columns have these values (one of a list).

    Values are compared as text, numbers as numbers (``1`` finds ``01``), a digit finds its word (``2`` finds ``two``),
    and a list column is searched for its members. At most ``limit`` rows. Raises `AuricleError` for an unknown column,
    and for a value that no row has; a combination that no row has gives an empty table.

    >>> import pyarrow as pa
    >>> said = {"digit": ["two", "two", "six"], "correct": [True, False, False], "probability": [0.9, 0.6, 0.8]}
    >>> table = pa.table(said)
    >>> choose(table, wrong=True)["digit"].to_pylist(), choose(table, where={"digit": "2"}).num_rows
    (['six', 'two'], 2)
    """
    import pyarrow as pa

    if limit is not None and limit < 1:
        raise AuricleError(f"a limit of {limit} leaves nothing; give at least 1")
    keep = np.ones(table.num_rows, bool)
    for column, wanted in (where or {}).items():
        keep &= _has(table, column, [wanted] if isinstance(wanted, str) else list(wanted))
    if wrong is not None:
        keep &= table["correct"].to_numpy(zero_copy_only=False).astype(bool) != wrong
    numbers = np.flatnonzero(keep)
    if wrong:
        sure = table["probability"].to_numpy()[numbers]
        numbers = numbers[np.argsort(-sure, kind="stable")]
    return table.take(pa.array(numbers[:limit], pa.int64()))


def flags(arguments: Sequence[str], table: pa.Table) -> dict[str, list[str]]:
    """Flags named like columns, ``--speaker 56 --digit=2``, as ``where``; ``-`` stands for ``_`` or a space, too.

    >>> import pyarrow as pa
    >>> flags(["--native-speaker", "no", "--speaker=56"], pa.table({"native_speaker": ["no"], "speaker": ["56"]}))
    {'native_speaker': ['no'], 'speaker': ['56']}
    """
    found: dict[str, list[str]] = {}
    rest = list(arguments)
    while rest:
        flag = rest.pop(0)
        if not flag.startswith("--"):
            raise AuricleError(f'"{flag}" is out of place; write --COLUMN VALUE, for example --actual two')
        name, equals, value = flag[2:].partition("=")
        column = column_of(table, name)
        if not equals:
            if not rest:
                raise AuricleError(f"--{name} needs a value, for example --{name} {_example(table, column)}")
            value = rest.pop(0)
        found.setdefault(column, []).append(value)
    return found


def conditions(texts: Sequence[str], table: pa.Table) -> dict[str, list[str]]:
    """``COLUMN=VALUE`` texts as ``where``; a column that is named twice may have either value."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise AuricleError(f'"{text}" is no condition; write COLUMN=VALUE, for example speaker=theo')
        found.setdefault(column_of(table, name), []).append(value)
    return found


def column_of(table: pa.Table, name: str) -> str:
    """The column of this name, written as a flag or as it is."""
    if name in table.column_names:
        return name
    by_flag = {_as_flag(each): each for each in table.column_names}
    if _as_flag(name) not in by_flag:
        described = [each for each in table.column_names if not each.startswith(("p(", "logit("))]
        raise AuricleError(f'the predictions have no column "{name}"; {nearest(name, described)}')
    return by_flag[_as_flag(name)]


def _has(table: pa.Table, column: str, wanted: list[str]) -> np.ndarray:
    column = column_of(table, column)
    values = [each if isinstance(each, list) else [each] for each in table[column].to_pylist()]
    known = {member: _forms(member) for members in values for member in members}
    fitting: set[Any] = set()
    for text in wanted:
        matches = {member for member, forms in known.items() if _forms(text) & forms}
        if not matches:
            shown = sorted({str(each) for each in known})
            hint = nearest(text, shown) if len(shown) <= 20 else f"known: {', '.join(shown[:12])}, …"
            raise AuricleError(f"no prediction has {column}={text}; {hint}")
        fitting |= matches
    return np.array([not fitting.isdisjoint(members) for members in values], bool)


def _forms(value: Any) -> set[str]:
    """How a value may be written."""
    text = str(value).strip()
    forms = {text.lower()}
    if isinstance(value, bool):
        forms |= {"yes", "1"} if value else {"no", "0"}
        return forms
    try:
        number = float(text)
    except ValueError:
        return forms | ({f"{DIGITS.index(text):g}"} if text in DIGITS else set())
    return forms | {f"{number:.12g}"}


def _as_flag(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")


def _example(table: pa.Table, column: str) -> str:
    values = table[column].to_pylist()
    first = values[0] if values else "VALUE"
    return str(first[0] if isinstance(first, list) and first else first)
