"""Your own recordings in a table: CSV, TSV, JSON lines or Parquet with a path and a label in each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.datasets.dataset import About, Dataset
from auricle.datasets.folder import in_order
from auricle.datasets.reading_tables import read_table
from auricle.datasets.source import Source
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

PATHS = ("path", "file", "filename", "audio", "clip")
LABELS = ("label", "class", "category", "labels")
GROUPS = ("speaker", "patient", "subject", "site", "group")
LENGTHS = ("seconds", "duration", "end")
PARTS = ("train", "training", "validate", "validation", "valid", "val", "dev", "test", "testing", "evaluate", "eval")
"""What a column ``split`` may say."""


def open_table(file: Path, *, label: str | None = None, group: str | None = None) -> Dataset:
    """The clips that a table lists, with paths relative to the table's folder (or absolute).

    Columns are found by their names, in any case: the path (`PATHS`), the label (`LABELS`), who or what must not be
    trained and tested on at once (`GROUPS`, may be missing), ``fold`` and ``split``, and where a clip is a part of
    its file, ``start`` and one of `LENGTHS`, in seconds; parts of one recording stay together, if nothing else groups
    them. ``label`` and ``group`` name other columns. Several labels of
    one clip stand with ``;`` between them (or are lists), and make the task multi-label. All other columns are kept.
    Raises `AuricleError` that names the rows that are wrong; the first row under the header is row 1.
    """
    if not file.is_file():
        raise AuricleError(f"{file} is no file; give a table of clips as CSV, TSV, JSON lines or Parquet")
    table = read_table(file)
    names = {each.strip().lower(): each for each in reversed(table.column_names)}
    path = _column(names, table, PATHS, file, "path of the sound files")
    task = _asked(label, table, file) or _column(names, table, LABELS, file, "label")
    group = _asked(group, table, file) or next((names[each] for each in GROUPS if each in names), None)

    paths = [_text(each).replace("\\", "/") for each in table[path].to_pylist()]
    _refuse(file, (each == "" for each in paths), "no path", "write where its sound file is, or take the row out")
    if not any((file.parent / each).is_file() for each in paths):
        raise AuricleError(
            f"none of the sound files that {file} lists is there, as {file.parent / paths[0]}; paths are relative to "
            "the table's folder, so correct them or move the table"
        )
    made: dict[str, Any] = {"path": paths}
    made[task], classes = _labels(table[task].to_pylist(), task, file)
    made |= _part(table, names, file)
    for name in ("fold", "split"):
        if name in names:
            made[name] = [_text(each) for each in table[names[name]].to_pylist()]
            _refuse(file, (each == "" for each in made[name]), f"no {name}", f"fill in the {name}")
    if "split" in made:
        made["split"] = [each.lower() for each in made["split"]]
        wrong = next((each for each in made["split"] if each not in PARTS), "")
        says = f'a split "{wrong}" ({nearest(wrong, PARTS)})'
        _refuse(file, (each not in PARTS for each in made["split"]), says, "write train, validate or test")
    if group is not None:
        made[group] = [_text(each) for each in table[group].to_pylist()]
        _refuse(file, (each == "" for each in made[group]), f"no {group}", f"write the {group}, or remove the column")
    if group is None and "start" in made and len(set(paths)) < len(paths):
        group = "path"  # parts of one recording must not be trained and tested on at once
    made["id"] = _ids(table, names, made, file)
    used = {path, task, group, *(names.get(each) for each in ("id", "start", *LENGTHS, "fold", "split"))}
    return Dataset(
        name=file.stem,
        table=_together(made, table.drop_columns([each for each in table.column_names if each in used])),
        root=file.parent,
        classes={task: classes},
        group=group,
        about=SOURCE.about,
    )


def _column(names: dict[str, str], table: pa.Table, known: Sequence[str], file: Path, what: str) -> str:
    for name in known:
        if name in names:
            return names[name]
    raise AuricleError(
        f"{file} has no column for the {what}, only {', '.join(table.column_names)}; name it {' or '.join(known)}"
    )


def _asked(name: str | None, table: pa.Table, file: Path) -> str | None:
    if name is not None and name not in table.column_names:
        raise AuricleError(f'{file} has no column "{name}"; {nearest(name, table.column_names)}')
    return name


def _labels(values: list[Any], task: str, file: Path) -> tuple[list[Any], tuple[str, ...]]:
    several = any(isinstance(each, list) or ";" in _text(each) for each in values) or task.lower() == "labels"
    if several:
        split = [each if isinstance(each, list) else _text(each).split(";") for each in values]
        lists = [[_text(one) for one in each if _text(one)] for each in split]
        return lists, in_order({one for each in lists for one in each})
    texts = [_text(each) for each in values]
    _refuse(file, (each == "" for each in texts), f"no {task}", "fill it in, or take the row out")
    return texts, in_order(set(texts))


def _part(table: pa.Table, names: dict[str, str], file: Path) -> dict[str, list[float | None]]:
    """``start`` and ``seconds`` of the clips in their files, where the table has them."""
    length = next((each for each in LENGTHS if each in names), None)
    if length is None:
        if "start" in names:
            raise AuricleError(f"{file} has a column start but none for the length; add seconds or end")
        return {}
    starts = _numbers(table, names["start"], file) if "start" in names else [None] * table.num_rows
    begin: list[float | None] = [each or 0.0 for each in starts]
    _refuse(
        file,
        (each is not None and each < 0 for each in begin),
        "a negative start",
        "count seconds from the beginning of the file",
    )
    lengths = _numbers(table, names[length], file)
    if length == "end":
        lengths = [None if end is None else end - (start or 0.0) for start, end in zip(starts, lengths, strict=True)]
    missing = (a is not None and b is None for a, b in zip(starts, lengths, strict=True))
    _refuse(file, missing, f"a start but no {length}", "fill it in")
    says = "an end that is not after its start" if length == "end" else f"{length} that are not above 0"
    _refuse(file, (each is not None and each <= 0 for each in lengths), says, "correct the times")
    return {"start": begin, "seconds": lengths}


def _numbers(table: pa.Table, name: str, file: Path) -> list[float | None]:
    numbers: list[float | None] = []
    wrong = []
    for value in table[name].to_pylist():
        text = _text(value)
        try:
            numbers.append(float(text) if text else None)
        except ValueError:
            numbers.append(None)
        wrong.append(bool(text) and (numbers[-1] is None or not abs(numbers[-1]) < float("inf")))
    _refuse(file, wrong, f"a {name} that is no number", "write seconds, as 1.25")
    return numbers


def _ids(table: pa.Table, names: dict[str, str], made: dict[str, Any], file: Path) -> list[str]:
    if "id" in names:
        ids = [_text(each) for each in table[names["id"]].to_pylist()]
        again = "write another id"
    elif "start" in made:
        ids = [f"{path}@{start:g}" for path, start in zip(made["path"], made["start"], strict=True)]
        again = "take one out, or give them different starts"
    else:
        ids, again = made["path"], "take one out, or add a column id"
    _refuse(file, (each == "" for each in ids), "no id", "write one, or remove the column id")
    first = {each: number for number, each in reversed(list(enumerate(ids)))}
    _refuse(file, (first[each] != number for number, each in enumerate(ids)), "the clip of a row before", again)
    return ids


def _together(made: dict[str, Any], rest: pa.Table) -> pa.Table:
    import pyarrow as pa

    first = ["id", "path"]
    types: dict[str, Callable[[], Any]] = {"start": pa.float64, "seconds": pa.float64}
    table = pa.table({
        name: pa.array(made[name], types[name]() if name in types else None)
        for name in [*first, *(each for each in made if each not in first)]
    })  # fmt: skip
    for name in rest.column_names:
        if name not in table.column_names:
            table = table.append_column(name, rest[name])
    return table


def _refuse(file: Path, wrong: Iterable[bool], says: str, do: str) -> None:
    rows = [number for number, each in enumerate(wrong, start=1) if each]
    if rows:
        shown = ", ".join(str(each) for each in rows[:5]) + (" and others" if len(rows) > 5 else "")
        some = f"row {shown} of {file} has" if len(rows) == 1 else f"{len(rows)} rows of {file} ({shown}) have"
        raise AuricleError(f"{some} {says}; {do}")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


SOURCE = Source(
    name="table",
    about=About(
        title="Your recordings, listed in a table",
        licence="as you have agreed with those recorded",
        homepage="",
        citation="",
    ),
    layout="CSV, TSV, JSON lines or Parquet: path, label; perhaps speaker, fold, split, start, seconds",
    open=open_table,
    by_hand="give your own table of clips, as CSV, TSV, JSON lines or Parquet",
)
