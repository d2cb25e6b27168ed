"""The page of ROAR: accuracy after training anew, against how much each explainer removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle.datasets.dataset import table_of
from auricle.evaluation.writing import csv_bytes, json_bytes
from auricle.files import write_whole
from auricle.protocols.roar import NOTHING, Point
from auricle.report.charts import line_chart
from auricle.report.compared.page import render, told_apart
from auricle.report.figures import number


def write_roar(folder: Path, points: Sequence[Point], facts: Mapping[str, Any]) -> Path:
    """Write ``index.html``, ``roar.csv`` and ``roar.json``; returns the page's path."""
    write_whole(folder / "roar.csv", csv_bytes(table_of([vars(each) for each in points])))
    write_whole(folder / "roar.json", json_bytes({**facts, "points": [vars(each) for each in points]}))
    whole = [each.score for each in points if each.explainer == NOTHING]
    explainers = [name for name in dict.fromkeys(each.explainer for each in points) if name != NOTHING]
    shares = sorted({each.share for each in points if each.share})
    scores = {
        name: [[each.score for each in points if (each.explainer, each.share) == (name, share)] for share in shares]
        for name in explainers
    }
    lines = {
        name: (np.array([0.0, *shares]), np.array([np.mean(whole), *(np.mean(each) for each in own)]))
        for name, own in scores.items()
    }
    measure = points[0].measure.replace("_", " ")
    chart = line_chart(
        "Trained anew without",
        lines,
        x="share of cells removed",
        y=measure,
        x_range=(0.0, max(shares)),
        y_range=(0.0, 1.0),
    )
    rows = [{"name": name, "cells": [_cell(each) for each in own]} for name, own in scores.items()]
    text = render(
        "roar.html.j2",
        facts=facts,
        chart=told_apart(chart),
        shares=[f"{100 * share:g} %" for share in shares],
        rows=rows,
        whole=_cell(whole),
        measure=measure,
        seeds=len(whole),
    )
    return write_whole(folder / "index.html", text)


def _cell(scores: Sequence[float]) -> dict[str, str]:
    """Mean over trainings and their range."""
    low, high = min(scores), max(scores)
    return {"mean": number(float(np.mean(scores))), "range": f"{number(low)} to {number(high)}" if high > low else ""}
