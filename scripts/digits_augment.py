"""How a spoken digit becomes a training window: other rooms, speeds, levels, noises, and sounds beside it.

Every function takes the random generator that decides, so the same seed gives the same windows.
"""

from __future__ import annotations

import numpy as np
import soxr
import torch
from digits_corpus import SAMPLE_RATE, Utterance
from torch import Tensor
from torch.nn import functional as F

WINDOW = SAMPLE_RATE
_FFT = 2 * WINDOW


def window(utterance: Utterance, others: list[Utterance], rng: np.random.Generator) -> np.ndarray:
    """One second ``[8000]`` in which the digit sounds somewhere, as the world might deliver it."""
    placed = _place(_resampled(utterance.samples, rng), rng)
    sound = _coloured(placed, rng)
    sound /= np.abs(sound).max() + 1e-9
    if rng.random() < 0.35:
        sound = sound + distractors(rng)
    if rng.random() < 0.6:
        sound = sound + _noise(others, rng) * _rms(sound) * 10 ** (-rng.uniform(5, 40) / 20)
    return at_level(sound, rng)


def background(rng: np.random.Generator) -> np.ndarray:
    """One second without a digit: silence, noise, tones or bursts."""
    sound = np.zeros(WINDOW, np.float32)
    if rng.random() < 0.8:
        sound = sound + distractors(rng)
    if rng.random() < 0.5:
        sound = sound + _noise([], rng) * 10 ** (-rng.uniform(5, 40) / 20)
    return at_level(sound, rng) if sound.any() else sound


def at_level(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At a peak between -40 and 0 dBFS, most often in the upper half of that range."""
    peak_db = -40 * rng.random() ** 1.5
    return (sound * (10 ** (peak_db / 20) / (np.abs(sound).max() + 1e-9))).astype(np.float32)


def _resampled(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Faster and higher, or slower and lower, by up to a fifth."""
    if rng.random() < 0.3:
        return samples
    factor = np.exp(rng.uniform(-0.2, 0.2))
    return soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE * factor, quality="LQ")


def _place(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Anywhere in the window; a third of the time at its start, where clips are whose end is padded."""
    if len(samples) >= WINDOW:
        start = int(rng.integers(len(samples) - WINDOW + 1))
        return samples[start : start + WINDOW].copy()
    placed = np.zeros(WINDOW, np.float32)
    start = 0 if rng.random() < 0.33 else int(rng.integers(WINDOW - len(samples) + 1))
    placed[start : start + len(samples)] = samples
    return placed


def _coloured(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Through a microphone (a smooth random equaliser, perhaps a narrow band) and perhaps a small room."""
    hertz = np.linspace(0, SAMPLE_RATE / 2, _FFT // 2 + 1)
    response = np.ones_like(hertz, dtype=np.complex64)
    if rng.random() < 0.7:
        knots = np.geomspace(60, SAMPLE_RATE / 2, 7)
        response *= 10 ** (np.interp(hertz, knots, rng.uniform(-8, 8, 7)) / 20)
    if rng.random() < 0.25:
        low, high = rng.uniform(60, 350), rng.uniform(2400, 4000)
        response *= 1 / np.sqrt(1 + (low / np.maximum(hertz, 1)) ** 6) / np.sqrt(1 + (hertz / high) ** 12)
    if rng.random() < 0.3:
        seconds = np.arange(WINDOW // 2) / SAMPLE_RATE
        tail = rng.standard_normal(len(seconds)) * np.exp(-6.9 * seconds / rng.uniform(0.05, 0.3))
        tail *= rng.uniform(0.1, 0.7) / np.sqrt((tail**2).sum())
        tail[0] = 1.0
        response *= np.fft.rfft(tail, _FFT)
    return np.fft.irfft(np.fft.rfft(sound, _FFT) * response)[:WINDOW].astype(np.float32)


def distractors(rng: np.random.Generator) -> np.ndarray:
    """One to three tones or bursts of noise at random places, each at -20 to 0 dB."""
    sound = np.zeros(WINDOW, np.float32)
    for _ in range(rng.integers(1, 4)):
        length = int(rng.uniform(0.05, 0.6) * SAMPLE_RATE)
        if rng.random() < 0.6:
            hertz = np.exp(rng.uniform(np.log(150), np.log(3900)))
            event = np.sin(2 * np.pi * hertz * np.arange(length) / SAMPLE_RATE + rng.uniform(0, 6.28))
        else:
            length = min(length, SAMPLE_RATE // 3)
            event = _spectrum_noise(length, rng)
            event /= np.abs(event).max()
        ramp = min(80, length // 2)
        event[:ramp] *= np.linspace(0, 1, ramp)
        event[-ramp:] *= np.linspace(1, 0, ramp)
        start = int(rng.integers(WINDOW - length + 1))
        sound[start : start + length] += 10 ** (-rng.uniform(0, 20) / 20) * event
    return sound


def _noise(others: list[Utterance], rng: np.random.Generator) -> np.ndarray:
    """White to brown noise, or (given ``others``) a babble of their backward voices, at an RMS of 1."""
    if others and rng.random() < 0.25:
        noise = np.zeros(WINDOW, np.float32)
        for _ in range(rng.integers(4, 9)):
            voice = others[rng.integers(len(others))].samples[::-1][:WINDOW]
            noise += np.roll(np.pad(voice, (0, WINDOW - len(voice))), rng.integers(WINDOW)) / _rms(voice)
    else:
        noise = _spectrum_noise(WINDOW, rng)
    return noise / _rms(noise)


def _spectrum_noise(length: int, rng: np.random.Generator) -> np.ndarray:
    """Noise from white to brown, sometimes only a band of it."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    spectrum *= np.maximum(hertz, 50) ** (-rng.uniform(0, 1))
    if rng.random() < 0.3:
        low = rng.uniform(0, 2500)
        spectrum *= (hertz >= low) & (hertz <= low + rng.uniform(500, 2000))
    return np.fft.irfft(spectrum, length).astype(np.float32)


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt((sound**2).mean())) + 1e-9


def warped(features: Tensor, generator: torch.Generator) -> Tensor:
    """Features ``[B, 1, F, T]`` of other throats and tempi: both axes stretched a little, each its own way.

    Bands and stretches of time are also silenced, so that the network has met sounds with parts taken out, as
    explanations will show it.
    """
    batch, _, bands, frames = features.shape
    low, high = torch.tensor([[-0.08, -0.15, -0.05]]), torch.tensor([[0.08, 0.15, 0.05]])
    draw = low + (high - low) * torch.rand(batch, 3, generator=generator)
    grid = torch.zeros(batch, 2, 3)
    grid[:, 0, 0], grid[:, 1, 1], grid[:, 1, 2] = draw[:, 1].exp(), draw[:, 0].exp(), draw[:, 2]
    features = F.grid_sample(features, F.affine_grid(grid, list(features.shape), False), align_corners=False)
    for axis, size, widest in ((2, bands, 8), (3, frames, 12)):
        width = torch.randint(0, widest + 1, (batch, 1), generator=generator)
        start = (torch.rand(batch, 1, generator=generator) * (size - width)).long()
        place = torch.arange(size)
        kept = (place < start) | (place >= start + width)
        features = features * kept.view(batch, 1, *((size, 1) if axis == 2 else (1, size)))
    return features
