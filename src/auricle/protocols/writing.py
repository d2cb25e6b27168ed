"""A comparison as files: cases as they are found, then tables, figures and failures."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from auricle.datasets.dataset import table_of
from auricle.errors import AuricleError
from auricle.evaluation.writing import csv_bytes, json_bytes, parquet_bytes
from auricle.files import make_folder, write_whole
from auricle.protocols.columns import COLUMNS
from auricle.protocols.comparing import Comparison
from auricle.protocols.summary import Figure

ABOUT = ("clip", "group", "condition", "label", "labels", "in clip", "explainer", "kind")
HEARD = ("p", "kept", "removed")
CASES = "cases.csv"


class CaseFile:
    """``cases.csv``, a row a case and explainer, on disk as soon as its clip is done: an interruption loses none."""

    def __init__(self, folder: Path, *, legacy: bool) -> None:
        self.path = make_folder(folder) / CASES
        measured = [each.name for each in COLUMNS.values() if legacy or not each.legacy]
        self.columns = [*ABOUT, *HEARD, *measured]

    def __enter__(self) -> CaseFile:
        try:
            self._file = open(self.path, "w", newline="", encoding="utf-8")
        except OSError as error:
            raise AuricleError(f"{self.path} cannot be written ({error.strerror}); choose another folder") from error
        self._rows = csv.DictWriter(self._file, self.columns, restval="", lineterminator="\n")
        self._rows.writeheader()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, where: TracebackType | None) -> None:
        self._file.close()

    def keep(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows.writerows(rows)
        self._file.flush()


def write_comparison(
    folder: Path, found: Comparison, figures: Sequence[Figure], facts: Mapping[str, Any], *, legacy: bool
) -> None:
    """Write ``cases.parquet``, ``clips.csv``, ``summary.csv``, ``comparison.json``, and ``failures.csv`` if any.

    ``cases.csv`` has been written on the way, see `CaseFile`.
    """
    names = CaseFile(folder, legacy=legacy).columns
    cases = [{name: row.get(name) for name in names} for row in found.rows]
    write_whole(folder / "cases.parquet", parquet_bytes(table_of(cases)))
    clips = [{**row, "recipe": json.dumps(row["recipe"])} for row in found.clips]
    write_whole(folder / "clips.csv", csv_bytes(table_of(clips)))
    write_whole(folder / "summary.csv", csv_bytes(table_of([flat(each) for each in figures])))
    if found.failures:
        failed = [{"id": each.id, "reason": each.reason} for each in found.failures]
        write_whole(folder / "failures.csv", csv_bytes(table_of(failed)))
    else:
        (folder / "failures.csv").unlink(missing_ok=True)  # of an earlier run
    told = {**facts, "figures": [each.to_dict() for each in figures], "failures": len(found.failures)}
    write_whole(folder / "comparison.json", json_bytes(told))


def flat(figure: Figure) -> dict[str, Any]:
    """A figure as one row of a table."""
    row: dict[str, Any] = {
        "condition": figure.condition,
        "explainer": figure.explainer,
        "kind": figure.kind,
        "column": figure.column,
        "cases": figure.cases,
        "clips": figure.value.clips,
    }
    of = {"": figure.value, " over random": figure.over_random, " over best map": figure.over_best_map}
    for name, value in of.items():
        for part in ("mean", "low", "high"):
            row[f"{part}{name}"] = None if value is None else getattr(value, part)
    return {**row, "best map": figure.best_map}
