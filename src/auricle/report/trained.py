"""The page of a trained model: how good it is, how sure that is, and where it errs."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.evaluation.predictions import Failure, read_predictions
from auricle.evaluation.scores import Evaluation, evaluate
from auricle.files import write_whole
from auricle.report import evaluated
from auricle.report.folds import folds_page, write_folds_page
from auricle.report.page import render

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["folds_page", "trained_page", "write_folds_page", "write_trained_page"]

FILES = {
    "predictions.parquet": "every prediction with its probabilities (also as CSV)",
    "evaluation.json": "all scores with their intervals",
    "confusion.csv": "what was heard as what, in clips",
    "confusion_percent.csv": "the same in per cent of each actual class",
    "classes.csv": "precision, recall, F1 and areas of each class",
    "groups.csv": "error rate of each group, with its interval",
    "reliability.csv": "how often each confidence was right",
    "failures.csv": "clips that could not be heard, and why",
    "history.csv": "loss and accuracy of every epoch",
    "recipe.yaml": "how it was trained",
    "run.json": "on what it was trained",
    "CARD.md": "the model's card",
}


def write_trained_page(folder: str | Path, evaluation: Evaluation | None = None) -> Path:
    """Write ``index.html`` from what a trained (or evaluated) folder holds, and return its path.

    ``evaluation`` is made again from the predictions where it is not given.
    """
    folder = Path(folder)
    table = read_predictions(folder)
    run = _json(folder / "run.json")
    history = [
        {name: None if value == "" else float(value) for name, value in row.items()}
        for row in _rows(folder / "history.csv")
    ]
    epoch = run.get("best_epoch")
    text = trained_page(
        evaluation or evaluate(table),
        table,
        name=run.get("recipe"),
        folder=str(folder),
        history=history,
        epoch=None if epoch is None else int(epoch),
        run=run,
        failures=[Failure(row["id"], row["reason"]) for row in _rows(folder / "failures.csv")],
        files={name: what for name, what in FILES.items() if (folder / name).exists()},
    )
    return write_whole(folder / "index.html", text)


def trained_page(
    found: Evaluation,
    table: pa.Table,
    *,
    name: str | None = None,
    folder: str = "DIR",
    history: Sequence[Mapping[str, Any]] = (),
    epoch: int | None = None,
    run: Mapping[str, Any] | None = None,
    failures: Sequence[Failure] = (),
    files: Mapping[str, str] | None = None,
) -> str:
    """One model as an HTML page that needs nothing else.

    ``table`` are the predictions that ``found`` evaluates; ``folder`` is what commands on the page name. ``history``
    are rows of ``history.csv`` and ``epoch`` the chosen one, both counted from 0; ``run`` is ``run.json``.
    """
    run = run or {}
    return render(
        "trained.html.j2",
        found=found,
        name=name or found.facts.model or "model",
        folder=folder,
        headline=evaluated.headline(found),
        rows=evaluated.score_rows(found),
        confusion=evaluated.confusion_of(found, table),
        groups=evaluated.groups_of(found),
        history=evaluated.history_charts(history, epoch),
        curves=[evaluated.reliability_chart(found), *evaluated.ranking_charts(table, found)],
        wrong=evaluated.wrong_rows(table, found),
        mistakes=table.num_rows - sum(table["correct"].to_pylist()),
        splits=list(dict.fromkeys(table["split"].to_pylist())),
        cautions=_cautions(found, run),
        failures=list(failures),
        files=files or {},
        run=run,
    )


def _cautions(found: Evaluation, run: Mapping[str, Any]) -> list[str]:
    """What a reader has to know before believing the figures."""
    group = found.facts.group
    notes = [found.note[:1].upper() + found.note[1:] + "."] if found.note else []
    if run.get("test_shares_groups") and group:
        notes.append(f"Every {group} of the test was in training, too: this measures new clips of known {group}s.")
    elif group is None:
        notes.append(
            "The data set does not say who is heard, so the same person may be in training and in test; "
            "the figures may be too good."
        )
    return notes


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
