"""A clip in concepts as a matplotlib figure: log spectrogram, standard map, one map for every share, one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from auricle.report.concepts.drawing import pictures
from auricle.report.concepts.shares import alike, equation, shares_of
from auricle.report.outcome import outcome
from auricle.report.picture import Picture
from auricle.report.plot import FAINT, INK, _colour_bar, _draw_sound, _figure, short, units

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auricle.concepts.explained import ConceptExplanation

ROW = 6
"""Panels in one row, at most."""


@dataclass(frozen=True, eq=False)
class Scaled(Picture):
    """A picture with the colours of a given scale of ± ``limit``."""

    limit: float

    @property
    def strongest(self) -> float:
        return self.limit


def concept_plot(explained: ConceptExplanation) -> Figure:
    """Side by side the log spectrogram, the standard map and the map of every share, each with its sum.

    All maps have one symmetric scale, ± the strongest cell of the standard map. Orange speaks for the target, blue
    against it.
    """
    whole, *parts = pictures(explained)
    shares = shares_of(explained)
    total, *sums = alike([explained.sums.sum(), *explained.sums])
    quiet = _scaled(whole, np.zeros_like(whole.relevance), whole.strongest)
    drawn = [quiet, *(_scaled(each, each.relevance, whole.strongest) for each in (whole, *parts))]
    titles = ["log spectrogram", f"standard   R = {total}"]
    titles += [f"{short(share.name, 26)}   R = {text}" for share, text in zip(shares, sums, strict=True)]
    rows = math.ceil(len(drawn) / ROW)
    columns = math.ceil(len(drawn) / rows)
    figure = _figure(2.75 * columns + 0.8, 2.7 * rows + 0.8)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    colours = [INK, INK, *(share.colour[0] for share in shares)]
    for place, (panel, each) in enumerate(zip(panels, drawn, strict=False)):
        _draw_sound(panel, each)
        panel.set_title(titles[place], loc="left", fontsize=9, color=colours[place], parse_math=False)
        below = place + columns < len(drawn)
        panel.set_xlabel("" if below else panel.get_xlabel())
        panel.tick_params(labelbottom=not below)
        panel.set_ylabel("" if place % columns else panel.get_ylabel())
    for panel in panels[len(drawn) :]:
        panel.set_visible(False)
    bar = _colour_bar(figure, list(panels), whole.strongest)
    bar.set_label(f"relevance per cell, in {units(explained.whole)}", color=INK, fontsize=8.5)
    said = outcome(explained.whole)
    figure.suptitle(
        f"{short(explained.clip.name)}: {short(said.label)}, {said.text}   ·   relevance for "
        f"{short(explained.whole.subject)}: R = {equation(float(explained.sums.sum()), list(explained.sums))}",
        x=0.01,
        ha="left",
        fontsize=11,
        color=INK,
        parse_math=False,
    )
    figure.supxlabel("Orange speaks for it, blue against it; one scale for all.", x=0.01, ha="left", fontsize=8.5,
                     color=FAINT)  # fmt: skip
    return figure


def _scaled(drawn: Picture, relevance: np.ndarray, limit: float) -> Scaled:
    known = {each.name: getattr(drawn, each.name) for each in fields(Picture)}
    return Scaled(**{**known, "relevance": relevance}, limit=limit)
