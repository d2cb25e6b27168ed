"""The page of a K-fold experiment: recipes side by side, every fold, and all test clips together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from auricle.errors import AuricleError
from auricle.evaluation.folds import FoldSummary, Spread, over_folds
from auricle.evaluation.predictions import FILE, read_predictions
from auricle.files import write_whole
from auricle.report import evaluated
from auricle.report.page import render

COMPARED = ("accuracy", "balanced_accuracy", "f1", "kappa", "roc_auc", "ece")
COMPARED_MULTI = ("micro_auprc", "macro_auprc", "roc_auc", "max_f1", "exact_match", "ece")
"""Scores that the table of recipes has."""


def write_folds_page(folder: str | Path, names: Sequence[str] | None = None) -> Path:
    """Write ``index.html`` of a folder with a folder for each recipe, in which is one for each fold; its path.

    ``names`` are the recipes, by default all that have folds with predictions.
    """
    folder = Path(folder)
    found = names or sorted({each.parents[1].name for each in folder.glob(f"*/*/{FILE}")})
    if not found:
        raise AuricleError(f"{folder} holds no folds with predictions; write them with 'auricle kfold'")
    summaries, links = {}, {}
    for name in found:
        tables = {}
        # A run with another split may have left folders beside these.
        own = set(read_predictions(folder / name)["split"].to_pylist()) if (folder / name / FILE).is_file() else None
        for fold in sorted((folder / name).glob(f"*/{FILE}"), key=lambda path: _natural(path.parent.name)):
            table = read_predictions(fold)
            split = str(table["split"][0].as_py())
            if own is not None and split not in own:
                continue
            tables[split] = table
            links[name, split] = f"{name}/{fold.parent.name}/index.html"
        summaries[name] = over_folds(tables)
    return write_whole(folder / "index.html", folds_page(summaries, links=links, folder=str(folder)))


def folds_page(
    summaries: Mapping[str, FoldSummary], *, links: Mapping[tuple[str, str], str] | None = None, folder: str = "DIR"
) -> str:
    """Recipes by name, each with its folds, as one HTML page; ``links`` leads from (recipe, fold) to its page."""
    return render(
        "folds.html.j2",
        title=_title(summaries),
        tasks=_tasks(summaries),
        recipes=[_recipe(name, found, links or {}, folder) for name, found in summaries.items()],
    )


def _title(summaries: Mapping[str, FoldSummary]) -> str:
    folds = {len(each.folds) for each in summaries.values()}
    count = f"{folds.pop()} folds" if len(folds) == 1 else "K folds"
    return f"{len(summaries)} recipes, {count}" if len(summaries) > 1 else f"{next(iter(summaries))}, {count}"


def _tasks(summaries: Mapping[str, FoldSummary]) -> list[dict[str, Any]]:
    """One table for each task, because scores of different tasks cannot be compared."""
    tasks: dict[tuple[str, ...], dict[str, FoldSummary]] = {}
    for name, found in summaries.items():
        facts = found.pooled.facts
        tasks.setdefault((facts.task, facts.data, *facts.labels), {})[name] = found
    return [_task(mine) for mine in tasks.values()]


def _task(mine: Mapping[str, FoldSummary]) -> dict[str, Any]:
    first = next(iter(mine.values())).pooled
    names = COMPARED_MULTI if first.facts.multi_label else COMPARED
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "folds": len(found.folds),
            "clips": found.pooled.clips,
            "cells": [{**_spread(score, found.scores[score]), "best": False} for score in names],
        }
        for name, found in mine.items()
    ]
    for place, score in enumerate(names if len(mine) > 1 else ()):
        means = [found.scores[score].mean for found in mine.values()]
        best = max(means) if first.about[score].higher_is_better else min(means)
        for row, mean in zip(rows, means, strict=True):
            row["cells"][place]["best"] = mean == best
    return {
        "task": first.facts.task,
        "data": first.facts.data,
        "columns": [(first.about[name].title, evaluated.arrow(first.about[name])) for name in names],
        "rows": rows,
        "deaf": [evaluated.figure(name, first.scores[name].deaf) for name in names],
    }


def _recipe(name: str, found: FoldSummary, links: Mapping[tuple[str, str], str], folder: str) -> dict[str, Any]:
    pooled = found.pooled
    names = COMPARED_MULTI if pooled.facts.multi_label else COMPARED
    return {
        "name": name,
        "folder": f"{folder}/{name}",
        "pooled": pooled,
        "headline": evaluated.headline(pooled),
        "columns": [pooled.about[each].title for each in names],
        "folds": [
            {
                "name": fold,
                "href": links.get((name, fold), ""),
                "clips": each.clips,
                "cells": [evaluated.figure(score, each.scores[score].value) for score in names],
            }
            for fold, each in found.folds.items()
        ],
        "over": [_spread(score, found.scores[score]) for score in names],
        "together": [evaluated.figure(score, pooled.scores[score].value) for score in names],
        "confusion": evaluated.confusion_of(pooled, found.table),
        "groups": evaluated.groups_of(pooled),
    }


def _spread(name: str, spread: Spread) -> dict[str, Any]:
    return {
        "mean": evaluated.figure(name, spread.mean),
        "std": "" if spread.std is None else evaluated.figure(name, spread.std),
        "folds": spread.folds,
    }


def _natural(name: str) -> list[tuple[int, str]]:
    """``fold-10`` after ``fold-9``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
