"""Equal slices of time."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.components.kind import Slice, SliceKind
from auricle.errors import AuricleError
from auricle.settings import settings


@dataclass(frozen=True, config=settings)
class Time(SliceKind):
    """``count`` slices as equal as whole samples allow (none is longer than another by more than one), or as many as
    come nearest to ``seconds`` each."""

    name: ClassVar[str] = "time"
    summary: ClassVar[str] = "equal slices of time, by their number or their length"
    usage: ClassVar[str] = "time:12 or time:0.5s"

    count: int = Field(default=12, ge=1, description="how many slices")
    seconds: float | None = Field(default=None, gt=0, description="length of a slice; overrides count")

    @classmethod
    def parse(cls, rest: str) -> Time:
        if not rest:
            return cls()
        try:
            return cls(seconds=float(rest[:-1])) if rest.endswith("s") else cls(count=int(rest))
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        return f"time:{self.count}" if self.seconds is None else f"time:{self.seconds:.12g}s"

    def slices(self, samples: np.ndarray, sample_rate: int) -> list[Slice]:
        n = len(samples)
        count = self.count if self.seconds is None else max(round(n / sample_rate / self.seconds), 1)
        if count > n:
            raise AuricleError(f"{self.text()} asks for {count} slices of a clip of {n} samples; ask for fewer")
        edges = [i * n // count for i in range(count + 1)]
        return [Slice(a, b) for a, b in pairwise(edges)]
