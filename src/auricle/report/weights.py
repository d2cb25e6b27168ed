"""The weights of the most important components as a bar chart, beside the picture of a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auricle.report.colours import AGAINST, FOR
from auricle.report.parts import MOST_HEARD, errors_of, score_unit, strongest

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase

    from auricle.explanation import Explanation

INK, FAINT = "#26282c", "#8b8f96"
LONGEST = 26
"""Letters of a component's name, at most."""


def draw_weights(figure: FigureBase, explanation: Explanation) -> None:
    """Names, weights and standard errors, the largest weight on top."""
    found = explanation.contributions
    assert found is not None
    weights = found.weights[:, 0].numpy()
    shown = strongest(weights)
    known = errors_of(found)
    errors = None if known is None else np.nan_to_num(known[shown])
    panel = figure.subplots()
    rows, values = np.arange(len(shown)), weights[shown]
    whiskers = {"elinewidth": 0.9, "ecolor": INK, "capsize": 2}
    colours = [FOR if value >= 0 else AGAINST for value in values]
    panel.barh(rows, values, xerr=errors, color=colours, alpha=0.85, height=0.62, error_kw=whiskers)
    panel.axvline(0, color=FAINT, linewidth=0.6)
    panel.set_yticks(rows, [_short(found.components.names[k]) for k in shown], parse_math=False)
    panel.set_ylim(max(len(shown), 4) - 0.4, -0.6)
    panel.tick_params(axis="y", length=0, labelsize=8.5, colors=INK)
    panel.tick_params(axis="x", labelsize=8, colors=INK, width=0.6)
    panel.margins(x=0.06)
    panel.locator_params(axis="x", nbins=5)
    error = ", ± standard error" if errors is not None else ""
    panel.set_xlabel(f"weight in {score_unit(explanation)}{error}", fontsize=8.5, color=INK, parse_math=False)
    some = f"the {MOST_HEARD} strongest of {len(weights)} parts" if len(weights) > MOST_HEARD else "parts of the sound"
    panel.set_title(some, loc="left", fontsize=9.5, color=FAINT, pad=8, parse_math=False)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set(linewidth=0.6, color=FAINT)


def _short(name: str) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in name)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
