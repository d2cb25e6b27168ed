"""Bands: ranges of frequency whose relevance stands out, over the whole clip."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions.base import RegionKind, Regions
from auricle.regions.profile import Measure, profile_of, stretches
from auricle.regions.silence import columns_in_clip, positive, within_clip
from auricle.settings import settings
from auricle.sonify.boxes import Box


@dataclass(frozen=True, kw_only=True, config=settings)
class Bands(RegionKind):
    """Grown from the strongest row while rows hold ``share`` of it; then from the strongest one left.

    Rows of a mel map are unequally wide in hertz; they are compared as rows, as the network has them.
    """

    name: ClassVar[str] = "bands"
    summary: ClassVar[str] = "ranges of frequency whose relevance stands out, over the whole clip"
    source: ClassVar[str] = "timeframes, along frequency"

    share: float = Field(0.5, gt=0, le=1, description="of the strongest row, which a row must hold")
    measure: Measure = Field("amount", description="of a row: its positive relevance, or how many cells have any")
    most: int | None = Field(None, ge=1, description="at most so many bands, strongest first; null: all")
    min_hertz: float = Field(0.0, ge=0, description="narrower bands are dropped")

    def __call__(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None = None) -> Regions:
        if axes.hertz is None:
            raise AuricleError("bands are found on maps of frequency and time; this relevance has no frequency")
        profile = profile_of(positive(relevance, axes, seconds=seconds), self.measure, axis=1)
        found = stretches(profile, self.share)
        edges, inside = axes.hertz, columns_in_clip(axes, seconds)
        wide = [each for each in found if edges[each.stop] - edges[each.start] >= self.min_hertz - 1e-9][: self.most]
        mask = np.zeros(axes.shape, np.float32)
        span = within_clip(float(axes.seconds[inside.start]), float(axes.seconds[inside.stop]), seconds)
        boxes = []
        for each in wide:
            mask[each, inside] = 1.0
            boxes.append(Box(float(edges[each.start]), float(edges[each.stop]), *span))
        return Regions(mask, axes, tuple(boxes), {"stretches": len(found), "boxes_dropped": len(found) - len(wide)})
