"""The page of a comparison: explainers in one table with intervals, controls set apart, pitfalls, sounds to hear."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle.files import write_whole
from auricle.protocols.columns import COLUMNS, Column
from auricle.protocols.comparing import Comparison, Example
from auricle.protocols.summary import Figure
from auricle.report import templates
from auricle.report.figures import number

ROOM = "auricle.report.compared"
LINES = 6
"""Of a chart, that compared.css tells apart."""
BLOCKS = {
    "mask": "learnt masks",
    "map": "maps, calibrated to equal area",
    "legacy": "maps as published",
    "control": "controls: they know nothing of the model",
}
QUESTIONS = {
    "decision": "Does what it keeps carry the decision?",
    "source": "Does it find the true source?",
    "mask": "What kind of mask is it?",
    "legacy": "The same, as published",
}
FILES = {
    "cases.csv": "a row for each case and explainer (also as cases.parquet)",
    "clips.csv": "how each clip was made, and what the model said",
    "summary.csv": "all figures with intervals and paired differences",
    "comparison.json": "the same for programs, with the settings",
    "failures.csv": "what could not be compared, and why",
}


def render(template: str, **values: Any) -> str:
    """A template of this room as a whole page."""
    return templates.render(template, room=ROOM, styles=("compared.css",), **values)


def write_compared_page(
    folder: Path, found: Comparison, figures: Sequence[Figure], facts: Mapping[str, Any]
) -> Path:
    """Write ``index.html`` to a folder that `auricle.protocols.writing` filled, and return its path."""
    text = render(
        "compared.html.j2",
        facts=facts,
        conditions=[condition_of(name, figures) for name in dict.fromkeys(each.condition for each in figures)],
        columns=[each for each in COLUMNS.values() if any(one.column == each.name for one in figures)],
        pitfalls=facts.get("pitfalls", {}),
        examples=[example_of(each) for each in found.examples],
        failures=found.failures,
        clips=len(found.clips),
        cases=len({(row["clip"], row["label"]) for row in found.rows}),
        known=sum(row["explainer"] == "oracle" for row in found.rows),
        files={name: what for name, what in FILES.items() if (folder / name).exists()},
    )
    return write_whole(folder / "index.html", text)


def condition_of(name: str, figures: Sequence[Figure]) -> dict[str, Any]:
    """The tables of one condition, one for each question; in each, blocks of explainers, the controls last."""
    mine = [each for each in figures if each.condition == name]
    return {
        "name": name,
        "tables": [
            {"title": title, **_table([each for each in mine if COLUMNS[each.column].about == about])}
            for about, title in QUESTIONS.items()
            if any(COLUMNS[each.column].about == about for each in mine)
        ],
        "cases": max(each.cases for each in mine),
        "clips": max(each.value.clips for each in mine),
    }


def _table(figures: Sequence[Figure]) -> dict[str, Any]:
    columns = [each for each in COLUMNS.values() if any(one.column == each.name for one in figures)]
    best = {each.name: _best(each, figures) for each in columns}
    cells = {(each.explainer, each.column): each for each in figures}
    blocks = []
    for kind, title in BLOCKS.items():
        explainers = dict.fromkeys(each.explainer for each in figures if each.kind == kind)
        rows = [
            {"name": one, "cells": [_cell(cells.get((one, each.name)), best[each.name]) for each in columns]}
            for one in explainers
        ]
        if rows:
            blocks.append({"kind": kind, "title": title, "rows": rows})
    told = [{"name": each.name, "title": each.title, "unit": each.unit, "arrow": _arrow(each)} for each in columns]
    return {"columns": told, "blocks": blocks}


def _best(column: Column, figures: Sequence[Figure]) -> float | None:
    own = [each.value.mean for each in figures if each.column == column.name and each.kind in ("mask", "map")]
    if column.higher_is_better is None or len(own) < 2:
        return None
    return max(own) if column.higher_is_better else min(own)


def _cell(figure: Figure | None, best: float | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    value, over = figure.value, figure.over_random
    told = []
    if over is not None and over.low is not None:
        told.append(f"over random {number(over.mean)} ({number(over.low)} to {number(over.high)})")
    best_map = figure.over_best_map
    if best_map is not None and best_map.low is not None:
        between = f"{number(best_map.low)} to {number(best_map.high)}"
        told.append(f"over {figure.best_map} {number(best_map.mean)} ({between})")
    return {
        "mean": number(value.mean),
        "interval": "" if value.low is None else f"{number(value.low)} to {number(value.high)}",
        "best": figure.kind in ("mask", "map") and value.mean == best,
        "told": "; ".join(told),
    }


def _arrow(column: Column) -> str:
    return {True: "↑", False: "↓", None: ""}[column.higher_is_better]


def example_of(example: Example) -> dict[str, Any]:
    """A clip and what explainers keep of it, as sounds in the page; all at the level they have in the clip."""
    loudest = max(1.0, *(float(np.abs(each).max()) for each in example.sounds.values()))
    return {
        "id": example.id,
        "label": example.label,
        "sounds": [
            {"name": name, "address": sound_address(samples / loudest, example.rate)}
            for name, samples in example.sounds.items()
        ],
    }


def sound_address(samples: np.ndarray, rate: int) -> str:
    """Samples ``[n]`` within ±1 as a data address of 16-bit FLAC."""
    import soundfile

    target = io.BytesIO()
    soundfile.write(target, samples, rate, format="FLAC", subtype="PCM_16")
    return "data:audio/flac;base64," + base64.b64encode(target.getvalue()).decode()


def told_apart(chart: dict[str, Any]) -> dict[str, Any]:
    """A chart whose lines have a colour and a dash of their own each."""
    for place, line in enumerate(chart["lines"]):
        line["kind"] = f"line-{place % LINES}"
    return chart
