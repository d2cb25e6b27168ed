"""Slices that someone has marked: words, notes, heart beats."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, unquote

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.components.annotations import Interval, read_intervals
from auricle.components.kind import Slice, SliceKind
from auricle.components.naming import precise_text
from auricle.errors import AuricleError
from auricle.settings import settings

SLACK_SECONDS = 0.01
"""So far past the clip's end an interval may reach: times in files are rounded."""

_NUMBER = r"[0-9.]+(?:e-?[0-9]+)?"
_WRITTEN = re.compile(rf"({_NUMBER})-({_NUMBER})=([^;]*)")


@dataclass(frozen=True, config=settings)
class Intervals(SliceKind):
    """One slice for every marked interval, and one for every gap, called "rest".

    From ``file``, a table with start, end and label (seconds; comma, semicolon or tab between them) or a Praat
    TextGrid, of which ``tier`` chooses a tier; or given as a list of ``(start, end, label)``.
    """

    name: ClassVar[str] = "intervals"
    summary: ClassVar[str] = "slices marked by hand: words, notes, heart beats, from a table or a Praat TextGrid"
    usage: ClassVar[str] = "intervals:words.csv, intervals:speech.TextGrid#words or intervals:0-0.31=S1;0.4-0.6=S2"

    marked: tuple[Interval, ...] = Field(default=(), description="intervals as (start, end, label), in seconds")
    file: str | None = Field(default=None, description="a table with start, end and label, or a Praat TextGrid")
    tier: str | None = Field(default=None, description="the tier of a TextGrid; None: the first one of intervals")

    @classmethod
    def parse(cls, rest: str) -> Intervals:
        if not rest:
            raise cls.misread(rest)
        if _WRITTEN.match(rest):
            found = [_WRITTEN.fullmatch(part) for part in rest.split(";")]
            try:
                return cls(tuple((float(m[1]), float(m[2]), unquote(m[3])) for m in found))  # type: ignore[index]
            except (TypeError, ValueError) as error:
                raise cls.misread(rest) from error
        file, _, tier = rest.partition("#")
        return cls(file=file, tier=tier or None)

    def text(self) -> str:
        if self.file is not None:
            return f"intervals:{self.file}" + (f"#{self.tier}" if self.tier else "")
        return "intervals:" + ";".join(
            f"{start:.12g}-{end:.12g}={quote(label, safe=' ')}" for start, end, label in self.marked
        )

    def identity(self) -> Hashable:
        if self.file is None or not Path(self.file).is_file():
            return super().identity()
        state = Path(self.file).stat()  # the file may be written anew
        return self, state.st_mtime_ns, state.st_size

    def slices(self, samples: np.ndarray, sample_rate: int) -> list[Slice]:
        found = self.marked if self.file is None else read_intervals(self.file, self.tier)
        where = f" of {self.file}" if self.file else ""
        if not found:
            missing = f"{self.file} holds no intervals" if self.file else "there are no intervals"
            raise AuricleError(f"{missing}; give at least one (start, end, label) in seconds")
        return slices_of(sorted(found, key=lambda each: each[0]), len(samples), sample_rate, where)


def slices_of(found: Sequence[Interval], n: int, sample_rate: int, where: str = "") -> list[Slice]:
    """Slices of the intervals (sorted by their start) and of the gaps between them, in samples."""
    slices: list[Slice] = []
    reached, before = 0, ""
    for start, end, label in found:
        this = f'interval "{label}", {start:g}–{end:g} s{where},'
        if not (np.isfinite(start) and np.isfinite(end)):
            raise AuricleError(f"{this} has no finite times; give seconds")
        if end <= start:
            raise AuricleError(f"{this} ends at or before its start; swap or correct its times")
        if start < 0 or end > n / sample_rate + SLACK_SECONDS:
            raise AuricleError(f"{this} lies outside the clip, which has {n / sample_rate:g} s; correct its times")
        first, stop = round(start * sample_rate), min(round(end * sample_rate), n)
        if first < reached:
            raise AuricleError(f"{this} overlaps with {before}; shorten one of the two")
        if stop <= first:
            raise AuricleError(f"{this} is shorter than one sample at {sample_rate} Hz; lengthen or remove it")
        if first > reached:
            slices.append(_named("rest", reached, first, sample_rate))
        slices.append(_named(label, first, stop, sample_rate))
        reached, before = stop, this.rstrip(",")
    if reached < n:
        slices.append(_named("rest", reached, n, sample_rate))
    return slices


def _named(label: str, start: int, stop: int, sample_rate: int) -> Slice:
    return Slice(start, stop, f"{label} {precise_text(start / sample_rate, stop / sample_rate)}".strip())
