"""Masks that know nothing of the model: what an explanation must beat.

Conventions: a mask is ``[F, T]``; random and energy masks have exactly the same values as the mask, elsewhere, so their
area is the same; `everything`, `energy_threshold_mask` and `oracle_mask` have areas of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError

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


def energy_threshold_mask(power: ArrayLike, share: float = 0.35) -> np.ndarray:
    """1 where log(1 + |X|) is more than ``share`` of its largest, else 0; ``power [F, T]`` is |X|².

    The target that PIQ learns (SpeechBrain). What it keeps depends on the scale of the samples, as log(1 + x) does and
    `energy_mask` does not. Silence keeps nothing.

    >>> energy_threshold_mask([[100.0, 4.0, 0.01]])
    array([[1., 1., 0.]])
    """
    if not 0.0 <= share < 1.0:
        raise AuricleError(f"a threshold of {share:g} of the loudest cell is none; give a share from 0 to below 1")
    level = np.log1p(np.sqrt(np.asarray(power, dtype=np.float64)))
    return (level > share * level.max(initial=0.0)).astype(np.float64)


def oracle_mask(target_power: ArrayLike, other_power: ArrayLike) -> np.ndarray:
    """The ideal ratio mask |S|² / (|S|² + |N|²) of a source, all others together ``[F, T]``; 0 in silence.

    It needs the true sources, so it is what a mask with the mixture's phase can reach about at best (as a Wiener
    filter; Erdogan et al. 2015).

    >>> oracle_mask([[3.0, 0.0]], [[1.0, 0.0]])
    array([[0.75, 0.  ]])
    """
    target, other = np.asarray(target_power, dtype=np.float64), np.asarray(other_power, dtype=np.float64)
    if target.shape != other.shape:
        raise AuricleError(
            f"spectra of shape {target.shape} and {other.shape} are of different sounds; give both on the same STFT"
        )
    whole = target + other
    return np.divide(target, whole, out=np.zeros_like(whole), where=whole > 0.0)
