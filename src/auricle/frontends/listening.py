"""The STFT on which sound is taken apart and heard.

Conventions: it is the front-end's `grid`, centred, of the clip padded to whole hops, so that the last samples lie
under as many windows as all others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.frontends.grid import STFT


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
