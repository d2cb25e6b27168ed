"""Slices cut in the pauses."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.components.kind import Slice, SliceKind
from auricle.components.onsets import between, strongest
from auricle.settings import settings


@dataclass(frozen=True, config=settings)
class Silence(SliceKind):
    """Slices from pause to pause: one cut at the quietest moment of every pause between two sounds.

    Loudness is the mean power over ``window`` seconds; a pause is a stretch that lies ``threshold_db`` or more below
    the loudest moment. Silence before the first and after the last sound belongs to it. With ``count``, only the
    deepest pauses cut. A clip without a pause is one slice. After the loudness components of CoughLIME (Wullenweber,
    Akman and Schuller, EMBC 2022).
    """

    name: ClassVar[str] = "silence"
    summary: ClassVar[str] = "slices cut in the pauses, at the quietest moments between sounds: words, coughs, calls"
    usage: ClassVar[str] = "silence or silence:8 (at most 8)"

    count: int | None = Field(default=None, ge=1, description="at most so many slices, cut in the deepest pauses")
    window: float = Field(default=0.1, gt=0, description="loudness is measured over so many seconds")
    threshold_db: float = Field(default=20.0, gt=0, description="a pause is so far below the loudest moment, in dB")
    shortest: float = Field(default=0.1, gt=0, description="the shortest slice, in seconds")

    @classmethod
    def parse(cls, rest: str) -> Silence:
        try:
            return cls(int(rest) if rest else None)
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        return "silence" if self.count is None else f"silence:{self.count}"

    def slices(self, samples: np.ndarray, sample_rate: int) -> list[Slice]:
        level = loudness(samples, max(round(self.window * sample_rate), 1))
        at, depth = pauses(level, self.threshold_db)
        cuts = strongest(at, depth, self.count, round(self.shortest * sample_rate), len(samples))
        return between(cuts, len(samples), sample_rate)


def loudness(samples: np.ndarray, window: int) -> np.ndarray:
    """Mean power over a centred window, in dB relative to the loudest moment, ``[n]``; at least −120."""
    from scipy.ndimage import uniform_filter1d

    power = uniform_filter1d(np.square(np.asarray(samples, np.float64)), min(window, len(samples)), mode="constant")
    loudest = power.max()
    if loudest <= 0:
        return np.zeros(len(samples))
    return 10.0 * np.log10(np.maximum(power / loudest, 1e-12))


def pauses(level: np.ndarray, threshold_db: float) -> tuple[np.ndarray, np.ndarray]:
    """The quietest sample of every pause between sounds (its middle, if several are), and how deep it is in dB."""
    loud = np.flatnonzero(level > -threshold_db)
    gaps = np.flatnonzero(np.diff(loud) > 1)
    at, depth = [], []
    for before, after in zip(loud[gaps], loud[gaps + 1], strict=True):
        inside = level[before + 1 : after]
        quietest = np.flatnonzero(inside <= inside.min() + 1e-6)
        at.append(before + 1 + int(quietest[len(quietest) // 2]))
        depth.append(-float(inside.min()))
    return np.array(at, dtype=int), np.array(depth)
