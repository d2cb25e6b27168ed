"""Spans of time and bands of frequency in words, in as few digits as tell them apart."""

from __future__ import annotations

from collections.abc import Sequence


def seconds_text(start: float, end: float, step: float | None = None) -> str:
    """A span of time in as few digits as tell its ends (or spans a ``step`` apart) apart.

    >>> seconds_text(0.4, 0.8), seconds_text(0.0625, 0.125), seconds_text(0, 10)
    ('0.4–0.8', '0.06–0.12', '0–10')
    """
    least = end - start if step is None else step
    # A step of just 0.025 s, give or take a rounding, wants three digits for all its spans.
    digits = next((d for d in range(4) if least > (2.5 + 1e-6) * 10.0**-d or exact((start, end), d)), 3)
    return f"{start:.{digits}f}–{end:.{digits}f}"


def precise_text(start: float, end: float) -> str:
    """A span of time that was found or marked, to the hundredth of a second, or finer if it is short.

    >>> precise_text(0, 0.3), precise_text(1.5, 1.512)
    ('0.00–0.30 s', '1.500–1.512 s')
    """
    digits = 2 if end - start >= 0.025 else 3
    return f"{start:.{digits}f}–{end:.{digits}f} s"


def exact(values: Sequence[float], digits: int) -> bool:
    """Whether all values need no more digits than that."""
    return all(abs(value - round(value, digits)) < 1e-9 for value in values)


def band_text(low: float, high: float, step: float | None = None) -> str:
    """A band in as few digits as tell its ends (or bands a ``step`` apart) apart, in kHz from 1 kHz up.

    >>> band_text(1000, 2000), band_text(62.5, 125), band_text(310.2, 1190.7), band_text(512.34, 817.1)
    ('1–2 kHz', '62.5–125 Hz', '0.3–1.2 kHz', '512–817 Hz')
    """
    unit, name = (1000.0, "kHz") if high >= 1000 else (1.0, "Hz")
    low, high = low / unit, high / unit
    if exact((low, high), 1):
        return f"{low:g}–{high:g} {name}"
    return f"{seconds_text(low, high, None if step is None else step / unit)} {name}"
