"""Bringing two sounds to one loudness (ITU-R BS.1770, by pyloudnorm)."""

from __future__ import annotations

import math

import numpy as np

BLOCK_SECONDS = 0.4
LARGEST_GAIN_DB = 30.0
"""More would turn the rounding noise of a nearly silent part into a sound of its own."""


def loudness(samples: np.ndarray, sample_rate: int) -> float:
    """Integrated loudness in LUFS of ``[channels, n]``; ``-inf`` for silence.

    The norm's blocks of 400 ms are shortened to the clip where it is shorter. Channels count alike, so that any
    number of them can be measured.
    """
    import pyloudnorm

    samples = np.atleast_2d(np.asarray(samples, dtype=np.float64))
    n = samples.shape[-1]
    if not samples.any():
        return -math.inf
    if n / sample_rate <= BLOCK_SECONDS:
        samples = np.pad(samples, ((0, 0), (0, 2)))
    block = min(BLOCK_SECONDS, n / sample_rate)
    meter = pyloudnorm.Meter(sample_rate, block_size=block)
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = [meter.integrated_loudness(channel) for channel in samples]
    power = sum(10.0 ** (level / 10.0) for level in levels if math.isfinite(level))
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf


def matching_gain_db(samples: np.ndarray, like: np.ndarray, sample_rate: int) -> float:
    """The gain in dB that brings ``samples`` to the loudness of ``like``.

    At most 30 dB, and never so much that a peak passes full scale (or the original's own peak, if that is higher).
    Where either is silent the gain is 0.
    """
    wanted, level = loudness(like, sample_rate), loudness(samples, sample_rate)
    if not (math.isfinite(wanted) and math.isfinite(level)):
        return 0.0
    ceiling = max(1.0, float(np.abs(like).max()))
    headroom = 20.0 * math.log10(ceiling / float(np.abs(samples).max()))
    return min(wanted - level, LARGEST_GAIN_DB, headroom)


def amplifying_gain_db(samples: np.ndarray, wanted_db: float) -> float:
    """At most ``wanted_db``, and no more than leaves the peak of ``samples`` at full scale; 0 for silence.

    A sound that passes full scale as it is gets a negative gain.

    >>> round(amplifying_gain_db(np.array([0.5]), 20.0), 2), amplifying_gain_db(np.array([0.01]), 20.0)
    (6.02, 20.0)
    """
    peak = float(np.abs(samples).max(initial=0.0))
    return min(wanted_db, -20.0 * math.log10(peak)) if peak > 0.0 else 0.0
