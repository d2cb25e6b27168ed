"""Causes that are known because they were put there: a tone, a click or a band of noise in a background.

Every clip comes with its `Plant`: what was planted, when, between which hertz, and its sound alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from auricle.clip import Clip
from auricle.errors import AuricleError, nearest

PlantKind = Literal["tone", "click", "noise"]
PLANTS: tuple[PlantKind, ...] = get_args(PlantKind)

SHORTEST = 0.3
"""Seconds of sound in which a cause can still be somewhere."""
LOUDNESS = 0.02
"""RMS of the background."""
TONE_DB, CLICK_DB, NOISE_DB = 6.0, 30.0, 6.0
"""Level of a plant's RMS (of a click its peak) above the RMS of the background."""
RAMP = 0.01
"""Seconds of the raised-cosine ends of a tone or a band of noise."""


@dataclass(frozen=True, eq=False)
class Plant:
    """What was planted: its ``start`` and ``end`` in seconds, ``low`` and ``high`` in hertz, its ``sound`` alone."""

    kind: PlantKind
    start: float
    end: float
    low: float
    high: float
    sound: Clip


def plant(
    kind: PlantKind, seconds: float = 1.0, sample_rate: int = 8000, seed: int = 0, *, background: Clip | None = None
) -> tuple[Clip, Plant]:
    """A clip with a cause at a random place in time and, but for clicks, in frequency; and the truth about it.

    ``background`` is any recording (repeated or cut to length); by default, noise of a random colour that swells and
    fades, see `noise_background`. The clip is the background plus `Plant.sound`.

    >>> clip, truth = plant("tone", seed=3)
    >>> bool(0.0 <= truth.start < truth.end <= clip.seconds and truth.low < truth.high)
    True
    """
    if kind not in PLANTS:
        raise AuricleError(f'nothing called "{kind}" can be planted; {nearest(kind, PLANTS)}')
    if seconds < SHORTEST:
        raise AuricleError(f"{seconds:g} s are too short to hide a cause in; give at least {SHORTEST:g} s")
    n = round(seconds * sample_rate)
    generator = np.random.default_rng([PLANTS.index(kind), seed])
    background = background or noise_background(seconds, sample_rate, seed)
    behind = np.resize(background.mono(sample_rate), n)
    loudness = float(np.sqrt(np.mean(np.square(behind, dtype=np.float64)))) or LOUDNESS
    sound, start, low, high = _MAKERS[kind](generator, sample_rate, seconds)
    first = round(start * sample_rate)
    samples = np.zeros(n, dtype=np.float32)
    samples[first : first + len(sound)] = loudness * sound[: n - first]
    end = min(first + len(sound), n) / sample_rate
    truth = Plant(kind, first / sample_rate, end, low, high, Clip(samples, sample_rate, kind))
    return Clip(behind + samples, sample_rate, f"{kind}-{seed}"), truth


def noise_background(seconds: float, sample_rate: int, seed: int = 0) -> Clip:
    """Noise with a random tilt of 0 to -6 dB an octave and a loudness that swells, fades and at times pauses."""
    n = round(seconds * sample_rate)
    generator = np.random.default_rng([len(PLANTS), seed])
    spectrum = np.fft.rfft(generator.normal(size=n))
    hertz = np.fft.rfftfreq(n, 1 / sample_rate)
    spectrum *= np.maximum(hertz, 50.0) ** -generator.uniform(0.0, 1.0)
    noise = np.fft.irfft(spectrum, n)
    knots = max(round(4 * seconds), 2) + 1
    decibels = generator.uniform(-18.0, 0.0, size=knots)
    decibels[generator.random(knots) < 0.15] = -60.0
    noise *= 10 ** (np.interp(np.arange(n), np.linspace(0, n, knots), decibels) / 20)
    return Clip(LOUDNESS * noise / np.sqrt(np.mean(noise**2)), sample_rate, f"background-{seed}")


Made = tuple[np.ndarray, float, float, float]
"""A sound in units of the background's RMS, its start in seconds, its lowest and highest hertz."""


def _tone(generator: np.random.Generator, sample_rate: int, seconds: float) -> Made:
    length = generator.uniform(0.08, 0.15)
    hertz = _hertz(generator, 300.0, 0.4 * sample_rate)
    at = np.arange(round(length * sample_rate)) / sample_rate
    sound = np.sqrt(2) * np.sin(2 * np.pi * (hertz * at + generator.random()))
    sound = _ended(sound, sample_rate, TONE_DB)
    return sound, _start(generator, seconds, length), *_reach(hertz, hertz, length)


def _click(generator: np.random.Generator, sample_rate: int, seconds: float) -> Made:
    length = 0.01
    at = np.arange(round(length * sample_rate)) / sample_rate
    sound = generator.normal(size=len(at)) * np.exp(-at / 0.002)
    sound *= 10 ** (CLICK_DB / 20) / np.abs(sound).max()
    return sound, _start(generator, seconds, length), 0.0, sample_rate / 2


def _noise(generator: np.random.Generator, sample_rate: int, seconds: float) -> Made:
    length = generator.uniform(0.12, 0.2)
    low = _hertz(generator, 300.0, 0.25 * sample_rate)
    high = low * 2**0.5
    n = round(length * sample_rate)
    hertz = np.fft.rfftfreq(n, 1 / sample_rate)
    spectrum = np.fft.rfft(generator.normal(size=n)) * ((hertz >= low) & (hertz <= high))
    sound = np.fft.irfft(spectrum, n)
    sound = _ended(sound / np.sqrt(np.mean(sound**2)), sample_rate, NOISE_DB)
    return sound, _start(generator, seconds, length), *_reach(low, high, length)


_MAKERS = {"tone": _tone, "click": _click, "noise": _noise}


def _hertz(generator: np.random.Generator, low: float, high: float) -> float:
    """A frequency, every octave as likely as any other."""
    return float(np.exp(generator.uniform(np.log(low), np.log(high))))


def _reach(low: float, high: float, length: float) -> tuple[float, float]:
    """Hertz that a sound reaches that begins and ends: about 2 / length beyond its own."""
    return low - 2 / length, high + 2 / length


def _start(generator: np.random.Generator, seconds: float, length: float) -> float:
    return float(generator.uniform(0.0, seconds - length))


def _ended(sound: np.ndarray, sample_rate: int, decibels: float) -> np.ndarray:
    """The sound with soft ends at a level re the background."""
    ramp = np.sin(0.5 * np.pi * np.arange(round(RAMP * sample_rate)) / round(RAMP * sample_rate)) ** 2
    gain = np.ones(len(sound))
    gain[: len(ramp)], gain[-len(ramp) :] = ramp, ramp[::-1]
    return 10 ** (decibels / 20) * gain * sound
