"""Pictures of an interpreter: components by classes, and explanations as points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auricle.interpreters.global_view import GlobalView

WIDTH = 9.6
"""Of a picture, in inches."""


def _figure(height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def draw_classes(values: np.ndarray, labels: Sequence[str], order: Sequence[int], *, meaning: str) -> Figure:
    """``values [C, K]`` with a row a class and a column a component, in this order; red for, blue against."""
    figure = _figure(1.2 + 0.26 * len(labels))
    panel = figure.subplots()
    most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    extent = (0.5, len(order) + 0.5, len(labels) - 0.5, -0.5)
    image = panel.imshow(
        values[:, list(order)], aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most, extent=extent,
        interpolation="nearest",
    )  # fmt: skip
    panel.set_yticks(range(len(labels)), labels, parse_math=False)
    panel.set_xlabel("components, in the order of the list below")
    figure.colorbar(image, ax=panel, label=meaning)
    return figure


def draw_points(view: GlobalView) -> Figure:
    """Each explanation as a point in the colour of the class that is explained."""
    from matplotlib import colormaps

    figure = _figure(5.2)
    panel = figure.subplots()
    palette = colormaps["tab20"]
    for label in np.unique(view.classes):
        rows = view.classes == label
        marker = "osD^vP*X"[label // 20 % 8]
        across, up = view.places[rows].T
        panel.scatter(across, up, s=16, color=palette(label % 20), marker=marker, label=view.labels[label])
    panel.set_xticks([])
    panel.set_yticks([])
    legend = panel.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure
