"""Where in time and frequency a planted cause is, on any grid: its share of the power, or its box."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.datasets.planted_events import Plant
from auricle.frontends.grid import STFT


def true_mask(
    clip: Clip, cause: Plant, stft: STFT, *, sample_rate: int | None = None, onto: Axes | None = None
) -> np.ndarray:
    """The share of the power that is the cause's, ``[F, T]`` from 0 to 1: ``|S|² / (|S|² + |X − S|²)``.

    This is the ideal ratio mask (Wang and Chen, "Supervised Speech Separation Based on Deep Learning", 2018) of the
    cause ``S`` in the clip ``X``. ``sample_rate`` is the rate at which a model hears (the clip's own by default), and
    ``onto`` are the axes of an explanation onto which the mask is laid.

    >>> from auricle.datasets.planted_events import plant
    >>> true_mask(*plant("tone"), STFT(n_fft=256, hop=80)).shape
    (129, 101)
    """
    import torch

    rate = sample_rate or clip.sample_rate
    sound, whole = (torch.tensor(each.mono(rate), dtype=torch.float64) for each in (cause.sound, clip))
    mine, other = (stft(each).abs().square().numpy() for each in (sound, whole - sound))
    # Rounding leaves next to nothing everywhere, of which a share would mean nothing either.
    mine[mine < 1e-12 * mine.max(initial=1e-300)] = 0.0
    mask = mine / np.maximum(mine + other, 1e-300)
    return mask if onto is None else stft.axes(len(whole), rate).resample(mask, onto)


def box_mask(cause: Plant, axes: Axes) -> np.ndarray:
    """Which cells ``[F, T]`` (or ``[T]``, of axes without frequency) touch the cause's box.

    >>> from auricle.datasets.planted_events import plant
    >>> clip, truth = plant("tone")
    >>> int(box_mask(truth, STFT(n_fft=256, hop=80).axes(8000, 8000)).any(axis=1).sum()) < 10
    True
    """
    during = _touched(axes.seconds, cause.start, cause.end)
    return during if axes.hertz is None else _touched(axes.hertz, cause.low, cause.high)[:, None] & during


def _touched(edges: np.ndarray, low: float, high: float) -> np.ndarray:
    return (edges[:-1] < high) & (edges[1:] > low)
