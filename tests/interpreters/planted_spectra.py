"""Magnitudes made of known columns, and clips made of known tones."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.frontends import STFT

GRID = STFT(n_fft=256, hop=64)
RATE = 8000


def columns_of_bumps(frequencies: int = 40, count: int = 5) -> Tensor:
    """``[F, K]`` of norm one: a bump each, at places of its own, with an overtone."""
    bins = torch.arange(frequencies, dtype=torch.float64)
    places = torch.linspace(3, frequencies / 2 - 2, count, dtype=torch.float64)
    bumps = torch.exp(-0.5 * ((bins[:, None] - places) / 1.2) ** 2)
    bumps += 0.5 * torch.exp(-0.5 * ((bins[:, None] - 2 * places) / 1.2) ** 2)
    return bumps / bumps.norm(dim=0)


def few_codes(count: int = 5, frames: int = 300, seed: int = 0) -> Tensor:
    """``[K, T]``: each component sounds in three frames out of ten."""
    generator = torch.Generator().manual_seed(seed)
    strength = torch.rand(count, frames, generator=generator, dtype=torch.float64) + 0.2
    return strength * (torch.rand(count, frames, generator=generator) < 0.3)


def magnitudes(frequencies: int = 30, frames: int = 80, seed: int = 0) -> Tensor:
    """``[F, T]`` without any plan: heavy-tailed, with a few zeros."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(frequencies, frames, generator=generator, dtype=torch.float64).exp()
    return drawn * (torch.rand(frequencies, frames, generator=generator) < 0.95)


def tones(*hertz: float, seconds: float = 0.5, name: str = "tones", level: float = 0.3) -> Clip:
    """A clip of one tone after the other."""
    time = np.arange(round(seconds * RATE)) / RATE
    return Clip(np.concatenate([level * np.sin(2 * np.pi * each * time) for each in hertz]), RATE, name)
