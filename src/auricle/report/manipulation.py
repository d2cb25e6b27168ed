"""Pages, pictures and tables of the manipulation experiments."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.evaluation.manipulation import ORDERS, Scaling, Zeroing
from auricle.evaluation.manipulation.curve import Figure
from auricle.evaluation.manipulation.scaling import When
from auricle.files import write_whole
from auricle.report.colours import AGAINST, FOR
from auricle.report.page import render
from auricle.report.plot import FAINT, INK, png
from auricle.report.record import plain

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure as Drawing

    from auricle.metrics.bootstrap import Interval

ZEROING_FILES = {
    "zeroing.csv": "accuracy and probability at each share, with intervals",
    "clips.parquet": "every clip, order and share",
    "zeroing.json": "settings, areas, differences",
    "zeroing.png": "the curves as a picture",
}
SCALING_FILES = {
    "frequency-scaling.csv": "accuracy before and after, of all and of each group",
    "clips.parquet": "every clip: its factor, heard before, heard after",
    "frequency-scaling.json": "all figures, both confusion matrices, the control",
}
WORDS = {"relevance": "most relevant first", "loudness": "loudest first", "random": "random"}
FIGURES: tuple[tuple[Figure, str, str], ...] = (
    ("accuracy", "Accuracy", "accuracy"),
    ("probability", "Mean probability of the true class", "probability"),
)
WIDTH, HEIGHT = 640, 240


def save_zeroing(found: Zeroing, folder: Path, *, name: str, chance: float | None = None) -> Path:
    """Write page, table, clips, picture and settings; ``chance`` is a guesser's accuracy. Returns the page's path."""
    _write_tables(folder, "zeroing", found.table(), found.clips(), found.to_dict() | {"model": name})
    write_whole(folder / "zeroing.png", png(zeroing_plot(found)))
    return write_whole(folder / "index.html", zeroing_page(found, name=name, chance=chance))


def save_scaling(found: Scaling, folder: Path, *, name: str) -> Path:
    """Write page, table, clips and figures; returns the page's path."""
    _write_tables(folder, "frequency-scaling", found.table(), found.clips(), found.to_dict() | {"model": name})
    return write_whole(folder / "index.html", scaling_page(found, name=name))


def zeroing_page(found: Zeroing, *, name: str, chance: float | None = None) -> str:
    """The curves as an HTML page that needs nothing else."""
    several = len(found.shares) > 1
    return render(
        "zeroing.html.j2",
        name=name,
        headline=found.sentence,
        clips=len(found.rows),
        method=found.settings.get("method", "relevance"),
        failures=dict(found.failures),
        charts=[_chart(found, *each, chance=chance if each[0] == "accuracy" else None) for each in FIGURES],
        interval=found.interval_words,
        differences=[
            {"words": WORDS[order], **found.below(order).to_dict()}
            for order in ORDERS[1:]
            if several
        ],
        table=_figures(found),
        settings=dict(found.settings),
        input_words=(
            "Silenced samples are 0; the level of the clip stays that of the whole clip."
            if found.settings.get("input") == "samples"
            else "Silenced cells have the value that true silence has in this front-end."
        ),
        files=ZEROING_FILES,
    )


