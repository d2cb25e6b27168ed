"""Sound files of 16 bits, for corpora that are made."""

from __future__ import annotations

import io

import numpy as np


def sixteen_bits(samples: np.ndarray, sample_rate: int, form: str = "WAV") -> bytes:
    """Whole numbers (``[n]`` or ``[n, channels]``) as a sound file of 16 bits, ``WAV`` or ``FLAC``."""
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, samples.astype(np.int16), sample_rate, subtype="PCM_16", format=form)
    return held.getvalue()
