"""What a page says, as plain values for its template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle._version import __version__
from auricle.metrics.sentence import MARGIN
from auricle.report.figures import unbroken
from auricle.report.outcome import outcome, outcome_of
from auricle.report.parts import told
from auricle.report.plot import method_title, units

if TYPE_CHECKING:
    from auricle.explanation import Explanation
    from auricle.metrics import Row, Scores
    from auricle.sonify import Sounds

FILES = {
    "original.wav": "the recording itself",
    "kept.wav": "the part that the explanation keeps",
    "removed.wav": "all the rest",
    "relevance.png": "the picture",
    "relevance.npz": "relevance with its axes, for numpy",
    "explanation.json": "everything on this page, for programs",
}
PART_FILES = {
    "top.wav": "the most important parts together, at most three",
    "without-top.wav": "everything but these",
    "components.csv": "the weight of every part for every class",
}


def words(explanation: Explanation, scores: Scores | None, sounds: Sounds | None) -> dict[str, Any]:
    """Everything a page says about one explanation."""
    clip, prediction, method = explanation.clip, explanation.prediction, explanation.method
    said = outcome(explanation)
    return {
        "clip": clip,
        "outcome": said,
        "bars": [
            {"label": label, "value": value, "target": _names(explanation.target, label)}
            for label, value in prediction.ranked()
        ],
        "target": explanation.subject,
        "contrast": explanation.target not in prediction.labels,
        "other": explanation.subject != said.label,
        "method": method_title(explanation),
        "summary": method.summary,
        "sentence": unbroken(scores.sentence) if scores is not None else "",
        "rows": score_rows(scores),
        "charts": charts(scores),
        "checks": list(explanation.checks),
        "failed": [check for check in explanation.checks if check.passed is False],
        "windows": [
            (window, outcome_of(explanation.classifier, window.prediction, window.target))
            for window in explanation.windows
        ],
        "facts": facts(explanation),
        "settings": method.settings(),
        "notes": dict(getattr(sounds, "notes", {}) or {}),
        "kept_as": None if sounds is None else sounds.kept,
        "units": units(explanation),
        "told": told(explanation),
    }


def facts(explanation: Explanation) -> list[tuple[str, str]]:
    """Where the result came from, as name and value."""
    import torch

    clip, classifier = explanation.clip, explanation.classifier
    channels = "mono" if clip.channels == 1 else f"{clip.channels} channels"
    return [
        ("clip", clip.name),
        ("file", clip.source or "made in memory"),
        ("content hash", clip.content_hash),
        ("sound", f"{clip.seconds:.3f} s at {clip.sample_rate} Hz, {channels}"),
        ("model", f"{classifier.name}, hears {classifier.sample_rate} Hz mono"),
        ("method", method_title(explanation)),
        ("published in", explanation.method.source),
        ("relevance on", _place(explanation)),
        ("seed", str(explanation.seed)),
        ("made with", f"auricle {__version__}, torch {torch.__version__}, numpy {np.__version__}"),
    ]


def _place(explanation: Explanation) -> str:
    found = explanation.contributions
    return explanation.level if found is None else f"components ({found.components.text})"


BETTER = {True: "higher is better", False: "lower is better", None: ""}
ARROWS = {True: "↑", False: "↓", None: ""}


def score_rows(scores: Scores | None) -> list[dict[str, Any]]:
    """One row per metric, with the controls by name and a verdict in words."""
    if scores is None:
        return []
    return [
        {
            "name": row.name,
            "title": row.title,
            "value": row.value,
            "controls": dict(row.controls),
            "better": BETTER[row.higher_is_better],
            "arrow": ARROWS[row.higher_is_better],
            "verdict": verdict(row),
            "unit": row.unit,
            "meaning": row.meaning,
            "source": row.source,
        }
        for row in scores.rows
    ]


def verdict(row: Row) -> str:
    """Whether the explanation beats a random and an energy mask by a margin that matters, if a direction is better."""
    if row.higher_is_better is None:
        return ""
    sign = 1 if row.higher_is_better else -1
    margin = MARGIN * (100 if row.unit == "%" else 1)
    gains = {name: sign * (row.value - row.controls[name]) for name in ("random", "energy") if name in row.controls}
    if not gains or all(gain == 0 for gain in gains.values()):
        return ""
    beaten = [name for name, gain in gains.items() if gain >= margin]
    if beaten:
        return f"beats {' and '.join(beaten)}"
    lost = all(gain <= -margin for gain in gains.values())
    return f"{'worse than' if lost else 'no better than'} {' or '.join(gains)}"


def score_table(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Metrics as rows and explanations as columns; the best value of each row is marked."""
    names: dict[str, dict[str, Any]] = {}
    for column in columns:
        for row in column["rows"]:
            names.setdefault(row["name"], row)
    table = []
    for name, first in names.items():
        cells = [next((row for row in column["rows"] if row["name"] == name), None) for column in columns]
        values = [cell["value"] for cell in cells if cell and isinstance(cell["value"], float | int)]
        best = {"↑": max, "↓": min}.get(first["arrow"])
        winner = best(values) if best and len(set(values)) > 1 else None
        table.append({**first, "cells": cells, "winner": winner})
    return table


def charts(scores: Scores | None) -> list[dict[str, Any]]:
    """Deletion and insertion curves as points of an SVG polyline in a 300 × 150 field."""
    if scores is None:
        return []
    return [
        {
            "name": name,
            "lines": [
                {"name": whose, "points": _points(curve.fractions, curve.values), "area": curve.auc}
                for whose, curve in lines.items()
            ],
        }
        for name, lines in scores.curves.items()
    ]


def _points(fractions: np.ndarray, values: np.ndarray) -> str:
    pairs = zip(fractions, values, strict=True)
    return " ".join(f"{300 * x:.1f},{150 * (1 - min(max(y, 0.0), 1.0)):.1f}" for x, y in pairs if math.isfinite(y))


def _names(target: str, label: str) -> bool:
    return target == label or target.startswith(f"{label}-") or target.endswith(f"-{label}")
