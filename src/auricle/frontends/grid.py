"""The short-time Fourier transform as one value: its parameters, forward, inverse and axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.axes import Axes, frame_edges, linear_edges


@dataclass(frozen=True, kw_only=True)
class STFT:
    """Linear, complex, invertible: ``[..., n] -> [..., n_fft // 2 + 1, T]``.

    ``centre=True`` pads by ``n_fft // 2`` so that frame ``t`` is centred on sample ``t * hop``; otherwise frame ``t``
    begins at sample ``t * hop`` and only whole windows are taken. ``precise`` computes in double precision whatever the
    samples are, as NumPy does: what is 100 dB under the loudest moment is else rounding, and decibels show it.

    >>> grid = STFT(n_fft=256, hop=80)
    >>> spectrum = grid(torch.randn(2, 8000))
    >>> tuple(spectrum.shape)
    (2, 129, 101)
    >>> tuple(grid.inverse(spectrum, length=8000).shape)
    (2, 8000)
    """

    n_fft: int
    hop: int
    window_length: int | None = None
    window: Literal["hann", "hamming"] = "hann"
    centre: bool = True
    padding: Literal["constant", "reflect"] = "constant"
    precise: bool = False

    @property
    def length(self) -> int:
        """Window length in samples."""
        return self.window_length or self.n_fft

    def frames(self, n: int) -> int:
        """How many frames a clip of ``n`` samples has."""
        if self.centre:
            return 1 + (n - self.n_fft % 2) // self.hop
        return max(1 + (n - self.length) // self.hop, 0)

    def __call__(self, samples: Tensor) -> Tensor:
        lead = samples.shape[:-1]
        flat = samples.reshape(-1, samples.shape[-1])
        margin = self.n_fft // 2 if self.centre else (self.n_fft - self.length) // 2
        right = margin if self.centre else self.n_fft - self.length - margin
        # Reflection needs more samples than the margin; a shorter clip is surrounded by silence.
        mode = self.padding if flat.shape[-1] > margin else "constant"
        flat = F.pad(flat, (margin, right), mode=mode) if margin or right else flat
        flat = flat.double() if self.precise else flat
        spectrum = torch.stft(
            flat,
            self.n_fft,
            self.hop,
            self.length,
            _window(self.window, self.length, flat.dtype, flat.device),
            center=False,
            return_complex=True,
        )
        spectrum = spectrum.to(torch.promote_types(samples.dtype, torch.complex64)) if self.precise else spectrum
        return spectrum.reshape(*lead, *spectrum.shape[-2:])

    def inverse(self, spectrum: Tensor, *, length: int) -> Tensor:
        """``[..., F, T] -> [..., length]``; exact for any spectrum that came from a clip of that length.

        Only a centred transform sees every sample with a non-zero window, so only that one can be inverted.
        """
        if not self.centre:
            raise ValueError("an STFT with centre=False cannot be inverted at its edges; use .centred()")
        lead = spectrum.shape[:-2]
        samples = torch.istft(
            spectrum.reshape(-1, *spectrum.shape[-2:]),
            self.n_fft,
            self.hop,
            self.length,
            _window(self.window, self.length, spectrum.real.dtype, spectrum.device),
            center=True,
            # The last frame may end before the clip does; the missing tail is filled in by the caller's pad.
            length=length,
        )
        return samples.reshape(*lead, length)

    def centred(self) -> STFT:
        """The invertible transform with the same resolution, for listening."""
        return replace(self, centre=True, padding="constant", precise=False)

    def scaled(self, factor: float) -> STFT:
        """The same window and hop in seconds at ``factor`` times the sample rate."""
        return replace(
            self,
            n_fft=round(self.n_fft * factor),
            hop=max(round(self.hop * factor), 1),
            window_length=round(self.length * factor),
        )

    def axes(self, n: int, sample_rate: float) -> Axes:
        """Hertz and seconds edges for a clip of ``n`` samples."""
        centre = 0.0 if self.centre else self.length / 2
        return Axes(
            seconds=frame_edges(
                n_frames=self.frames(n), hop=self.hop, sample_rate=sample_rate, first_centre=centre
            ),
            hertz=linear_edges(n_fft=self.n_fft, sample_rate=sample_rate),
        )


@lru_cache(maxsize=64)
def _window(kind: str, length: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    make = {"hann": torch.hann_window, "hamming": torch.hamming_window}[kind]
    with torch.inference_mode(False):
        return make(length, periodic=True, dtype=dtype, device=device)


def full_axes(n: int, sample_rate: float) -> Axes:
    """Axes of relevance on the samples themselves, ``[N]``."""
    return Axes(seconds=np.arange(n + 1) / sample_rate)
