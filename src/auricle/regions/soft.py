"""Soft masks: the strongest relevance counts fully, weaker relevance in proportion."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions.base import RegionKind, Regions
from auricle.regions.silence import columns_in_clip, positive
from auricle.settings import settings
from auricle.sonify.masking import Masking, Shape, Sign, mask_of


@dataclass(frozen=True, kw_only=True, config=settings)
class Soft(RegionKind):
    """`auricle.sonify.mask_of`: ``min(1, R / r*)``, where the cells from ``r*`` on hold ``share`` of all relevance.

    There are no boxes. Padding neither counts towards the share nor is kept.
    """

    name: ClassVar[str] = "soft"
    summary: ClassVar[str] = "a soft mask in proportion to relevance, without boxes"
    source: ClassVar[str] = "auricle.sonify"

    share: float = Field(0.5, gt=0, le=1, description="of all relevance, which is kept fully")
    shape: Shape = Field("soft", description="soft: weaker relevance in proportion; regions: not at all")
    sign: Sign = Field("positive", description="relevance for the class, against it, or both")
    blur: float = Field(1.0, ge=0, description="smoothing beforehand: a Gaussian's sigma in cells")

    def __call__(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None = None) -> Regions:
        if axes.hertz is None:
            raise AuricleError("soft regions are found on maps of frequency and time; this relevance has no frequency")
        positive(relevance, axes, seconds=seconds)  # tells what is wrong with it
        inside = columns_in_clip(axes, seconds)
        mask = np.zeros(axes.shape, np.float32)
        if inside.stop > inside.start:
            mask[:, inside] = mask_of(relevance[:, inside], Masking(**self.settings()))
        return Regions(mask, axes, notes={"share": self.share})
