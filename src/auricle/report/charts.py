"""Line charts and squares of confusions as plain values, which a template draws as SVG in the page's own colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from auricle.evaluation.confusion import percent_of_actual

WIDTH, HEIGHT = 360, 220
"""Of a chart's field, in SVG units."""
MOST_POINTS = 300
"""Of a line; more cannot be seen."""

Points = tuple[np.ndarray, np.ndarray]


def line_chart(
    title: str,
    lines: Mapping[str, Points],
    *,
    x: str,
    y: str,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    mark: tuple[float, str] | None = None,
    faint: bool = False,
) -> dict[str, Any]:
    """A chart of named lines (x and y each ``[n]``); ``mark`` is an x with what is said of it.

    With ``faint`` all but the last line are drawn thinly and only the last is named.
    """
    known = {name: _known(points) for name, points in lines.items()}
    known = {name: points for name, points in known.items() if len(points[0])}
    left, right = x_range or _range([points[0] for points in known.values()])
    low, high = y_range or _range([points[1] for points in known.values()])

    def across(value: float) -> float:
        return round(WIDTH * (value - left) / (right - left), 1)

    def up(value: float) -> float:
        return round(HEIGHT * (1 - (value - low) / (high - low)), 1)

    drawn = []
    for place, (name, points) in enumerate(known.items()):
        thinned = np.unique(np.linspace(0, len(points[0]) - 1, MOST_POINTS).round().astype(int))
        at = [(across(points[0][each]), up(points[1][each])) for each in thinned]
        last = place == len(known) - 1
        drawn.append({
            "name": name,
            "kind": "faint" if faint and not last else "main" if last else "second",
            "points": " ".join(f"{a:g},{b:g}" for a, b in at),
            "dot": at[0] if len(at) == 1 else None,
        })  # fmt: skip
    return {
        "title": title,
        "x": x,
        "y": y,
        "lines": drawn,
        "dots": [],
        "x_ticks": [(across(each), f"{each:g}") for each in ticks(left, right)],
        "y_ticks": [(up(each), f"{each:g}") for each in ticks(low, high)],
        "mark": None if mark is None else {"at": across(mark[0]), "text": mark[1], "left": across(mark[0]) > WIDTH / 2},
        "width": WIDTH,
        "height": HEIGHT,
    }


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round figures from ``low`` to ``high``.

    >>> ticks(0, 1), ticks(3, 17)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [5.0, 10.0, 15.0])
    """
    rough = (high - low) / (most - 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def square(counts: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """Counts ``[C, C]`` as a heat map: each cell by its share of its row, with text where there is room."""
    classes = len(labels)
    size = 46 if classes <= 6 else 38 if classes <= 12 else 27 if classes <= 26 else 16
    shares = np.nan_to_num(percent_of_actual(counts))
    cells = [
        {
            "x": column * size,
            "y": row * size,
            "right": row == column,
            "opacity": round(_strength(float(shares[row, column]), right=row == column), 3),
            "text": _percent(float(shares[row, column])) if size > 16 else "",
            "told": f"{labels[row]} heard as {labels[column]}: {counts[row, column]:.0f} of {counts[row].sum():.0f}",
        }
        for row, column in zip(*np.nonzero(counts), strict=True)
    ]
    font = 13 if classes <= 26 else 11
    return {
        "cells": cells,
        "labels": [_short(label) for label in labels],
        "size": size,
        "side": size * classes,
        "font": font,
        "margin": 24 + round(0.6 * font * max(len(_short(label)) for label in labels)),
    }


def _strength(percent: float, *, right: bool) -> float:
    """Opacity of a cell; a rare mistake must be seen, too."""
    return 0.5 * percent / 100 if right else 0.05 + 0.65 * (percent / 100) ** 0.7


def _percent(share: float) -> str:
    return "<1" if 0 < share < 0.95 else f"{share:.0f}"


def _short(label: str, most: int = 18) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


def _known(points: Points) -> Points:
    xs, ys = np.asarray(points[0], float), np.asarray(points[1], float)
    fine = np.isfinite(xs) & np.isfinite(ys)
    return xs[fine], ys[fine]


def _range(values: Sequence[np.ndarray]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
