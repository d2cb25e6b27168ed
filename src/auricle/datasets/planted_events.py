"""Causes that are known because they were put there: a tone, a sweep, clicks, a band of noise or a vowel.

Every clip comes with its `Plant`: what was planted, when, between which hertz, and its sound alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from auricle.clip import Clip
from auricle.datasets.backgrounds import LOUDNESS, noise_background
from auricle.errors import AuricleError, nearest

PlantKind = Literal["tone", "click", "noise", "sweep", "clicks", "formant"]
KINDS: tuple[PlantKind, ...] = get_args(PlantKind)

SHORTEST = 0.3
"""Seconds of sound in which a cause can still be somewhere."""
TONE_DB, SWEEP_DB, NOISE_DB, FORMANT_DB = 6.0, 6.0, 6.0, 6.0
CLICK_DB, CLICKS_DB = 30.0, 24.0
"""Level of a plant's RMS (of clicks their peak) above the RMS of the background."""
RAMP = 0.01
"""Seconds of the raised-cosine ends of all plants but clicks."""
CLICK = 0.01
"""Seconds that a click lasts; it has died away by 43 dB then."""


@dataclass(frozen=True, eq=False)
class Plant:
    """What was planted: its ``start`` and ``end`` in seconds, ``low`` and ``high`` in hertz, its ``sound`` alone."""

    kind: str
    start: float
    end: float
    low: float
    high: float
    sound: Clip


def plant(
    kind: str, seconds: float = 1.0, sample_rate: int = 8000, seed: int = 0, *, background: Clip | None = None
) -> tuple[Clip, Plant]:
    """A clip with a cause at a random place in time and, but for clicks, in frequency; and the truth about it.

    ``background`` is any recording (repeated or cut to length); by default, noise of a random colour that swells and
    fades, see `noise_background`. The clip is the background plus `Plant.sound`.

    >>> clip, truth = plant("tone", seed=3)
    >>> bool(0.0 <= truth.start < truth.end <= clip.seconds and truth.low < truth.high)
    True
    """
    if kind not in _MAKERS:
        raise AuricleError(f'nothing called "{kind}" can be planted; {nearest(kind, KINDS)}')
    if seconds < SHORTEST:
        raise AuricleError(f"{seconds:g} s are too short to hide a cause in; give at least {SHORTEST:g} s")
    n = round(seconds * sample_rate)
    stream, make = _MAKERS[kind]
    generator = np.random.default_rng([stream, seed])
    background = background or noise_background(seconds, sample_rate, seed)
    behind = np.resize(background.mono(sample_rate), n)
    loudness = float(np.sqrt(np.mean(np.square(behind, dtype=np.float64)))) or LOUDNESS
    sound, start, low, high = make(generator, sample_rate, seconds)
    first = round(start * sample_rate)
    samples = np.zeros(n, dtype=np.float32)
    samples[first : first + len(sound)] = loudness * sound[: n - first]
    end = min(first + len(sound), n) / sample_rate
    truth = Plant(kind, first / sample_rate, end, low, high, Clip(samples, sample_rate, kind))
    return Clip(behind + samples, sample_rate, f"{kind}-{seed}"), truth


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
    sound = _clicked(generator, sample_rate, CLICK_DB)
    return sound, _start(generator, seconds, CLICK), 0.0, sample_rate / 2


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


def _sweep(generator: np.random.Generator, sample_rate: int, seconds: float) -> Made:
    """An octave and a half, up or down, each octave in the same time."""
    length = generator.uniform(0.15, 0.25)
    low = _hertz(generator, 300.0, 0.14 * sample_rate)
    octaves = 1.5
    at = np.arange(round(length * sample_rate)) / sample_rate
    rate = octaves * np.log(2) / length
    sound = np.sqrt(2) * np.sin(2 * np.pi * (low * np.expm1(rate * at) / rate + generator.random()))
    sound = sound[::-1] if generator.random() < 0.5 else sound
    sound = _ended(sound, sample_rate, SWEEP_DB)
    return sound, _start(generator, seconds, length), *_reach(low, low * 2**octaves, length)


def _clicks(generator: np.random.Generator, sample_rate: int, seconds: float) -> Made:
    """Four to eight clicks at an even pace."""
    count, apart = int(generator.integers(4, 9)), generator.uniform(0.015, 0.03)
    click = _clicked(generator, sample_rate, CLICKS_DB)
    sound = np.zeros(round((count - 1) * apart * sample_rate) + len(click))
    for number in range(count):
        first = round(number * apart * sample_rate)
        sound[first : first + len(click)] += click
    return sound, _start(generator, seconds, len(sound) / sample_rate), 0.0, sample_rate / 2


def _formant(generator: np.random.Generator, sample_rate: int, seconds: float) -> Made:
    """A vowel: harmonics of a gliding voice under two resonances, none above the second but for its skirt."""
    length = generator.uniform(0.15, 0.25)
    at = np.arange(round(length * sample_rate)) / sample_rate
    voice = generator.uniform(90.0, 220.0)
    glide = generator.uniform(-0.15, 0.15) * at / length
    phase = 2 * np.pi * np.cumsum(voice * (1 + glide)) / sample_rate
    first, second = generator.uniform(300.0, 750.0), generator.uniform(900.0, 2200.0)
    top = min(second + 300.0, 0.4 * sample_rate)
    count = max(int(top / (1.15 * voice)), 1)
    sound = np.zeros(len(at))
    for harmonic in range(1, count + 1):
        hertz = harmonic * voice
        gain = sum(strength / (1 + ((hertz - peak) / 60.0) ** 2) for strength, peak in ((1.0, first), (0.6, second)))
        sound += gain * np.sin(harmonic * phase + generator.uniform(0, 2 * np.pi))
    sound = _ended(sound / np.sqrt(np.mean(sound**2)), sample_rate, FORMANT_DB)
    return sound, _start(generator, seconds, length), *_reach(0.85 * voice, top, length)


_MAKERS: dict[str, tuple[int, Callable[[np.random.Generator, int, float], Made]]] = {
    "tone": (0, _tone),
    "click": (1, _click),
    "noise": (2, _noise),
    "sweep": (4, _sweep),
    "clicks": (5, _clicks),
    "formant": (6, _formant),
}
"""By kind: the number of its stream of random draws (3 is the background's), and what makes it."""


def _clicked(generator: np.random.Generator, sample_rate: int, decibels: float) -> np.ndarray:
    """A burst of noise that dies away within a few thousandths of a second, its peak at a level re the background."""
    at = np.arange(round(CLICK * sample_rate)) / sample_rate
    sound = generator.normal(size=len(at)) * np.exp(-at / 0.002)
    return sound * 10 ** (decibels / 20) / np.abs(sound).max()


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
