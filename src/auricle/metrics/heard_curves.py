"""Deletion and insertion of one map of relevance, as the network hears them, each beside its controls."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.frontends.listening import listening_axes
from auricle.metrics.controls import random_masks
from auricle.metrics.curves import Curve, deletion_masks, fractions_of, insertion_masks, ranks
from auricle.metrics.hearing import Listener
from auricle.sonify.laying import lay, within

CURVE_DRAWS = 4
"""Random orders behind the control curves, at most: each costs two whole curves."""


def heard_curves(
    listener: Listener, relevance: np.ndarray, axes: Axes, c: int, *, seconds: float, steps: int, draws: int, seed: int
) -> dict[str, dict[str, Curve]]:
    """``deletion`` and ``insertion`` of class ``c`` on a clip of ``seconds``: the ``explanation``'s curve, and those of
    ``random`` (orders in its own shapes, their mean) and ``energy`` (the loudest first).

    Cells are those of the clip's STFT, ordered by relevance ``[F, T]`` on ``axes``; what the map does not cover comes
    last.
    """
    ordered = ranks(_on_grid(listener, relevance, axes, seconds), seed=seed)
    orders = {
        "explanation": ordered[None],
        "random": random_masks(ordered, draws=min(max(draws, 1), CURVE_DRAWS), seed=seed),
        "energy": ranks(listener.power, seed=seed)[None],
    }
    fractions = fractions_of(steps)
    lines: dict[str, dict[str, Curve]] = {}
    for name, masks_of in (("deletion", deletion_masks), ("insertion", insertion_masks)):
        answers = listener(mask for group in orders.values() for rank in group for mask in masks_of(rank, steps))
        values = answers.probabilities[:, c].reshape(-1, len(fractions))
        lines[name], start = {}, 0
        for whose, group in orders.items():
            lines[name][whose] = Curve(fractions, values[start : start + len(group)].mean(0))
            start += len(group)
    return lines


def _on_grid(listener: Listener, relevance: np.ndarray, axes: Axes, seconds: float) -> np.ndarray:
    """Relevance on the cells that are deleted and inserted; outside the map it is less than anywhere."""
    grid, rate = listener.grid, listener.classifier.sample_rate
    values, axes = within(np.asarray(relevance, dtype=np.float64), axes, seconds)
    onto = listening_axes(len(listener.samples), grid, rate)
    onto = Axes(onto.seconds[: listener.frames + 1], onto.hertz)
    reach = grid.length / 2 / rate
    known = lay(np.ones_like(values), axes, onto, reach=reach) > 0.0
    return np.where(known, lay(values, axes, onto, reach=reach), -np.inf)
