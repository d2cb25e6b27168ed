"""An evaluation as files: Parquet and CSV for tables, JSON for the rest, each whole or not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.evaluation.confusion import percent_of_actual
from auricle.evaluation.folds import FoldSummary, over_folds
from auricle.evaluation.predictions import Failure, write_predictions
from auricle.evaluation.resampling import DRAWS
from auricle.evaluation.scores import Evaluation, evaluate
from auricle.evaluation.writing import csv_bytes, json_bytes
from auricle.files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

CORNER = "actual \\ predicted"
"""The heading of the column of actual classes in a confusion table."""


def write_evaluation(
    folder: str | Path,
    table: pa.Table,
    *,
    failures: Sequence[Failure] = (),
    reference: pa.Table | None = None,
    draws: int = DRAWS,
) -> Evaluation:
    """Evaluate a table of predictions and write both to ``folder``; returns the evaluation.

    Files: predictions (.parquet, .csv), evaluation.json, classes.csv, groups.csv, reliability.csv, failures.csv where
    clips could not be heard, and confusion.csv and confusion_percent.csv unless clips have several labels.
    """
    folder = Path(folder)
    found = evaluate(table, draws=draws, reference=reference)
    write_predictions(folder, table)
    _write_tables(folder, found)
    if failures:
        _rows(folder / "failures.csv", [{"id": each.id, "reason": each.reason} for each in failures])
    write_whole(folder / "evaluation.json", json_bytes({**found.to_dict(), "failures": len(failures)}))
    return found


def write_folds(folder: str | Path, tables: Mapping[str, pa.Table], *, draws: int = DRAWS) -> FoldSummary:
    """Put folds together and write what they say to ``folder``: as of one model, and folds.csv.

    folds.csv has a row for each split, and at the end the rows ``mean`` and ``std`` over them.
    """
    folder = Path(folder)
    found = over_folds(tables, draws=draws)
    write_predictions(folder, found.table)
    _write_tables(folder, found.pooled)
    over: list[dict[str, Any]] = [
        {"split": name, "clips": None, **{score: getattr(each, name) for score, each in found.scores.items()}}
        for name in ("mean", "std")
    ]
    _rows(folder / "folds.csv", [*found.rows(), *over])
    write_whole(folder / "evaluation.json", json_bytes(found.to_dict()))
    return found


def _write_tables(folder: Path, found: Evaluation) -> None:
    _rows(folder / "classes.csv", found.classes)
    _rows(folder / "groups.csv", found.groups, columns=GROUPS)
    _rows(folder / "reliability.csv", found.reliability)
    if found.counts is not None:
        labels = found.facts.labels
        _rows(folder / "confusion.csv", _square(found.counts.astype(np.int64), labels))
        _rows(folder / "confusion_percent.csv", _square(percent_of_actual(found.counts).round(2), labels))


GROUPS = ("column", "value", "clips", "errors", "error_rate", "low", "high", "heard_as")


def _square(counts: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {CORNER: label, **dict(zip(labels, row.tolist(), strict=True))}
        for label, row in zip(labels, counts, strict=True)
    ]


def _rows(path: Path, rows: Sequence[Mapping[str, Any]], *, columns: Sequence[str] = ()) -> Path:
    import pyarrow as pa

    names = list(rows[0]) if rows else list(columns)
    return write_whole(path, csv_bytes(pa.table({name: pa.array([row[name] for row in rows]) for name in names})))
