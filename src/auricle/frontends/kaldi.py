"""Kaldi's log-mel filter bank, as the Audio Spectrogram Transformer is given it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.frontends.compression import Compression, Log
from auricle.frontends.grid import STFT
from auricle.frontends.spectrogram import Layout, MelSpectrogram

PRE_EMPHASIS = 0.97
FRAMES = STFT(n_fft=512, hop=160, window_length=400, centre=False)
LOG = Log(offset=0.0, minimum=1.192092955078125e-07)


@dataclass(frozen=True, kw_only=True)
class KaldiFilterbank(MelSpectrogram):
    """``[B, n] -> [B, max_frames, n_mels]``: frames of 25 ms every 10 ms (at 16 kHz), ln of 128 mel bands' power.

    Within each frame the mean is removed and a sample loses 0.97 of the one before it; the Hann window is symmetric;
    bands are straight in mel from 20 Hz on; power is not below 1.19e-7. A clip of fewer than ``max_frames`` frames
    (None: any) is filled up with zeros *after* the logarithm: that is no silence, whose value is ln 1.19e-7. One of
    more is cut. At last ``standardised`` subtracts ``mean`` and divides by ``2 std``.

    The frames that are filled in lie behind the clip's end on the axes. No sound is under them, nor in a band so
    narrow that no bin lies in it (the fourth of 128), so relevance there has no place on the STFT or in samples and is
    left out by `spread`; LRP books it as absorbed.

    Gong et al. 2021, AST: Audio Spectrogram Transformer; the numbers are those of its published checkpoints.

    >>> tuple(KaldiFilterbank()(torch.zeros(2, 16000)).shape)
    (2, 1024, 128)
    """

    kind: ClassVar[str] = "kaldi"
    sample_rate: int = 16000
    stft_settings: STFT = FRAMES
    power: Literal[1, 2] = 2
    n_mels: int = 128
    fmin: float = 20.0
    scale: Literal["slaney", "htk"] = "htk"
    area_norm: bool = False
    triangles: Literal["hertz", "mel"] = "mel"
    compression: Compression | None = LOG
    layout: Layout = "sequence"
    max_frames: int | None = 1024
    standardised: bool = True
    mean: float = -4.2677393
    std: float = 4.5689974

    @property
    def seconds(self) -> float | None:
        """The longest clip of which nothing is cut off; None: any."""
        if self.max_frames is None:
            return None
        return ((self.max_frames - 1) * self.stft_settings.hop + self.stft_settings.length) / self.sample_rate

    def stft(self, samples: Tensor) -> Tensor:
        grid = self.stft_settings
        if samples.shape[-1] < grid.length:
            raise AuricleError(
                f"this sound is shorter than one frame, {1000 * grid.length / self.sample_rate:g} ms; give a longer one"
            )
        # In double precision, without which quiet bins beside loud ones are off by more than 1e-4 in the logarithm.
        frames = samples.double().unfold(-1, grid.length, grid.hop)
        frames = frames - frames.mean(-1, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
        window = torch.hann_window(grid.length, periodic=False, dtype=frames.dtype, device=frames.device)
        spectrum = torch.fft.rfft((frames - PRE_EMPHASIS * before) * window, n=grid.n_fft)
        return spectrum.transpose(-1, -2).to(torch.promote_types(samples.dtype, torch.complex64))

    def features(self, stft: Tensor, *, length: int) -> Tensor:
        found = super().features(stft, length=length)
        if self.max_frames is not None:
            found = F.pad(found[:, : self.max_frames], (0, 0, 0, max(self.max_frames - found.shape[1], 0)))
        return (found - self.mean) / (2 * self.std) if self.standardised else found

    def axes(self, n: int) -> Axes:
        axes = super().axes(n)
        if self.max_frames is None:
            return axes
        step = self.stft_settings.hop / self.sample_rate
        return Axes(axes.seconds[0] + step * np.arange(self.max_frames + 1), axes.hertz)
