"""Filters that take a whole clip apart in hertz: zero phase, gently sloped, together exactly the clip.

Conventions: gains are real, on the bins of one real Fourier transform of the whole clip. The clip is followed by
silence before it is transformed, so that what rings after its end does not come back at its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

SLOPE = 0.25
"""How far a slope reaches to either side of a cut, as a share of the narrower of the bands that meet there."""

TAIL_SECONDS = 0.25
"""Silence after the clip for the filters to ring in."""


class Spectrum:
    """The Fourier transform of a whole sound ``[n]``, from which bands are taken."""

    def __init__(self, sound: Tensor, sample_rate: int):
        from scipy.fft import next_fast_len

        self.n = sound.shape[-1]
        self.length = next_fast_len(self.n + round(TAIL_SECONDS * sample_rate), real=True)
        self.hertz = torch.fft.rfftfreq(self.length, 1 / sample_rate, dtype=torch.float64)
        self.values = torch.fft.rfft(sound.double(), n=self.length)

    def band(self, gains: Tensor) -> Tensor:
        """The sound ``[n]`` with gains at `hertz`."""
        return torch.fft.irfft(self.values * gains, n=self.length)[: self.n]


def in_bands(sound: Tensor, cuts: Sequence[float], sample_rate: int) -> Tensor:
    """A sound ``[n]`` in the bands between neighbouring ``cuts`` (hertz), ``[len(cuts) - 1, n]``; their sum is it."""
    spectrum = Spectrum(sound, sample_rate)
    widths = np.diff(cuts)
    reach = SLOPE * np.minimum(widths[:-1], widths[1:])
    bands = torch.empty(len(widths), spectrum.n, dtype=torch.float64)
    below = torch.ones_like(spectrum.hertz)
    for i in range(len(widths)):
        last = i == len(widths) - 1
        above = torch.zeros_like(below) if last else rise(spectrum.hertz, float(cuts[i + 1]), float(reach[i]))
        bands[i] = spectrum.band(below - above)
        below = above
    return bands


def rise(at: Tensor, centre: float, reach: float) -> Tensor:
    """A raised cosine from 0 to 1 around ``centre``, over ``reach`` on either side.

    >>> rise(torch.tensor([0.0, 3.0, 4.0, 9.0]), centre=4.0, reach=2.0).round(decimals=3)
    tensor([0.0000, 0.1460, 0.5000, 1.0000])
    """
    if reach <= 0:
        return (at > centre).to(at.dtype)
    return 0.5 * (1.0 + torch.sin(0.5 * torch.pi * ((at - centre) / reach).clamp(-1.0, 1.0)))