def zeroing_plot(found: Zeroing) -> Drawing:
    """Accuracy and probability of the true class against the share that was silenced, in three orders."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    figure = Drawing(figsize=(9.6, 4.0), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    at = np.sqrt(found.shares)
    panels = figure.subplots(1, 2, sharex=True)
    looks = {"relevance": (FOR, "-"), "loudness": (AGAINST, "--"), "random": (FAINT, ":")}
    for panel, (key, title, _) in zip(panels, FIGURES, strict=True):
        for order in ORDERS:
            curve = found.curve(order, key)
            colour, line = looks[order]
            panel.plot(at, [each.mean for each in curve], line, color=colour, label=WORDS[order], linewidth=1.8)
            if curve[0].low is not None:
                bounds = [each.low for each in curve], [each.high for each in curve]
                panel.fill_between(at, *bounds, color=colour, alpha=0.12, linewidth=0)
        panel.set_title(title, loc="left", fontsize=11, color=INK)
        panel.set_xticks(at, [f"{share:g}" for share in found.shares], fontsize=8)
        panel.set_ylim(0, 1.02)
        panel.set_xlabel("% of the clip silenced (square-root scale)", fontsize=9, color=INK)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False, fontsize=9)
    return figure


def scaling_page(found: Scaling, *, name: str) -> str:
    """Before and after as an HTML page that needs nothing else."""
    rows = []
    for value in (None, *found.factors):
        cells = [found.accuracy("before", value), found.accuracy("after", value), found.flipped(value)]
        factor = "–" if value is None else f"{found.factors[value]:g}"
        rows.append({"value": value or "all", "factor": factor, "clips": cells[0].clips, "cells": cells})
    before, after = found.over_folds("before"), found.over_folds("after")
    folds = None if before is None or after is None else {"before": _spread(before), "after": _spread(after)}
    return render(
        "scaling.html.j2",
        name=name,
        headline=found.sentence,
        clips=len(found.rows),
        by=found.by,
        factors={value: f"{factor:g}" for value, factor in found.factors.items()},
        failures=dict(found.failures),
        table=rows,
        folds=folds,
        interval=found.interval_words,
        control=found.control,
        matrices=[_matrix(found, "before"), _matrix(found, "after")],
        files=SCALING_FILES,
    )


def _chart(found: Zeroing, key: Figure, title: str, short: str, *, chance: float | None) -> dict[str, Any]:
    span = math.sqrt(found.shares[-1]) or 1.0
    across = [WIDTH * math.sqrt(share) / span for share in found.shares]
    lines = []
    for order in ORDERS:
        curve = found.curve(order, key)
        area = found.area(order, key).mean if len(found.shares) > 1 else None
        lines.append({
            "name": order, "words": WORDS[order], "area": area,
            "points": _points(across, [each.mean for each in curve]), "band": _band(across, curve),
        })  # fmt: skip
    return {
        "title": title,
        "short": short,
        "lines": lines,
        "chance": None if chance is None else round(HEIGHT * (1 - chance), 1),
        "ticks": [{"x": round(x, 1), "text": f"{share:g}"} for x, share in zip(across, found.shares, strict=True)],
        "heights": [{"y": HEIGHT * (4 - quarter) // 4, "text": f"{quarter / 4:g}"} for quarter in range(5)],
    }


def _points(across: Sequence[float], heights: Sequence[float]) -> str:
    return " ".join(f"{x:.1f},{HEIGHT * (1 - y):.1f}" for x, y in zip(across, heights, strict=True))


def _band(across: Sequence[float], curve: Sequence[Interval]) -> str:
    """Round the interval: along its upper bounds, and back along the lower ones."""
    if any(each.low is None or each.high is None for each in curve):
        return ""
    upper = _points(across, [each.high or 0.0 for each in curve])
    return f"{upper} {_points(across[::-1], [each.low or 0.0 for each in reversed(curve)])}"


def _figures(found: Zeroing) -> list[dict[str, Any]]:
    curves = [(key, order, found.curve(order, key)) for key, _, _ in FIGURES for order in ORDERS]
    rows = []
    for step, share in enumerate(found.shares):
        cells = []
        for key, order, curve in curves:
            folds = found.over_folds(order, step, key)
            cells.append({**curve[step].to_dict(), "folds": None if folds is None else _spread(folds)})
        rows.append({"share": f"{share:g}", "cells": cells})
    return rows


def _spread(folds: tuple[float, float]) -> str:
    return f"{100 * folds[0]:.1f} ± {100 * folds[1]:.1f} %"


def _matrix(found: Scaling, when: When) -> dict[str, Any]:
    counts = found.confusion(when)
    rows = []
    for label, row in zip(found.labels, counts, strict=True):
        total = max(int(row.sum()), 1)
        cells = [{"count": int(count), "share": round(100 * int(count) / total)} for count in row]
        rows.append({"label": label, "cells": cells})
    return {"when": when, "labels": found.labels, "rows": rows}


def _write_tables(folder: Path, name: str, table: pa.Table, clips: pa.Table, record: Mapping[str, Any]) -> None:
    from pyarrow import csv, parquet

    text, columns = io.BytesIO(), io.BytesIO()
    csv.write_csv(table, text)
    parquet.write_table(clips, columns)
    write_whole(folder / f"{name}.csv", text.getvalue())
    write_whole(folder / "clips.parquet", columns.getvalue())
    write_whole(folder / f"{name}.json", json.dumps(plain(dict(record)), indent=2, allow_nan=False) + "\n")
