"""The analysis of a listening test as files: page, picture, tables, figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.files import write_whole
from auricle.listening.analysing import Analysis, Figures
from auricle.report import templates
from auricle.report.colours import FOR
from auricle.report.plot import FAINT, INK, png
from auricle.report.record import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILES = {
    "conditions.csv": "how each condition was rated, and its difference from the random control",
    "ratings.csv": "every rating that counted",
    "ratings.png": "the figures as a picture",
    "analysis.json": "all figures, who was left out and why",
}
WORDS = ("bad", "poor", "fair", "good", "excellent")


def save_analysis(found: Analysis, folder: Path, *, left_out: Sequence[str] = ()) -> Path:
    """Write the page and its files; ``left_out`` are sentences on files that could not be read. Returns the page."""
    rows = [each.to_dict() for each in found.figures]
    record = {
        "test": found.key.test,
        "listeners": [each.listener for each in found.results],
        "items": list(found.key.clips.values()),
        "screened": found.screened,
        "excluded": found.excluded,
        "left_out": list(left_out),
        "seed": found.seed,
        "conditions": rows,
    }
    text = json.dumps(plain(record), indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(folder / "analysis.json", text + "\n")
    write_whole(folder / "conditions.csv", _csv(rows))
    write_whole(folder / "ratings.csv", _csv(_ratings(found)))
    write_whole(folder / "ratings.png", png(ratings_plot(found)))
    text = templates.render(
        "listening_analysis.html.j2",
        room="auricle.listening",
        styles=("listening.css",),
        found=found,
        best=best(found),
        words=WORDS,
        left_out=list(left_out),
        files=FILES,
    )
    return write_whole(folder / "index.html", text)


def best(found: Analysis) -> Figures:
    """The method with the highest mean rating."""
    return max((each for each in found.figures if each.kind == "method"), key=lambda each: each.mean)


def line_of(each: Figures) -> str:
    """A condition on one line, for a terminal."""
    text = f"{each.mean:.1f}"
    if each.low is not None:
        text += f" ({each.low:.1f} to {each.high:.1f})"
    text += f", median {each.median:g}"
    if each.difference is not None:
        text += f"; {each.difference:+.1f} to random"
        if each.difference_low is not None:
            text += f" ({each.difference_low:+.1f} to {each.difference_high:+.1f})"
        text += f", p = {each.p_holm:.3g} (Holm)"
    return text


def ratings_plot(found: Analysis) -> Figure:
    """Mean and interval of each condition, over the means of single listeners."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 1.3 + 0.42 * len(found.figures)), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    for height, each in enumerate(found.figures):
        colour = FOR if each.kind == "method" else INK
        ratings = np.array([[row[each.name].rating for row in one.ratings.values()] for one in found.results])
        panel.plot(ratings.mean(axis=1), np.full(len(ratings), height), "o", color=FAINT, alpha=0.45, markersize=4.5)
        if each.low is not None and each.high is not None:
            panel.plot([each.low, each.high], [height, height], color=colour, linewidth=2.2, solid_capstyle="round")
        panel.plot([each.mean], [height], "o", color=colour, markersize=7.5)
    panel.set_yticks(range(len(found.figures)), [each.name for each in found.figures], parse_math=False)
    panel.invert_yaxis()
    panel.set_xlim(-1, 101)
    panel.set_xticks(range(0, 101, 20))
    for place, word in enumerate(WORDS):
        above = panel.get_xaxis_transform()
        panel.text(10 + 20 * place, 1.02, word, transform=above, ha="center", color=FAINT, fontsize=9)
    panel.grid(axis="x", color="#e4e2dd", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.tick_params(axis="y", length=0)
    panel.set_xlabel("rating; grey: listeners' means, bar: 95 % interval of the mean", fontsize=9, color=INK)
    return figure


def _ratings(found: Analysis) -> Iterable[Mapping[str, Any]]:
    for result in found.results:
        for item, named in result.ratings.items():
            for name, each in named.items():
                yield {
                    "listener": result.listener,
                    "clip": found.key.clips[item],
                    "condition": name,
                    "kind": found.key.kinds[name],
                    "rating": each.rating,
                    "plays": each.plays,
                    "seconds": each.seconds,
                }


def _csv(rows: Iterable[Mapping[str, Any]]) -> str:
    rows = list(rows)
    target = io.StringIO()
    table = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return target.getvalue()
