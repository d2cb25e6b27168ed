"""Connected parts: the cells above a percentile as they are, where they touch."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions.base import RegionKind, Regions
from auricle.regions.finding import standing_out
from auricle.regions.silence import positive, within_clip
from auricle.settings import settings
from auricle.sonify.boxes import Box


@dataclass(frozen=True, kw_only=True, config=settings)
class ConnectedParts(RegionKind):
    """Cells that reach the ``percentile`` and touch, also by a corner; small parts are dropped.

    The mask is the parts themselves, the boxes are their bounds. Areas are seconds times hertz: 1 is about what one
    bin of a spectrogram says that its neighbours do not (the smallest area that uncertainty allows is near it).
    """

    name: ClassVar[str] = "components"
    summary: ClassVar[str] = "the strongest cells themselves, where enough of them touch"
    source: ClassVar[str] = "connected-component labelling (Rosenfeld and Pfaltz 1966)"

    percentile: float = Field(95.0, ge=0, lt=100, description="cells count from this percentile of the map on")
    min_seconds: float = Field(0.0, ge=0, description="parts that last less are dropped")
    min_area: float = Field(1.0, ge=0, description="parts with less area, in seconds × hertz, are dropped")

    def __call__(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None = None) -> Regions:
        from scipy.ndimage import find_objects, label

        if axes.hertz is None:
            raise AuricleError("components are found on maps of frequency and time; this relevance has no frequency")
        amounts = positive(relevance, axes, seconds=seconds)
        threshold, kept = standing_out(amounts, self.percentile)
        parts, count = label(kept, structure=np.ones((3, 3), int))
        sizes = np.diff(axes.hertz)[:, None] * np.diff(axes.seconds)
        areas = np.bincount(parts.ravel(), weights=sizes.ravel(), minlength=count + 1)
        large = np.zeros(count + 1, bool)
        boxes = []
        for k, (rows, columns) in enumerate(find_objects(parts), start=1):
            start, end = float(axes.seconds[columns.start]), float(axes.seconds[columns.stop])
            if end - start < self.min_seconds - 1e-9 or areas[k] < self.min_area - 1e-9:
                continue
            large[k] = True
            low, high = float(axes.hertz[rows.start]), float(axes.hertz[rows.stop])
            boxes.append(Box(low, high, *within_clip(start, end, seconds)))
        notes = {"threshold": threshold, "parts": count, "boxes_dropped": count - len(boxes)}
        return Regions(large[parts].astype(np.float32), axes, tuple(boxes), notes)
