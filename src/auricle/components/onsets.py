"""Slices that begin where something begins to sound."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.components.kind import Slice, SliceKind
from auricle.components.naming import precise_text
from auricle.settings import settings

HOP_SECONDS = 0.01
WINDOW_SECONDS = 0.046


@dataclass(frozen=True, config=settings)
class Onsets(SliceKind):
    """One slice from each onset to the next; what comes before the first onset is a slice too.

    Onsets are peaks of spectral flux (librosa), moved back to where the sound starts to rise. With ``count``, only the
    strongest onsets cut. A clip without any is one slice.
    """

    name: ClassVar[str] = "onsets"
    summary: ClassVar[str] = "slices that begin where something begins to sound: notes, strokes, beats, syllables"
    usage: ClassVar[str] = "onsets or onsets:8 (at most 8)"

    count: int | None = Field(default=None, ge=1, description="at most so many slices, cut at the strongest onsets")
    shortest: float = Field(default=0.05, gt=0, description="the shortest slice, in seconds")

    @classmethod
    def parse(cls, rest: str) -> Onsets:
        try:
            return cls(int(rest) if rest else None)
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        return "onsets" if self.count is None else f"onsets:{self.count}"

    def slices(self, samples: np.ndarray, sample_rate: int) -> list[Slice]:
        at, strength = onsets(samples, sample_rate)
        cuts = strongest(at, strength, self.count, round(self.shortest * sample_rate), len(samples))
        return between(cuts, len(samples), sample_rate)


def onsets(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Where something begins to sound, in samples, and how strongly each beginning stands out."""
    import librosa

    hop = max(round(HOP_SECONDS * sample_rate), 1)
    n_fft = 2 ** max(round(np.log2(WINDOW_SECONDS * sample_rate)), 4)
    sound = np.pad(np.asarray(samples, dtype=np.float32), (0, max(n_fft - len(samples), 0)))
    with warnings.catch_warnings():
        # At low sample rates some of librosa's mel bands are empty, which does no harm here.
        warnings.simplefilter("ignore")
        flux = librosa.onset.onset_strength(
            y=sound, sr=sample_rate, n_fft=n_fft, hop_length=hop, n_mels=min(max(n_fft // 16, 8), 128)
        )
    peaks = standing_out(flux, sample_rate / hop)
    if len(peaks) == 0:
        return np.zeros(0, dtype=int), np.zeros(0)
    starts = librosa.onset.onset_backtrack(peaks, flux)
    # A loud onset rises over several frames; its strength is all of its rise, not the steepest step.
    rises = [float(flux[start : peak + n_fft // hop].sum()) for start, peak in zip(starts, peaks, strict=True)]
    return starts * hop, np.array(rises)


def standing_out(flux: np.ndarray, frame_rate: float) -> np.ndarray:
    """The frames whose spectral flux is a local maximum and well above the mean around it.

    The rule of Böck, Krebs and Schedl (2012) with the windows and the threshold of librosa's ``onset_detect``, whose
    frames these are. It is not asked itself: its peak picker is compiled with a cache that two processes which fill it
    at once can break for good, and from then on every call ends the process (numba issue 10128).

    >>> standing_out(np.array([0.0, 0, 5, 1, 0, 0, 0, 0, 3, 0, 0, 0]), frame_rate=100)
    array([2, 8])
    """
    level = flux - flux.min()
    if not np.isfinite(level).all() or not level.any():
        return np.zeros(0, dtype=int)
    level = level / level.max()
    before, around = int(0.03 * frame_rate), int(0.1 * frame_rate)
    highest = np.pad(level, (before, 0), constant_values=-np.inf)
    mean = np.pad(level, around, constant_values=np.nan)
    is_peak = level == sliding_window_view(highest, before + 1).max(axis=1)
    is_peak &= level >= np.nanmean(sliding_window_view(mean, 2 * around + 1), axis=1) + 0.07
    taken: list[int] = []
    for frame in np.flatnonzero(is_peak):
        if not taken or frame - taken[-1] > before:
            taken.append(int(frame))
    return np.array(taken, dtype=int)


def strongest(at: np.ndarray, strength: np.ndarray, count: int | None, shortest: int, n: int) -> list[int]:
    """At most ``count - 1`` cuts, the strongest first, none closer than ``shortest`` to another or to an end.

    >>> strongest(np.array([5, 40, 45, 70]), np.array([9.0, 2.0, 3.0, 1.0]), None, 10, 100)
    [45, 70]
    """
    taken: list[int] = [0, n]
    for i in np.argsort(-strength, kind="stable"):
        if count is not None and len(taken) - 1 >= count:
            break
        if min(abs(int(at[i]) - other) for other in taken) >= max(shortest, 1):
            taken.append(int(at[i]))
    return sorted(taken)[1:-1]


def between(cuts: list[int], n: int, sample_rate: int) -> list[Slice]:
    """The slices that the cuts leave."""
    return [Slice(a, b, precise_text(a / sample_rate, b / sample_rate)) for a, b in pairwise([0, *cuts, n])]
