"""Laying a map onto the STFT on which it is heard.

Conventions: the listening STFT is the front-end's `grid`, centred, of the clip padded to whole hops, so that the last
samples lie under as many windows as all others; a mask has one value per bin of it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.frontends import STFT


def padded_length(n: int, grid: STFT) -> int:
    """``n`` rounded up to a multiple of the hop, so that a frame is centred at or after the clip's end.

    An odd window is centred half a sample early, and needs one sample more for its last frame.
    """
    return -(-n // grid.hop) * grid.hop + grid.n_fft % 2


def frames_within(n: int, grid: STFT) -> int:
    """How many frames are centred within the clip's ``n`` samples (its end included)."""
    return 1 + n // grid.hop


def listening_axes(n: int, grid: STFT, sample_rate: float) -> Axes:
    """Edges of the listening STFT of a clip of ``n`` samples."""
    return grid.axes(padded_length(n, grid), sample_rate)


def spectrum_of(samples: Tensor, grid: STFT) -> Tensor:
    """``[..., n] -> [..., F, T]``: the listening STFT."""
    short = padded_length(samples.shape[-1], grid) - samples.shape[-1]
    return grid(torch.nn.functional.pad(samples, (0, short)))


def sound_of(spectrum: Tensor, grid: STFT, *, length: int) -> Tensor:
    """``[..., F, T] -> [..., length]``: the inverse of `spectrum_of`."""
    return grid.inverse(spectrum, length=padded_length(length, grid))[..., :length]


def within(values: np.ndarray, axes: Axes, seconds: float) -> tuple[np.ndarray, Axes]:
    """The part of a map ``[..., T]`` whose bins overlap the clip: padding has nothing to say about it."""
    inside = np.flatnonzero((axes.seconds[1:] > 0.0) & (axes.seconds[:-1] < seconds))
    if len(inside) == 0:
        raise ValueError("no bin of the map lies in the clip")
    first, last = inside[0], inside[-1]
    return values[..., first : last + 1], Axes(axes.seconds[first : last + 2], axes.hertz)


def lay(mask: np.ndarray, axes: Axes, onto: Axes, *, reach: float) -> np.ndarray:
    """A mask (or relevance) ``[F, T]`` on its own axes, laid onto the bins of a listening STFT.

    The outermost columns hold for another ``reach`` seconds (half a window): the network heard those samples too,
    through the slope of that window. Elsewhere outside the map the network heard nothing, and the value is 0.
    """
    held = np.concatenate([mask[:, :1], mask, mask[:, -1:]], axis=1)
    seconds = np.concatenate([[axes.seconds[0] - reach], axes.seconds, [axes.seconds[-1] + reach]])
    return Axes(seconds, axes.hertz).resample(held, onto)


def in_clip(axes: Axes, seconds: float) -> np.ndarray:
    """Which frames ``[T]`` of a listening STFT are centred within the clip."""
    centres = axes.seconds_centres
    return (centres >= -1e-9) & (centres <= seconds + 1e-9)
