"""Deletion and insertion of one map of relevance, as columns of the study's table."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.metrics.heard_curves import heard_curves
from auricle.metrics.hearing import Listener


def curve_areas(
    listener: Listener, relevance: np.ndarray, axes: Axes, c: int, *, steps: int, draws: int, seed: int
) -> dict[str, float]:
    """``deletion`` and ``insertion`` of class ``c``: mean heights of the curves, each beside ``random`` and ``energy``.

    As `auricle.metrics.measure` draws them, for relevance ``[F, T]`` on ``axes``.
    """
    seconds = len(listener.samples) / listener.classifier.sample_rate
    lines = heard_curves(listener, relevance, axes, c, seconds=seconds, steps=steps, draws=draws, seed=seed)
    return {
        name if whose == "explanation" else f"{name} {whose}": curve.auc
        for name, each in lines.items()
        for whose, curve in each.items()
    }
