"""The page of cascading randomisation: a line a method, how alike its maps stay while the network forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle.datasets.dataset import table_of
from auricle.evaluation.predictions import Failure
from auricle.evaluation.writing import csv_bytes, json_bytes
from auricle.files import write_whole
from auricle.metrics.bootstrap import Interval
from auricle.protocols.cascading import OTHER_CLIPS, Resemblance
from auricle.report.charts import line_chart
from auricle.report.compared.page import render, told_apart
from auricle.report.figures import number

TITLES = {"ssim": "SSIM of amounts", "spearman": "Rank correlation of values"}


def write_randomised(
    folder: Path, found: Sequence[Resemblance], facts: Mapping[str, Any], failures: Sequence[Failure] = ()
) -> Path:
    """Write ``index.html``, ``randomisation.csv`` and ``randomisation.json``; returns the page's path."""
    rows = [_flat(each) for each in found]
    write_whole(folder / "randomisation.csv", csv_bytes(table_of(rows)))
    told = {**facts, "rows": [each.to_dict() for each in found], "failures": len(failures)}
    write_whole(folder / "randomisation.json", json_bytes(told))
    methods = list(dict.fromkeys(each.method for each in found))
    layers = list(dict.fromkeys((each.depth, each.layer) for each in found))
    cells = {(each.method, each.depth): each for each in found}
    tables = [
        {
            "title": title,
            "rows": [
                {
                    "name": OTHER_CLIPS if depth == 0 else f"{depth}: down to {layer}",
                    "cells": [_cell(getattr(cells[method, depth], key)) for method in methods],
                }
                for depth, layer in layers
            ],
        }
        for key, title in TITLES.items()
    ]
    charts = [_chart(key, title, methods, found) for key, title in TITLES.items()]
    text = render("randomised.html.j2", facts=facts, methods=methods, tables=tables, charts=charts, failures=failures)
    return write_whole(folder / "index.html", text)


def _chart(key: str, title: str, methods: Sequence[str], found: Sequence[Resemblance]) -> dict[str, Any]:
    lines = {}
    for method in methods:
        own = [(each.depth, getattr(each, key)) for each in found if each.method == method and each.depth > 0]
        known = [(depth, value.mean) for depth, value in own if value is not None]
        lines[method] = np.array([0.0, *(a for a, _ in known)]), np.array([1.0, *(b for _, b in known)])
    return told_apart(
        line_chart(title, lines, x="layers randomised, from the top", y="likeness to the trained network's map")
    )


def _cell(value: Interval | None) -> dict[str, str] | None:
    if value is None:
        return None
    between = "" if value.low is None else f"{number(value.low)} to {number(value.high)}"
    return {"mean": number(value.mean), "interval": between}


def _flat(each: Resemblance) -> dict[str, Any]:
    row: dict[str, Any] = {"method": each.method, "depth": each.depth, "layer": each.layer}
    for key in TITLES:
        value = getattr(each, key)
        for part in ("mean", "low", "high", "clips"):
            row[f"{key} {part}"] = None if value is None else getattr(value, part)
    return row
