"""How much two masks of one clip agree, beyond what their sizes alone bring about."""

from __future__ import annotations

import numpy as np


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks ``[F, T]`` (soft ones by minimum and maximum); 0 where both are empty.

    >>> overlap(np.array([1.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    0.5
    """
    union = float(np.maximum(one, other).sum())
    return float(np.minimum(one, other).sum()) / union if union else 0.0


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """The overlap above chance, ``(IoU − c) / (1 − c)``: 1 for equal masks, about 0 for unrelated ones.

    c = ab / (a + b − ab) is the IoU to be expected of masks that cover shares a and b of the map in unrelated places.
    Masks of everything agree by chance alone, and get 0, as do empty ones.

    >>> agreement(np.array([1.0, 0.0]), np.array([1.0, 0.0])), agreement(np.ones(2), np.ones(2))
    (1.0, 0.0)
    """
    a, b = float(np.mean(one)), float(np.mean(other))
    if not (a and b):
        return 0.0
    chance = a * b / (a + b - a * b)
    return (overlap(one, other) - chance) / (1.0 - chance) if chance < 1.0 else 0.0
