"""A dictionary as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auricle.interpreters.dictionary import Dictionary

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_dictionary(dictionary: Dictionary) -> Figure:
    """One figure: each column as a stripe on a hertz axis, low centroids first within each group."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    order = stripes(dictionary)
    names = [dictionary.groups[k] for k in order]
    values = dictionary.columns.double().cpu().numpy()[:, order]
    values = values / np.maximum(values.max(0), np.finfo(float).tiny)
    figure = Figure(figsize=(9.6, 4.8), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panel = figure.subplots()
    step = dictionary.sample_rate / dictionary.grid.n_fft
    extent = (0.5, len(order) + 0.5, -step / 2, dictionary.sample_rate / 2 + step / 2)
    image = panel.imshow(values, origin="lower", aspect="auto", extent=extent, cmap="magma", interpolation="nearest")
    panel.set_ylim(0, dictionary.sample_rate / 2)
    panel.set(xlabel="components, in order of their centroids", ylabel="frequency (Hz)")
    starts = [k for k in range(len(names)) if k == 0 or names[k] != names[k - 1]]
    for start in starts[1:]:
        panel.axvline(start + 0.5, color="white", linewidth=1)
    if len(starts) > 1:
        upper = panel.secondary_xaxis("top")
        ends = [*starts[1:], len(names)]
        middles = [(start + end + 1) / 2 for start, end in zip(starts, ends, strict=True)]
        upper.set_xticks(middles, [names[start] for start in starts], parse_math=False)
        upper.tick_params(length=0)
    figure.colorbar(image, ax=panel, label="share of the column's largest value")
    return figure


def stripes(dictionary: Dictionary) -> list[int]:
    """Columns in the order they are drawn: group by group as they come, low centroids first."""
    groups = list(dict.fromkeys(dictionary.groups))
    centroids = dictionary.centroids()
    return sorted(range(len(dictionary)), key=lambda k: (groups.index(dictionary.groups[k]), float(centroids[k])))
