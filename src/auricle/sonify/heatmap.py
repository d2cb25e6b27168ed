"""The audible heat-map: a waveform weighted by its own relevance (Becker et al. 2018)."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.sonify.masking import Masking, mask_of


def over_time(relevance: np.ndarray, axes: Axes) -> tuple[np.ndarray, Axes]:
    """Relevance over seconds alone: a map ``[F, T]`` summed over frequency, samples ``[N]`` as they are."""
    return (relevance.sum(axis=0) if axes.hertz is not None else relevance), Axes(axes.seconds)


def weights(relevance: np.ndarray, axes: Axes, masking: Masking, *, at: np.ndarray, reach: float) -> np.ndarray:
    """The weight 0…1 of the sound at the seconds ``at``, from relevance over time ``[T]``.

    The same mask as on a map (`mask_of`), linear between the centres of its bins and held for ``reach`` seconds
    beyond the outermost.
    """
    mask = mask_of(relevance, masking)
    heard = (at >= axes.seconds[0] - reach) & (at <= axes.seconds[-1] + reach)
    return np.where(heard, np.interp(at, axes.seconds_centres, mask), 0.0)
