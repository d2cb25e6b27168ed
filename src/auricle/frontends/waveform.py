"""The identity front-end, for networks that eat samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.frontends.grid import STFT, full_axes


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """Samples ``[B, n]`` as network input ``[B, 1, n]`` (or ``[B, n]`` with ``channel=False``).

    ``normalisation`` sets each clip's level: ``"peak"`` divides by the largest absolute sample; ``"percentile"``
    divides by the 95th percentile of the signed samples plus 0.001, as AudioNet was trained (Becker et al. 2018);
    ``"standard"`` subtracts the mean and divides by the square root of the variance plus 1e-7, as wav2vec 2.0 and its
    relatives are given sound. Each of them depends on the whole clip.
    ``inspection`` is the STFT through which relevance on samples is also shown and heard on hertz × seconds
    (virtual inspection layer, Vielhaben et al. 2024): linear and invertible, so the total is preserved. Its
    default is a 32 ms window every 8 ms.

    >>> tuple(Waveform(sample_rate=8000)(torch.zeros(2, 8000)).shape)
    (2, 1, 8000)
    """

    kind: ClassVar[str] = "waveform"
    sample_rate: int = 0
    normalisation: Literal["none", "peak", "percentile", "standard"] = "none"
    channel: bool = True
    inspection: STFT | None = None

    @property
    def grid(self) -> STFT:
        if self.inspection is not None:
            return self.inspection.centred()
        return STFT(n_fft=4 * max(round(self.sample_rate * 0.008), 1), hop=max(round(self.sample_rate * 0.008), 1))

    def __call__(self, samples: Tensor) -> Tensor:
        samples = self.normalise(samples)
        return samples.unsqueeze(-2) if self.channel else samples

    def normalise(self, samples: Tensor) -> Tensor:
        if self.normalisation == "none":
            return samples
        if self.normalisation == "peak":
            level = samples.abs().amax(-1, keepdim=True)
            return samples / torch.where(level > 0, level, torch.ones_like(level))
        if self.normalisation == "standard":
            variance, mean = torch.var_mean(samples, -1, correction=0, keepdim=True)
            return (samples - mean) / torch.sqrt(variance + 1e-7)
        return samples / (torch.quantile(samples, 0.95, dim=-1, keepdim=True) + 0.001)

    def stft(self, samples: Tensor) -> Tensor:
        return self.grid(samples)

    def features(self, stft: Tensor, *, length: int) -> Tensor:
        samples = self.grid.inverse(stft, length=length)
        return samples.unsqueeze(-2) if self.channel else samples

    def to_map(self, features: Tensor) -> Tensor:
        return features.squeeze(-2) if self.channel else features

    def spread(self, relevance: Tensor, stft: Tensor) -> Tensor:
        raise NotImplementedError("relevance on samples is laid on the STFT by attributing at level='stft'")

    def axes(self, n: int) -> Axes:
        return full_axes(n, self.sample_rate)

    def stft_axes(self, n: int) -> Axes:
        return self.grid.axes(n, self.sample_rate)
