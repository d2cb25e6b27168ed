"""How near a sound is to the true one, whatever its level: SI-SDR (Le Roux et al. 2019, "SDR - half-baked or well
done?", arXiv 1811.02508)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def si_sdr(estimate: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """10 log10 ‖α s‖² / ‖α s - ŝ‖² in dB, with α = ⟨ŝ, s⟩ / ‖s‖²; estimates and truths ``[..., n]`` to ``[...]``.

    Both are made zero-mean. ∞ (or, by rounding, hundreds) for a scaled copy of the truth; -∞ for an estimate that has
    nothing of it, silence included; NaN where the truth itself is silent.

    >>> float(si_sdr([1.0, 1.0, -1.0, -1.0], [1.0, 0.0, -1.0, 0.0]))
    0.0
    """
    guess, true = (np.asarray(each, dtype=np.float64) for each in (estimate, truth))
    guess, true = guess - guess.mean(-1, keepdims=True), true - true.mean(-1, keepdims=True)
    energy = np.square(true).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = (guess * true).sum(-1) / energy
        target = scale[..., None] * true
        wanted, error = np.square(target).sum(-1), np.square(target - guess).sum(-1)
        ratio = np.where(wanted == 0.0, 0.0, wanted / error)
        return np.where(energy > 0.0, 10 * np.log10(ratio), np.nan)


def si_sdr_improvement(estimate: ArrayLike, mixture: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """SI-SDRi: how many dB the estimate is nearer to the truth than the mixture it was taken from, ``[..., n]`` to
    ``[...]``; higher is better, and the mixture itself has 0.

    -∞ for a silent estimate, so take medians, or set a limit, before many are averaged; NaN where the mixture is the
    truth already.

    >>> truth, other = np.array([1.0, 0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0, -1.0])
    >>> round(float(si_sdr_improvement(truth + 0.1 * other, truth + other, truth)), 6)
    20.0
    """
    with np.errstate(invalid="ignore"):
        return si_sdr(estimate, truth) - si_sdr(mixture, truth)
