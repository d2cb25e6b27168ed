"""What is varied while a network learns: the sound (level, place, noise) and the features (tempo, pitch, gaps).

Every draw comes from the generator that is given, so the same seed and step give the same batch, also after a restart.
What is taken away becomes silence, in whatever value the front-end encodes it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.training.recipe import Augment


def vary_samples(samples: Tensor, augment: Augment, *, sample_rate: int, generator: torch.Generator) -> Tensor:
    """Samples ``[B, n]`` shifted, through other microphones, with noise and at other levels, as the recipe says."""
    if augment.shift:
        samples = _shifted(samples, round(augment.shift * sample_rate), generator)
    if augment.colour:
        samples = _coloured(samples, augment.colour, generator)
    if augment.noise is not None:
        samples = _noisy(samples, augment.noise, augment.noise_share, generator)
    if augment.gain is not None:
        samples = samples * 10 ** (_between(augment.gain, len(samples), generator).to(samples) / 20)
    return samples


def vary_features(features: Tensor, augment: Augment, *, silence: Tensor, generator: torch.Generator) -> Tensor:
    """Maps ``[B, 1, F, T]`` stretched and with gaps; ``silence [1, 1, F, T]`` is how silence is encoded."""
    if augment.stretch_time or augment.stretch_frequency:
        features = silence + _stretched(features - silence, augment, generator)
    for axis, count, share in (
        (-1, augment.time_masks, augment.time_mask),
        (-2, augment.frequency_masks, augment.frequency_mask),
    ):
        for _ in range(count):
            features = torch.where(_gap(features, axis, share, generator), silence, features)
    return features


def _between(ends: tuple[float, float], count: int, generator: torch.Generator) -> Tensor:
    return ends[0] + (ends[1] - ends[0]) * torch.rand(count, 1, generator=generator)


def _shifted(samples: Tensor, most: int, generator: torch.Generator) -> Tensor:
    n = samples.shape[1]
    shift = torch.randint(-most, most + 1, (len(samples), 1), generator=generator)
    source = torch.arange(n) - shift
    inside = ((source >= 0) & (source < n)).to(samples.device)
    return samples.gather(1, source.clamp(0, n - 1).to(samples.device)) * inside


def _coloured(samples: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Through an equaliser with a random gain at eight frequencies, an octave or so apart, and lines between."""
    count, n = samples.shape
    knots = (2 * torch.rand(count, 1, 8, generator=generator) - 1) * most
    # From 1/128 of the Nyquist frequency up, on a logarithmic axis; below that the gain of the lowest.
    octave = torch.linspace(0, 1, n // 2 + 1).clamp_min(1 / 128).log2() / 7 + 1
    place = torch.stack([2 * octave - 1, torch.zeros_like(octave)], -1).expand(count, 1, -1, 2)
    decibels = F.grid_sample(knots.unsqueeze(2), place, align_corners=True).reshape(count, -1)
    return torch.fft.irfft(torch.fft.rfft(samples) * (10 ** (decibels / 20)).to(samples), n)


def _noisy(samples: Tensor, decibels: tuple[float, float], share: float, generator: torch.Generator) -> Tensor:
    """With noise from white to brown, at a signal-to-noise ratio re the clip's RMS."""
    count, n = samples.shape
    white = torch.randn(count, n // 2 + 1, 2, generator=generator)
    tilt = torch.rand(count, 1, generator=generator)
    place = torch.arange(n // 2 + 1).clamp_min(1).float().log()
    noise = torch.fft.irfft(torch.view_as_complex(white) * torch.exp(-tilt * place), n)
    noise = noise / noise.square().mean(1, keepdim=True).sqrt()
    level = 10 ** (-_between(decibels, count, generator) / 20)
    chosen = torch.rand(count, 1, generator=generator) < share
    loudness = samples.square().mean(1, keepdim=True).sqrt()
    return samples + loudness * (noise * level * chosen).to(samples)


def _stretched(features: Tensor, augment: Augment, generator: torch.Generator) -> Tensor:
    """Both axes stretched about their origins (0 Hz, the middle of the clip), each clip its own way."""
    draw = 2 * torch.rand(len(features), 2, generator=generator) - 1
    time = torch.exp(draw[:, 0] * math.log1p(augment.stretch_time))
    hertz = torch.exp(draw[:, 1] * math.log1p(augment.stretch_frequency))
    grid = torch.zeros(len(features), 2, 3)
    grid[:, 0, 0], grid[:, 1, 1] = time, hertz
    grid[:, 1, 2] = hertz - 1  # the lowest row stays the lowest
    where = F.affine_grid(grid.to(features), list(features.shape), align_corners=False)
    return F.grid_sample(features, where, align_corners=False)


def _gap(features: Tensor, axis: int, share: float, generator: torch.Generator) -> Tensor:
    """True where a gap lies: one for each clip, up to ``share`` of the axis long, ``[B, 1, F or 1, T or 1]``."""
    size, count = features.shape[axis], len(features)
    width = (torch.rand(count, 1, generator=generator) * (share * size + 1)).long()
    start = (torch.rand(count, 1, generator=generator) * (size - width + 1)).long()
    place = torch.arange(size)
    gap = (place >= start) & (place < start + width)
    return gap.view(count, 1, *((1, size) if axis == -1 else (size, 1))).to(features.device)
