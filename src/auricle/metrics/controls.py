"""Masks that know nothing of the model: what an explanation must beat.

Conventions: a mask is ``[F, T]``; every control has exactly the same values as the mask, elsewhere, so its area is the
same; only `everything` is larger.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

CONTROLS = ("random", "energy", "everything")


def random_masks(mask: ArrayLike, *, draws: int, seed: int = 0) -> np.ndarray:
    """``[draws, F, T]``: the mask rolled to a random place, and mirrored or not, in time and in frequency.

    Its shapes stay whole: a control of scattered cells would be heard as noise and be too easy to beat.

    >>> random_masks([[1.0, 0.0], [0.0, 0.0]], draws=3).sum(axis=(1, 2))
    array([1., 1., 1.])
    """
    values = np.asarray(mask)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        steps = tuple(int(generator.integers(size)) for size in values.shape)
        mirrored = tuple(axis for axis in range(values.ndim) if generator.random() < 0.5)
        drawn.append(np.flip(np.roll(values, steps, axis=tuple(range(values.ndim))), mirrored))
    return np.stack(drawn)


def energy_mask(mask: ArrayLike, energy: ArrayLike) -> np.ndarray:
    """The same values, the largest where the sound has most energy.

    >>> energy_mask([[0.0, 1.0, 0.5]], [[9.0, 4.0, 1.0]])
    array([[1. , 0.5, 0. ]])
    """
    values = np.asarray(mask)
    order = np.argsort(-np.asarray(energy), axis=None, kind="stable")
    placed = np.empty(values.size, dtype=values.dtype)
    placed[order] = np.sort(values, axis=None)[::-1]
    return placed.reshape(values.shape)


def everything(mask: ArrayLike) -> np.ndarray:
    """The whole sound: a mask of ones."""
    return np.ones_like(np.asarray(mask))
