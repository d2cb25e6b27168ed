"""Moments: stretches of time whose relevance stands out, over all frequencies."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions.base import RegionKind, Regions
from auricle.regions.profile import Measure, profile_of, stretches
from auricle.regions.silence import positive, within_clip
from auricle.settings import settings
from auricle.sonify.boxes import Box


@dataclass(frozen=True, kw_only=True, config=settings)
class Timeframes(RegionKind):
    """Grown from the strongest column while columns hold ``share`` of it; then from the strongest one left.

    AudibleXAI's "timeframe" made to work: its limit was a number of bins below the largest count, here it is a share,
    which means the same on every map; and there may be several.
    """

    name: ClassVar[str] = "timeframes"
    summary: ClassVar[str] = "stretches of time whose relevance stands out, over all frequencies"
    source: ClassVar[str] = "AudibleXAI (WASPAA)"

    share: float = Field(0.5, gt=0, le=1, description="of the strongest column, which a column must hold")
    measure: Measure = Field("amount", description="of a column: its positive relevance, or how many cells have any")
    most: int | None = Field(None, ge=1, description="at most so many stretches, strongest first; null: all")
    min_seconds: float = Field(0.0, ge=0, description="narrower stretches are dropped")

    def __call__(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None = None) -> Regions:
        if axes.hertz is None:
            raise AuricleError("timeframes are found on maps of frequency and time; this relevance has no frequency")
        profile = profile_of(positive(relevance, axes, seconds=seconds), self.measure, axis=0)
        found = stretches(profile, self.share)
        edges = axes.seconds
        wide = [each for each in found if edges[each.stop] - edges[each.start] >= self.min_seconds - 1e-9][: self.most]
        mask = np.zeros(axes.shape, np.float32)
        boxes = []
        for each in wide:
            mask[:, each] = 1.0
            span = within_clip(float(edges[each.start]), float(edges[each.stop]), seconds)
            boxes.append(Box(float(axes.hertz[0]), float(axes.hertz[-1]), *span))
        return Regions(mask, axes, tuple(boxes), {"stretches": len(found), "boxes_dropped": len(found) - len(wide)})
