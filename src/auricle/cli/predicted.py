"""Tables of predictions and of participants, printed for a person, as JSON, or as CSV."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from auricle.errors import AuricleError
from auricle.evaluation.choosing import choose, conditions, flags
from auricle.evaluation.groups import participants
from auricle.evaluation.predictions import OWN, facts_of, read_predictions
from auricle.evaluation.writing import csv_bytes, json_bytes

if TYPE_CHECKING:
    import pyarrow as pa

READ = 20
"""Rows that a person is shown unless more are asked for."""


def chosen_rows(words: Sequence[str], *, wrong: bool | None, where: Sequence[str]) -> tuple[pa.Table, int]:
    """The rows that are asked for, and how many there are in all; ``words`` are the folder and flags of columns."""
    folder, columns = _folder(words)
    table = read_predictions(folder)
    wanted = conditions(where, table)
    for column, values in flags(columns, table).items():
        wanted.setdefault(column, []).extend(values)
    return choose(table, wrong=wrong, where=wanted), table.num_rows


def print_rows(table: pa.Table, *, total: int, wrong: bool | None, style: str, limit: int | None) -> None:
    """Clips with what they are and what was heard; as JSON and CSV with all columns."""
    if style != "text":
        _print(choose(table, limit=limit), style)
        return
    shown = choose(table, limit=limit or READ)
    kind = {True: "wrong", False: "right", None: ""}[wrong]
    typer.echo(" ".join(f"{table.num_rows} of {total} predictions {kind or 'chosen'}".split()))
    if not table.num_rows:
        return
    facts = facts_of(table)
    skipped = ("path", "correct", facts.task, *(() if len(set(table["split"].to_pylist())) > 1 else ("split",)))
    names = [name for name in shown.column_names if name not in skipped and not name.startswith(("p(", "logit("))]
    own = [name for name in names if name in OWN]
    names = ["id", *(name for name in names if name not in (*own, "id")), *own]
    typer.echo(aligned([{name: row[name] for name in names} for row in shown.to_pylist()]))
    if shown.num_rows < table.num_rows:
        typer.echo(f"… {table.num_rows - shown.num_rows} more; --limit {table.num_rows} shows all")


def print_participants(table: pa.Table, *, style: str, limit: int | None) -> None:
    """Who is heard: the group's value, what is known of it, clips and errors."""
    import pyarrow as pa

    if not table.num_rows:
        typer.echo("no prediction is like that")
        return
    rows = participants(table)[:limit]
    if style != "text":
        _print(pa.Table.from_pylist(rows), style)
        return
    known = [row | {"error_rate": f"{100 * row['error_rate']:.1f} %"} for row in rows]
    typer.echo(aligned([{name: value for name, value in row.items() if name not in ("low", "high")} for row in known]))


def aligned(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as text in columns, numbers to the right.

    >>> print(aligned([{"id": "a", "probability": 0.5}, {"id": "long", "probability": 0.25}]))
    id    probability
    a           0.500
    long        0.250
    """
    names = list(rows[0])
    texts = [[_text(row[name]) for name in names] for row in rows]
    right = [all(isinstance(row[name], int | float) or row[name] is None for row in rows) for name in names]
    right = [each or all(line[place].endswith(" %") for line in texts) for place, each in enumerate(right)]
    widths = [max(len(name), *(len(line[place]) for line in texts)) for place, name in enumerate(names)]
    lines = []
    for line in [names, *texts]:
        cells = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _folder(words: Sequence[str]) -> tuple[Path, list[str]]:
    """The one word that belongs to no flag, and the flags with their values."""
    folders, columns, rest = [], [], list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            folders.append(word)
            continue
        columns.append(word)
        if "=" not in word and rest:
            columns.append(rest.pop(0))
    if len(folders) != 1:
        what = "no folder was given" if not folders else f"{' and '.join(folders)} are two folders"
        raise AuricleError(f"{what}; give one that 'auricle train', 'auricle kfold' or 'auricle evaluate' wrote")
    return Path(folders[0]), columns


def _print(table: pa.Table, style: str) -> None:
    content = csv_bytes(table) if style == "csv" else json_bytes(table.to_pylist())
    sys.stdout.write(content.decode())


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
