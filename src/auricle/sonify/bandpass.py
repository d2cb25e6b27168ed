"""Boxes cut out of a sound: a band-pass in frequency and a gate in time.

AudibleXAI's "identification" made right: the filters have linear phase and no delay, the length is kept, overlapping
boxes count once, a box that starts at 0 Hz keeps the constant part, and narrow boxes keep their level.
"""

from __future__ import annotations

import numpy as np

from auricle.sonify.boxes import Slice

FADE_SECONDS = 0.01
"""Length of the gates' raised-cosine edges, centred on the edges of the boxes."""
WIDEST_SLOPE = 80.0
NARROWEST_SLOPE = 20.0
ATTENUATION_DB = 60.0


def cut_out(samples: np.ndarray, slices: list[Slice], *, sample_rate: int) -> np.ndarray:
    """``[..., n] -> [..., n]``: in every slice only its bands; the gains of neighbouring slices add up to 1."""
    n = samples.shape[-1]
    kept = np.zeros(samples.shape, np.float64)
    margin = FADE_SECONDS / 2 * sample_rate
    for index, each in enumerate(slices):
        if not each.bands:
            continue
        first, last = each.start * sample_rate, each.end * sample_rate
        begin = max(int(np.floor(first - margin)), 0)
        end = min(int(np.ceil(last + margin)) + 1, n)
        if begin >= end:
            continue
        at = np.arange(begin, end)
        gate = np.ones(len(at))
        if index > 0:
            gate = gate * _step(at - first, margin)
        if index < len(slices) - 1:
            gate = gate - _step(at - last, margin)
        kept[..., begin:end] += gate * _filtered(samples, begin, end, each.bands, sample_rate)
    return kept


def _step(distance: np.ndarray, half_width: float) -> np.ndarray:
    """A raised-cosine step from 0 to 1 around 0; steps at the same place cancel exactly."""
    position = np.clip(distance / max(half_width, 1e-9), -1.0, 1.0)
    return 0.5 * (1.0 + np.sin(0.5 * np.pi * position))


def _filtered(
    samples: np.ndarray, begin: int, end: int, bands: tuple[tuple[float, float], ...], sample_rate: int
) -> np.ndarray:
    """Samples ``begin`` to ``end`` of the filtered sound; a symmetric filter, centred, so nothing is delayed."""
    from scipy.signal import fftconvolve

    kernel = filter_of(bands, sample_rate)
    half = len(kernel) // 2
    left, right = max(begin - half, 0), min(end + half, samples.shape[-1])
    piece = samples[..., left:right].astype(np.float64)
    kernel = kernel.reshape((1,) * (piece.ndim - 1) + (-1,))
    whole = fftconvolve(piece, kernel, mode="full", axes=-1)
    return whole[..., half + begin - left : half + end - left]


def filter_of(bands: tuple[tuple[float, float], ...], sample_rate: int) -> np.ndarray:
    """A symmetric FIR filter (Kaiser window, 60 dB) that passes the disjoint ``bands``, lowest first.

    Its gain is 1/2 at their edges, its slopes half as wide as the narrowest band, between 20 and 80 Hz. Bands that
    begin at 0 Hz keep the constant part; what lies above half the sample rate is ignored.
    """
    from scipy.signal import firwin, kaiserord

    nyquist = sample_rate / 2
    slope = float(np.clip(min(high - low for low, high in bands) / 2, NARROWEST_SLOPE, WIDEST_SLOPE))
    slope = min(slope, nyquist / 2)
    first, last = 0.51 * slope, nyquist - 0.51 * slope
    # A cut-off so near to an end of the spectrum that its slope does not fit is moved to that end.
    cutoffs: list[float] = []
    keeps_zero = bands[0][0] < first
    for low, high in bands:
        if low >= nyquist:
            continue
        cutoffs += [min(low, last)] if low >= first else []
        cutoffs += [max(high, first)] if high <= last else []
    if not cutoffs:
        return np.ones(1) if bands[0][0] < nyquist else np.zeros(1)
    taps, beta = kaiserord(ATTENUATION_DB, slope / nyquist)
    kernel = firwin(
        int(taps) | 1, cutoffs, window=("kaiser", beta), pass_zero=keeps_zero, scale=False, fs=sample_rate
    )
    return np.asarray(kernel)
