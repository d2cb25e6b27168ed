"""What is varied while a network learns: the sound (level, place, pitch, echo, noise) and the features (tempo, gaps).

Every draw comes from the generator that is given, so the same seed and step give the same batch, also after a restart.
What is taken away becomes silence, in whatever value the front-end encodes it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.training.recipe import Augment

ECHO_SECONDS = (0.05, 0.3)
ECHO_FACTOR = 0.5
RT60_SECONDS = (0.2, 1.0)
"""Of a room: the time in which its sound falls by 60 dB."""


def vary_samples(samples: Tensor, augment: Augment, *, sample_rate: int, generator: torch.Generator) -> Tensor:
    """Samples ``[B, n]`` shifted in time and pitch, echoed, filtered, in noise, at other levels, as the recipe says."""
    if augment.shift:
        samples = _shifted(samples, round(augment.shift * sample_rate), generator)
    if augment.pitch is not None:
        samples = _pitched(samples, augment.pitch, augment.pitch_share, sample_rate, generator)
    if augment.delay:
        samples = _echoed(samples, augment.delay, sample_rate, generator)
    if augment.reverb:
        samples = _reverberant(samples, augment.reverb, sample_rate, generator)
    if augment.low_pass is not None or augment.high_pass is not None:
        samples = _filtered(samples, augment, sample_rate, generator)
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
    return _later(samples, torch.randint(-most, most + 1, (len(samples), 1), generator=generator))


def _later(samples: Tensor, shift: Tensor) -> Tensor:
    """Each clip later by its ``shift [B, 1]`` in samples; what comes in is silence."""
    n = samples.shape[1]
    source = torch.arange(n) - shift
    inside = ((source >= 0) & (source < n)).to(samples.device)
    return samples.gather(1, source.clamp(0, n - 1).to(samples.device)) * inside


def _pitched(
    samples: Tensor, semitones: tuple[float, float], share: float, sample_rate: int, generator: torch.Generator
) -> Tensor:
    """Higher or lower at the same speed: librosa's phase vocoder, clip by clip."""
    import librosa

    steps = _between(semitones, len(samples), generator)
    chosen = torch.rand(len(samples), 1, generator=generator) < share
    varied = samples.clone()
    for i in chosen.flatten().nonzero().flatten().tolist():
        sound = samples[i].cpu().numpy()
        varied[i] = torch.from_numpy(librosa.effects.pitch_shift(sound, sr=sample_rate, n_steps=float(steps[i])))
    return varied


def _echoed(samples: Tensor, probability: float, sample_rate: int, generator: torch.Generator) -> Tensor:
    """With one echo, ``ECHO_FACTOR`` times the sound itself; what of it would come after the end is cut off."""
    count = len(samples)
    delay = (_between(ECHO_SECONDS, count, generator) * sample_rate).round().long()
    chosen = torch.rand(count, 1, generator=generator) < probability
    return samples + ECHO_FACTOR * _later(samples, delay) * chosen.to(samples.device)


def _reverberant(samples: Tensor, probability: float, sample_rate: int, generator: torch.Generator) -> Tensor:
    """In a diffuse room: convolved with noise that decays exponentially (Moorer 1979).

    Each clip keeps its RMS and its length; what would ring on after the end is cut off.
    """
    count, n = samples.shape
    taps = min(n, round(RT60_SECONDS[1] * sample_rate))
    seconds = torch.arange(taps) / sample_rate
    rt60 = _between(RT60_SECONDS, count, generator)
    response = torch.randn(count, taps, generator=generator) * 10 ** (-3 * seconds / rt60)
    padded = n + taps  # long enough that nothing comes round to the beginning
    spectrum = torch.fft.rfft(samples, padded) * torch.fft.rfft(response.to(samples), padded)
    wet = torch.fft.irfft(spectrum, padded)[:, :n]
    before, after = (each.square().mean(1, keepdim=True).sqrt() for each in (samples, wet))
    wet = wet * before / after.clamp_min(torch.finfo(wet.dtype).tiny)
    chosen = torch.rand(count, 1, generator=generator) < probability
    return torch.where(chosen.to(samples.device), wet, samples)


def _filtered(samples: Tensor, augment: Augment, sample_rate: int, generator: torch.Generator) -> Tensor:
    """Through a low-pass or a high-pass, at random where both are given: Butterworth of order 2, without its phase."""
    count, n = samples.shape
    hertz = torch.fft.rfftfreq(n, 1 / sample_rate)
    low, high = (_between(ends or (1.0, 1.0), count, generator) for ends in (augment.low_pass, augment.high_pass))
    is_low = torch.rand(count, 1, generator=generator) < 0.5
    if augment.low_pass is None or augment.high_pass is None:
        is_low = torch.full_like(is_low, augment.high_pass is None)
    over = torch.where(is_low, (hertz / low) ** 4, (high / hertz.clamp_min(1e-6)) ** 4)
    response = 1 / (1 + over).sqrt()
    chosen = torch.rand(count, 1, generator=generator) < augment.filter_share
    response = torch.where(chosen, response, torch.ones_like(response))
    return torch.fft.irfft(torch.fft.rfft(samples) * response.to(samples), n)


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
