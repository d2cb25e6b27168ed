"""Two sounds at once, and noise: mixtures whose parts are kept as they are in them.

Conventions: samples are float32 ``[n]``; both sounds have the same rate. Parts and mixture are whole multiples of
2⁻²³, so that they add up exactly: mixture − target is other, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

import numpy as np

from auricle.clip import Clip
from auricle.errors import AuricleError, nearest

Colour = Literal["white", "pink"]
NOISE_RMS = 0.1
_STEP = 2.0**-23
"""Sums of such multiples below 2 are exact in float32."""

Sound = TypeVar("Sound", Clip, np.ndarray)


@dataclass(frozen=True, eq=False)
class Mixture(Generic[Sound]):
    """``mixture`` = ``target`` + ``other``, all three as long as the target; clips where clips were mixed."""

    mixture: Sound
    target: Sound
    other: Sound

    @property
    def snr_db(self) -> float:
        """Energy of the target over that of the other, in dB, both over the whole clip."""
        return snr_db(_samples(self.target, "the target"), _samples(self.other, "the other sound"))


def mix(
    target: Sound, other: Sound, *, snr_db: float | None = None, weight: float | None = None, seed: int = 0
) -> Mixture[Sound]:
    """The ``target`` with an ``other`` sound beside it, as long as the target; the parts add up to the mixture exactly.

    - ``snr_db``: the other is scaled until the target has so many dB more energy, both over the whole clip, pauses
      included. The target keeps its level.
    - ``weight`` λ: target / max|target| + λ · other / max|other|, the overlap of Parekh et al. 2022 ("Listen to
      Interpret"), with the largest absolute sample.

    An other sound that is shorter is placed at a seeded offset in silence, one that is longer is cut at a seeded place
    (see `placed`). Where a sample would exceed 1, all three are scaled down together. Clips are made mono. Raises
    `AuricleError` for silence, for two rates, and unless one of ``snr_db`` and ``weight`` is given.

    >>> mixed = mix(noise(8000, seed=1), noise(4000, "pink", seed=2), snr_db=6.0)
    >>> round(mixed.snr_db, 3), bool((mixed.mixture == mixed.target + mixed.other).all())
    (6.0, True)
    """
    if (snr_db is None) == (weight is None):
        raise AuricleError("sounds are mixed at snr_db or with a weight; give one of the two")
    if weight is not None and not (np.isfinite(weight) and weight > 0):
        raise AuricleError(f"a weight of {weight:g} leaves nothing of the other sound; give a number above 0")
    if snr_db is not None and not np.isfinite(snr_db):
        raise AuricleError(f"an SNR of {snr_db} dB is no level; give a finite number of dB")
    rate = _one_rate(target, other)
    first, second = _samples(target, "the target"), _samples(other, "the other sound")
    second = placed(second, len(first), np.random.default_rng(seed))
    if weight is not None:
        first, second = first / np.abs(first).max(), weight * second / np.abs(second).max()
    elif snr_db is not None:
        second = second * np.sqrt(_energy(first) / _energy(second)) * 10 ** (-snr_db / 20)
    peak = max(np.abs(each).max() for each in (first + second, first, second))
    # Down to whole steps only, so that rounding cannot lift the peak above 1.
    scale = min(1.0, (1.0 - 2 * _STEP) / peak)
    parts: list[np.ndarray] = [
        (np.round(scale * each / _STEP) * _STEP).astype(np.float32) for each in (first, second)
    ]
    return Mixture(*(_like(target, each, rate) for each in (parts[0] + parts[1], parts[0], parts[1])))


def placed(samples: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
    """Sound ``[n]``: a shorter one somewhere in silence, of a longer one a section that holds some of its sound."""
    if len(samples) <= n:
        start = int(generator.integers(n - len(samples) + 1))
        return np.pad(samples, (start, n - len(samples) - start))
    sounding = np.flatnonzero(samples)
    heard = int(generator.choice(sounding)) if len(sounding) else 0
    start = int(generator.integers(max(heard - n + 1, 0), min(heard, len(samples) - n) + 1))
    return samples[start : start + n]


def noise(n: int, colour: str = "white", seed: int = 0) -> np.ndarray:
    """Gaussian noise ``[n]`` with an RMS of 0.1: ``white``, as much power in every hertz, or ``pink``, in every octave.

    >>> round(float(noise(8000, "pink").std()), 3)
    0.1
    """
    if colour not in get_args(Colour):
        raise AuricleError(f'there is no {colour} noise; {nearest(colour, get_args(Colour))}')
    if n < 2:
        raise AuricleError(f"noise of {n} samples has no colour; ask for 2 or more")
    samples = np.random.default_rng(seed).normal(size=n)
    if colour == "pink":
        hertz = np.fft.rfftfreq(n)
        spectrum = np.fft.rfft(samples)
        spectrum[0] = 0.0
        spectrum[1:] /= np.sqrt(hertz[1:])
        samples = np.fft.irfft(spectrum, n)
    return (NOISE_RMS * samples / np.sqrt(np.mean(samples**2))).astype(np.float32)


def snr_db(target: np.ndarray, other: np.ndarray) -> float:
    """10 log₁₀ of the target's energy over the other's, over the whole clip."""
    return float(10 * np.log10(_energy(target) / _energy(other)))


def _energy(samples: np.ndarray) -> float:
    return float(np.sum(np.square(samples, dtype=np.float64)))


def _samples(sound: Clip | np.ndarray, what: str) -> np.ndarray:
    """Mono samples in double precision; silence is refused."""
    mono = sound.mono(sound.sample_rate) if isinstance(sound, Clip) else np.asarray(sound)
    what = f"{what} ({sound.name})" if isinstance(sound, Clip) else what
    if mono.ndim != 1 or not len(mono):
        raise AuricleError(f"{what} has shape {mono.shape}; give samples [n]")
    if not np.isfinite(mono).all():
        raise AuricleError(f"{what} holds NaN or infinity; repair it, or leave it out")
    if not mono.any():
        raise AuricleError(f"{what} is silent, so nothing can be mixed at a level to it; leave it out")
    return mono.astype(np.float64)


def _one_rate(target: Clip | np.ndarray, other: Clip | np.ndarray) -> int:
    """The rate of both clips; 0 for arrays, whose rate only the caller knows."""
    if not (isinstance(target, Clip) and isinstance(other, Clip)):
        return 0
    if target.sample_rate != other.sample_rate:
        raise AuricleError(
            f"{target.name} has {target.sample_rate} Hz and {other.name} {other.sample_rate} Hz; resample one of them "
            "with clip.mono(rate)"
        )
    return target.sample_rate


def _like(target: Clip | np.ndarray, samples: np.ndarray, rate: int) -> Any:
    """A clip of the samples where the target is one."""
    return Clip(samples, rate, target.name) if isinstance(target, Clip) else samples
