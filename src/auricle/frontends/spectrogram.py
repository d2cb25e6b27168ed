"""Linear and mel spectrograms with any window, power, compression and layout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.axes import Axes, mel_edges
from auricle.frontends.compression import Compression
from auricle.frontends.grid import STFT

Layout = Literal["channel", "plain", "transposed", "sequence", "patches"]


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """``|STFT| ** power``, compressed: ``[B, n] -> [B, 1, F, T]``.

    ``rows`` keeps the lowest so many frequency rows; ``frames`` keeps frames ``start`` to ``stop`` (exclusive) of what
    is compressed; ``last_frame=False`` takes none from the clip's end, before anything else, as Whisper does.
    ``layout`` is how the network wants the map: ``channel`` ``[B, 1, F, T]``, ``plain`` ``[B, F, T]``,
    ``transposed`` ``[B, 1, T, F]``, ``sequence`` ``[B, T, F]``, or ``patches`` ``[B, P, patch, F]`` of ``patch``
    frames, the last one filled up with silence.

    >>> front = Spectrogram(sample_rate=8000, stft_settings=STFT(n_fft=512, hop=32), compression=None)
    >>> tuple(front(torch.zeros(2, 8000)).shape)
    (2, 1, 257, 251)
    """

    kind: ClassVar[str] = "spectrogram"
    sample_rate: int = 0
    stft_settings: STFT
    power: Literal[1, 2] = 1
    compression: Compression | None = None
    normalisation: Literal["none", "peak"] = "none"
    rows: int | None = None
    frames: tuple[int, int] | None = None
    last_frame: bool = True
    layout: Layout = "channel"
    patch: int = 96

    @property
    def grid(self) -> STFT:
        return self.stft_settings.centred()

    def __call__(self, samples: Tensor) -> Tensor:
        return self.features(self.stft(self.normalise(samples)), length=samples.shape[-1])

    def normalise(self, samples: Tensor) -> Tensor:
        if self.normalisation == "none":
            return samples
        level = samples.abs().amax(-1, keepdim=True)
        return samples / torch.where(level > 0, level, torch.ones_like(level))

    def stft(self, samples: Tensor) -> Tensor:
        spectrum = self.stft_settings(samples)
        return spectrum if self.last_frame else spectrum[..., :-1]

    def features(self, stft: Tensor, *, length: int) -> Tensor:
        del length  # the map's width follows from the STFT's
        values = self._bands(stft.abs() if self.power == 1 else _squared(stft))
        if self.compression is not None:
            values = self.compression(values)
        if self.frames is not None:
            values = values[..., self.frames[0] : self.frames[1]]
        return self._lay_out(values)

    def _bands(self, values: Tensor) -> Tensor:
        return values if self.rows is None else values[..., : self.rows, :]

    def _lay_out(self, values: Tensor) -> Tensor:
        if self.layout == "plain":
            return values
        if self.layout == "channel":
            return values.unsqueeze(-3)
        if self.layout == "transposed":
            return values.transpose(-1, -2).unsqueeze(-3)
        if self.layout == "sequence":
            return values.transpose(-1, -2)
        short = -values.shape[-1] % self.patch
        if short:
            silence = self._silence(values)
            values = torch.cat([values, silence.expand(*values.shape[:-1], short)], dim=-1)
        return values.transpose(-1, -2).unflatten(-2, (-1, self.patch))

    def _silence(self, like: Tensor) -> Tensor:
        zero = like.new_zeros(1, 1)
        return zero if self.compression is None else self.compression(zero)

    def to_map(self, features: Tensor) -> Tensor:
        if self.layout == "plain":
            return features
        if self.layout == "channel":
            return features.squeeze(-3)
        if self.layout == "transposed":
            return features.squeeze(-3).transpose(-1, -2)
        if self.layout == "sequence":
            return features.transpose(-1, -2)
        return features.flatten(-3, -2).transpose(-1, -2)

    def spread(self, relevance: Tensor, stft: Tensor) -> Tensor:
        """``[B, F, T]`` on features to ``[B, n_fft // 2 + 1, frames]``, each band's share by its bins' energy."""
        start = 0 if self.frames is None else self.frames[0]
        width = min(relevance.shape[-1], stft.shape[-1] - start)  # patches may run past the last frame
        relevance = F.pad(relevance[..., :width], (start, stft.shape[-1] - start - width))
        return self._spread_bands(relevance, stft)

    def _spread_bands(self, relevance: Tensor, stft: Tensor) -> Tensor:
        return F.pad(relevance, (0, 0, 0, stft.shape[-2] - relevance.shape[-2]))

    def _hertz(self) -> np.ndarray:
        edges = self.stft_settings.axes(0, self.sample_rate).hertz
        assert edges is not None
        return edges if self.rows is None else edges[: self.rows + 1]

    def axes(self, n: int) -> Axes:
        seconds = self.stft_axes(n).seconds
        if self.frames is not None:
            seconds = seconds[self.frames[0] : min(self.frames[1] + 1, len(seconds))]
        if self.layout == "patches":
            step = self.stft_settings.hop / self.sample_rate
            total = math.ceil((len(seconds) - 1) / self.patch) * self.patch
            seconds = seconds[0] + step * np.arange(total + 1)
        return Axes(seconds=seconds, hertz=self._hertz())

    def stft_axes(self, n: int) -> Axes:
        axes = self.stft_settings.axes(n, self.sample_rate)
        return axes if self.last_frame else Axes(axes.seconds[:-1], axes.hertz)


@dataclass(frozen=True, kw_only=True)
class MelSpectrogram(Spectrogram):
    """A `Spectrogram` whose bins are gathered in ``n_mels`` overlapping mel bands.

    ``scale`` is ``slaney`` (librosa's default) or ``htk``; ``area_norm`` divides each band by its width (Slaney
    norm). ``triangles`` says in which unit the bands' slopes are straight: ``hertz`` (librosa) or ``mel``
    (TensorFlow and Kaldi).

    >>> front = MelSpectrogram(sample_rate=8000, stft_settings=STFT(n_fft=512, hop=32), n_mels=128)
    >>> tuple(front(torch.zeros(1, 8000)).shape)
    (1, 1, 128, 251)
    """

    kind: ClassVar[str] = "mel"
    n_mels: int = 64
    fmin: float = 0.0
    fmax: float | None = None
    scale: Literal["slaney", "htk"] = "slaney"
    area_norm: bool = True
    triangles: Literal["hertz", "mel"] = "hertz"

    def filters(self, like: Tensor) -> Tensor:
        """The filter bank ``[n_mels, n_fft // 2 + 1]``."""
        return _filters(
            self.sample_rate,
            self.stft_settings.n_fft,
            self.n_mels,
            self.fmin,
            self.fmax or self.sample_rate / 2,
            self.scale == "htk",
            self.area_norm,
            self.triangles,
            like.dtype,
            like.device,
        )

    def _bands(self, values: Tensor) -> Tensor:
        return torch.matmul(self.filters(values), values)

    def _spread_bands(self, relevance: Tensor, stft: Tensor) -> Tensor:
        energy = stft.abs() if self.power == 1 else _squared(stft)
        filters = self.filters(energy)
        band = filters @ energy
        # A band without energy shares its relevance by the filter's own weights.
        loud = band > 0
        share = torch.where(loud, relevance / torch.where(loud, band, torch.ones_like(band)), 0.0)
        weights = filters / filters.sum(-1, keepdim=True).clamp_min(torch.finfo(filters.dtype).tiny)
        silent = torch.where(loud, torch.zeros_like(relevance), relevance)
        return energy * (filters.T @ share) + weights.T @ silent

    def _hertz(self) -> np.ndarray:
        top = self.fmax or self.sample_rate / 2
        return mel_edges(n_mels=self.n_mels, fmin=self.fmin, fmax=top, htk=self.scale == "htk")


def _squared(stft: Tensor) -> Tensor:
    parts = torch.view_as_real(stft)
    return parts.square().sum(-1)


@lru_cache(maxsize=32)
def _filters(
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float,
    htk: bool,
    area_norm: bool,
    triangles: str,
    dtype: torch.dtype,
    device: torch.device,
) -> Tensor:
    import librosa

    if triangles == "hertz":
        norm: Literal["slaney"] | None = "slaney" if area_norm else None
        weights = librosa.filters.mel(
            sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax, htk=htk, norm=norm, dtype=np.float64
        )
    else:
        bins = np.asarray(librosa.hz_to_mel(np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1), htk=htk))
        low, high = librosa.hz_to_mel([fmin, fmax], htk=htk)
        points = np.linspace(low, high, n_mels + 2)[:, None]
        rising = (bins - points[:-2]) / (points[1:-1] - points[:-2])
        falling = (points[2:] - bins) / (points[2:] - points[1:-1])
        weights = np.maximum(0.0, np.minimum(rising, falling))
        weights[:, 0] = 0.0  # the constant offset of a recording is not sound
        if area_norm:
            edges = np.asarray(librosa.mel_to_hz(points[:, 0], htk=htk))
            weights = weights * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    with torch.inference_mode(False):
        return torch.as_tensor(weights, dtype=dtype, device=device)
