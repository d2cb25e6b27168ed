"""What causes are planted into: noise that swells and fades, or sections of one's own recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from auricle.clip import Clip, duration, load_part
from auricle.errors import AuricleError

LOUDNESS = 0.02
"""RMS of noise, and what a plant is measured against where a recording is silent."""
_STREAM = 3
"""Keeps the random draws apart from those of what is planted."""


def noise_background(seconds: float, sample_rate: int, seed: int = 0) -> Clip:
    """Noise with a random tilt of 0 to -6 dB an octave and a loudness that swells, fades and at times pauses."""
    n = round(seconds * sample_rate)
    generator = np.random.default_rng([_STREAM, seed])
    spectrum = np.fft.rfft(generator.normal(size=n))
    hertz = np.fft.rfftfreq(n, 1 / sample_rate)
    spectrum *= np.maximum(hertz, 50.0) ** -generator.uniform(0.0, 1.0)
    noise = np.fft.irfft(spectrum, n)
    knots = max(round(4 * seconds), 2) + 1
    decibels = generator.uniform(-18.0, 0.0, size=knots)
    decibels[generator.random(knots) < 0.15] = -60.0
    noise *= 10 ** (np.interp(np.arange(n), np.linspace(0, n, knots), decibels) / 20)
    return Clip(LOUDNESS * noise / np.sqrt(np.mean(noise**2)), sample_rate, f"background-{seed}")


class Recordings:
    """Sections of recordings, each drawn from a random file at a random place; only the section is read.

    Raises `AuricleError` for a file that cannot be read.
    """

    def __init__(self, files: Sequence[str | Path]) -> None:
        if not files:
            raise AuricleError("there are no recordings to plant into; give sound files, or none for noise")
        self._files = [(Path(each), duration(each)) for each in files]

    def section(self, seconds: float, seed: int) -> Clip:
        """``seconds`` from somewhere (all of a shorter recording), named by its file."""
        generator = np.random.default_rng([_STREAM, seed])
        path, length = self._files[int(generator.integers(len(self._files)))]
        start = float(generator.uniform(0.0, max(length - seconds, 0.0)))
        return load_part(path, start=start, seconds=seconds, name=path.name)
