"""Charts of a study that are no grids: parts of the sound by class, and the map of clips by their relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.report.colours import shade
from auricle.report.plot import FAINT, INK, NICE_HERTZ, hertz_text, short
from auricle.report.study.mosaic import Drawn, Spot, png_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COMPONENTS = 40
NEAREST_TICKS = 0.1
DPI = 130
PALETTE = ("#d4500a", "#0b66b5", "#2d8a4e", "#8a4fbf", "#b58900", "#c2306e", "#2a9d9d", "#6b6f76")
"""Of clusters, the largest first; more than eight are all grey."""


def components(method: str, rows: Sequence[Mapping[str, Any]], order: Sequence[str]) -> Drawn:
    """Mean weight of every part of the sound for every class: rows of `component_table`."""
    importance: dict[str, float] = {}
    for row in rows:
        importance[row["component"]] = importance.get(row["component"], 0.0) + row["mean_absolute"]
    kept = set(sorted(importance, key=lambda name: -importance[name])[:MOST_COMPONENTS])
    names = [name for name in dict.fromkeys(row["component"] for row in rows) if name in kept]
    names.sort(key=_natural)
    known = {row["class"] for row in rows}
    labels = [label for label in order if label in known] + sorted(known - set(order))
    means = np.full((len(labels), len(names)), np.nan)
    for row in rows:
        if row["component"] in kept:
            means[labels.index(row["class"]), names.index(row["component"])] = row["mean"]
    figure = _figure(2.6 + max(0.42 * len(names), 4.0), 2.3 + 0.34 * len(labels))
    panel = figure.subplots()
    largest = float(np.nanmax(np.abs(means))) or 1.0
    colours = shade(np.nan_to_num(means / largest))
    opacity = colours[..., 3:]
    panel.imshow(1 - opacity + opacity * colours[..., :3], aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(means)), strict=True):
        if len(names) <= 24:
            value = f"{means[row, column]:+.2g}".replace("-", "−")
            panel.text(column, row, value, ha="center", va="center", fontsize=6.5, color=INK)
    panel.set_xticks(range(len(names)), [short(name, 28) for name in names], rotation=60, ha="right", fontsize=8)
    panel.set_yticks(range(len(labels)), [short(label, 28) for label in labels], fontsize=9)
    _quiet(panel)
    left_out = len(importance) - len(names)
    more = f"; the {left_out} least important are left out" if left_out else ""
    caption = f"Mean weight over the clips whose class was predicted (+ for, − against the class){more}."
    panel.set_title(
        f"{method}: parts of the sound by class", loc="left", fontsize=12, color=INK, parse_math=False, pad=24
    )
    panel.text(0, 1.0, caption, transform=panel.transAxes, fontsize=8.5, color=FAINT, va="bottom")
    _bar(figure, panel, largest)
    return _drawn(figure, f"components_{method}", f"{method}: parts of the sound by class", caption)


def clusters(
    method: str,
    found: Sequence[Mapping[str, Any]],
    places: Sequence[Mapping[str, Any]],
    clips: Mapping[str, Mapping[str, Any]],
) -> Drawn:
    """All clips by their relevance, one dot a clip and one colour a cluster, with the mean map of each cluster.

    ``found`` are rows of `cluster_table`, ``places`` of `clip_table`, both of the scope of all clips.
    """
    shown = sorted(found, key=lambda row: row["cluster"])[:8]
    figure = _figure(11.5, max(5.6, 1.55 * len(shown) * 0.75))
    grid = figure.add_gridspec(-(-len(shown) // 2), 4, width_ratios=[1.2, 1.2, 1, 1])
    panel = figure.add_subplot(grid[:, :2])
    wrong = [not clips[place["id"]]["correct"] for place in places]
    for number in sorted({place["cluster"] for place in places}, reverse=True):
        for mistaken, marker in ((False, "o"), (True, "X")):
            mine = [p for p, w in zip(places, wrong, strict=True) if p["cluster"] == number and w == mistaken]
            across, up = [p["x"] for p in mine], [p["y"] for p in mine]
            panel.scatter(
                across, up, s=34 if mistaken else 20, c=colour_of(number), marker=marker, lw=0.4, ec="white", alpha=0.85
            )
    if len(places) <= 150:
        for place in places:
            panel.annotate(
                short(place["class"], 10), (place["x"], place["y"]), xytext=(4, 3), textcoords="offset points",
                fontsize=6, color=FAINT, parse_math=False,
            )  # fmt: skip
    panel.margins(0.09)
    panel.set_xticks([])
    panel.set_yticks([])
    _quiet(panel, frame=True)
    title = f"{method}: clips by where their relevance lies"
    caption = (
        "Clips that lie close are recognised by the same places in frequency and time. ✕: wrongly "
        "predicted. Directions and units have no meaning. "
        + ("All clips form one group: no way of recognising stands apart. " if len(found) == 1 else "")
        + "Small maps: mean positive relevance of a group, darkest where it is strongest; in brackets the share "
        "of its most frequent class."
    )
    panel.set_title(title, loc="left", fontsize=12, color=INK, parse_math=False, pad=10)
    panel.set_xlabel("\n".join(_lines(caption, 76)), fontsize=8.5, color=FAINT, loc="left")
    for number, row in enumerate(shown):
        small = figure.add_subplot(grid[number // 2, 2 + number % 2])
        mean = np.array(row["mean"]).reshape(row["rows"], row["columns"])
        colours = shade(mean / (mean.max() or 1.0))
        opacity = colours[..., 3:]
        small.imshow((1 - opacity + opacity * colours[..., :3])[::-1], aspect="auto", interpolation="nearest")
        ticks = hertz_ticks(row["hertz"])
        small.set_yticks(
            [row["rows"] * (1 - place) - 0.5 for place in ticks.values()],
            [hertz_text(each) for each in ticks],
            fontsize=7,
        )
        small.set_xticks([-0.5, row["columns"] - 0.5], ["0", f"{row['seconds'][-1]:.2f} s"], fontsize=7)
        many = f"{row['clips']} clip{'' if row['clips'] == 1 else 's'}"
        small.set_title(
            f"● group {row['cluster'] + 1}: {many}, most often {short(row['class'], 14)} ({100 * row['purity']:.0f} %)",
            loc="left", fontsize=8, color=colour_of(row["cluster"]), parse_math=False,
        )  # fmt: skip
        _quiet(small, frame=True)
    return _drawn(figure, f"map_{method}", title, caption)


def hertz_ticks(edges: Sequence[float]) -> dict[float, float]:
    """Round frequencies and how high they lie, 0 to 1, on an axis with a bin as high as the next.

    >>> {hertz: round(place, 2) for hertz, place in hertz_ticks([0.0, 250.0, 1000.0]).items()}
    {0.0: 0.0, 125: 0.25, 250: 0.5, 500: 0.67, 1000: 1.0}
    """
    ticks: dict[float, float] = {float(f"{edges[0]:.2g}"): 0.0}
    for hertz in NICE_HERTZ:
        place = float(np.interp(hertz, edges, np.linspace(0.0, 1.0, len(edges))))
        if edges[0] < hertz <= edges[-1] and place - max(ticks.values()) >= NEAREST_TICKS:
            ticks[hertz] = place
    return ticks


def colour_of(cluster: int) -> str:
    """The colour of a cluster, in pictures and on the site."""
    return PALETTE[cluster] if cluster < len(PALETTE) else "#9a9ea6"


def _lines(text: str, most: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, most)


def _natural(name: str) -> tuple[Any, ...]:
    import re

    return tuple(
        (0, float(part), "") if re.fullmatch(r"\d+", part) else (1, 0.0, part)
        for part in re.split(r"(\d+)", name)
        if part
    )


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(min(width, 24), min(height, 40)), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _bar(figure: Figure, panel: Any, largest: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    shades = shade(np.linspace(-1, 1, 255))
    opaque = 1 - shades[:, 3:] + shades[:, 3:] * shades[:, :3]
    bar = figure.colorbar(
        ScalarMappable(Normalize(-largest, largest), ListedColormap(opaque)), ax=panel, fraction=0.025, pad=0.01
    )
    bar.set_label("mean weight (+ for, − against)", fontsize=8.5, color=INK)
    bar.ax.tick_params(labelsize=8, colors=INK, width=0.6)
    bar.outline.set(linewidth=0.6, color=FAINT)


def _quiet(panel: Any, *, frame: bool = False) -> None:
    panel.tick_params(length=0 if not frame else 2, colors=INK, width=0.6)
    for spine in panel.spines.values():
        spine.set(linewidth=0.6, color=FAINT, visible=frame)


def _drawn(figure: Figure, name: str, title: str, caption: str, spots: tuple[Spot, ...] = ()) -> Drawn:
    width, height = (round(DPI * each) for each in figure.get_size_inches())
    return Drawn(name, title, caption, png_of(figure, DPI), width, height, spots)
