"""Sounds of one page at one loudness, so that a louder one is not taken for a better one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from auricle.sonify.loudness import LARGEST_GAIN_DB, loudness

LEVEL = -26.0
"""LUFS of every page; less where a sound would pass full scale."""
CLOSE = 0.5
"""Sounds whose loudness differs by no more than so many LU count as equally loud."""


def matched(sounds: Sequence[np.ndarray], sample_rate: int) -> list[np.ndarray]:
    """The sounds ``[channels, n]`` at one loudness (ITU-R BS.1770); the first is the reference.

    All are at `LEVEL`, or where the peak of one forbids it, all are as much lower. None gets more than 30 dB more gain
    than the reference: such a faint one stays fainter than the others, and a silent one stays silent.

    >>> hiss = np.random.default_rng(0).normal(size=(1, 16000)) * 0.01
    >>> [round(loudness(each, 16000), 1) for each in matched([hiss, 0.1 * hiss], 16000)]
    [-26.0, -26.0]
    """
    first = _gain_db(sounds[0], sample_rate, LEVEL)
    gains = [min(_gain_db(each, sample_rate, LEVEL), first + LARGEST_GAIN_DB) for each in sounds]
    over = max(gain + _peak_db(each) for gain, each in zip(gains, sounds, strict=True))
    lower = max(over, 0.0)
    return [each * 10.0 ** ((gain - lower) / 20.0) for gain, each in zip(gains, sounds, strict=True)]


def _gain_db(samples: np.ndarray, sample_rate: int, wanted: float) -> float:
    """The gain to a loudness; twice, because what the meter leaves out as too quiet depends on the level."""
    gain = 0.0
    for _ in range(2):
        level = loudness(samples * 10.0 ** (gain / 20.0), sample_rate)
        if not math.isfinite(level):
            return _towards_audible(samples, wanted) if gain == 0.0 else gain
        gain += wanted - level
    return gain


def _towards_audible(samples: np.ndarray, wanted: float) -> float:
    """A gain for what the meter does not hear at all, from its energy; 0 for silence."""
    power = float(np.square(samples).mean())
    return wanted - 10.0 * math.log10(power) if power > 0.0 else 0.0


def _peak_db(samples: np.ndarray) -> float:
    peak = float(np.abs(samples).max(initial=0.0))
    return 20.0 * math.log10(peak) if peak > 0.0 else -math.inf
