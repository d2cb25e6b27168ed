"""Tables of clips from files: CSV, TSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from auricle.errors import AuricleError

if TYPE_CHECKING:
    import pyarrow as pa


def read_table(file: Path) -> pa.Table:
    """A table as it is written: cells of CSV and TSV stay text (a label 01 is not the number 1)."""
    import pyarrow as pa

    readers = {".csv": _text, ".tsv": _text, ".txt": _text, ".jsonl": _json, ".ndjson": _json, ".parquet": _parquet}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise AuricleError(f"{file} is no table that can be read; save it as .csv, .tsv, .jsonl or .parquet")
    try:
        table = reader(file)
    except (pa.ArrowException, csv.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise AuricleError(f"{file} cannot be read as a table ({reason}); save it again, as UTF-8") from error
    if table.num_rows == 0:
        raise AuricleError(f"{file} lists no clips; write a header and one row for each clip")
    return table


def _text(file: Path) -> pa.Table:
    import pyarrow as pa

    with file.open(newline="", encoding="utf-8-sig") as opened:
        first = opened.readline()
        mark = next((each for each in "\t;," if each in first), ",")
        opened.seek(0)
        rows = [each for each in csv.reader(opened, delimiter=mark) if any(each)]
    header = [each.strip() for each in rows[0]] if rows else []
    if len(set(header)) < len(header):
        raise AuricleError(f"{file} has two columns of the same name; rename one of {', '.join(header)}")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise AuricleError(
                f"row {number} of {file} has {len(row)} cells, its header {len(header)}; put cells that hold "
                f'"{mark}" in quotation marks'
            )
    columns = list(zip(*rows[1:], strict=True)) if rows[1:] else [()] * len(header)
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(header, columns, strict=True)})


def _json(file: Path) -> pa.Table:
    from pyarrow import json

    return json.read_json(file)


def _parquet(file: Path) -> pa.Table:
    from pyarrow import parquet

    return parquet.read_table(file)
