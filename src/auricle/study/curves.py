"""Deletion and insertion of one map of relevance, as columns of the study's table."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.frontends.listening import listening_axes
from auricle.metrics.controls import random_masks
from auricle.metrics.curves import area_under, deletion_masks, fractions_of, insertion_masks, ranks
from auricle.metrics.hearing import Listener
from auricle.metrics.measure import CURVE_DRAWS
from auricle.sonify.laying import lay, within


def curve_areas(
    listener: Listener, relevance: np.ndarray, axes: Axes, c: int, *, steps: int, draws: int, seed: int
) -> dict[str, float]:
    """``deletion`` and ``insertion`` of class ``c``: mean heights of the curves, each beside ``random`` and ``energy``.

    As `auricle.metrics.measure` draws them: cells of the clip's STFT, ordered by relevance ``[F, T]`` on ``axes``; what
    the map does not cover comes last.
    """
    ordered = ranks(_on_grid(listener, relevance, axes), seed=seed)
    orders = {
        "": ordered[None],
        " random": random_masks(ordered, draws=min(max(draws, 1), CURVE_DRAWS), seed=seed),
        " energy": ranks(listener.power, seed=seed)[None],
    }
    fractions = fractions_of(steps)
    areas = {}
    for name, masks_of in (("deletion", deletion_masks), ("insertion", insertion_masks)):
        answers = listener(mask for group in orders.values() for rank in group for mask in masks_of(rank, steps))
        values = answers.probabilities[:, c].reshape(-1, len(fractions))
        start = 0
        for whose, group in orders.items():
            areas[name + whose] = area_under(values[start : start + len(group)].mean(0), fractions)
            start += len(group)
    return areas


def _on_grid(listener: Listener, relevance: np.ndarray, axes: Axes) -> np.ndarray:
    grid, rate, n = listener.grid, listener.classifier.sample_rate, len(listener.samples)
    values, axes = within(np.asarray(relevance, dtype=np.float64), axes, n / rate)
    onto = listening_axes(n, grid, rate)
    onto = Axes(onto.seconds[: listener.frames + 1], onto.hertz)
    reach = grid.length / 2 / rate
    known = lay(np.ones_like(values), axes, onto, reach=reach) > 0.0
    return np.where(known, lay(values, axes, onto, reach=reach), -np.inf)
