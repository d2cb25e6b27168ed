"""Rectangles around clusters of strong relevance: AudibleXAI's regions, in physical units."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from auricle.axes import Axes
from auricle.regions.base import RegionKind, Regions
from auricle.regions.finding import Finder, Point
from auricle.regions.lattice import Units
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class Rectangles(RegionKind):
    """The strongest positive relevance, clustered by HDBSCAN, with a box around each outline of each cluster.

    1. Cells count that reach the ``percentile`` of all cells' positive relevance (at 0: all cells above 0).
    2. HDBSCAN clusters them by their places; `auricle.regions.lattice` says how far apart two cells are.
    3. Each cluster grows by a cell, its holes are filled, and every outline gets its bounding box, in whole bins.
    4. Boxes narrower than ``min_seconds`` are dropped, whatever their height; boxes may overlap.

    With ``fallback``, the widest box is kept where all were too narrow; and where nothing clustered, percentile and
    ``min_cluster_size`` are lowered by 5, at most five times, neither below 10. Padding is never relevant. ``notes``
    say how many clusters there were, how many boxes were dropped, and which fallback was used.
    """

    name: ClassVar[str] = "rectangles"
    summary: ClassVar[str] = "boxes around clusters of the strongest relevance"
    source: ClassVar[str] = "AudibleXAI (WASPAA); HDBSCAN: Campello, Moulavi and Sander (2013)"

    percentile: float = Field(95.0, ge=0, lt=100, description="cells count from this percentile of the map on")
    min_cluster_size: int = Field(30, ge=2, description="cells of the smallest cluster")
    min_samples: int = Field(10, ge=1, description="cells, itself included, that make a cell's surroundings dense")
    min_seconds: float = Field(0.1, ge=0, description="narrower boxes are dropped")
    units: Units = Field("mel", description="how frequency is measured against time; bins: as AudibleXAI did")
    fallback: bool = Field(True, description="keep the widest box, or lower the threshold, rather than find nothing")
    drop_trailing: bool = Field(False, description="ignore a flat end of the map: silence in Grad-CAM and LIME")

    def __call__(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None = None) -> Regions:
        finder = self.finder(relevance, axes, seconds=seconds, neighbours=self.min_samples)
        return finder.at(Point(self.percentile, self.min_cluster_size, self.min_samples))

    def finder(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None, neighbours: int) -> Finder:
        """What finds the rectangles of one map under many percentiles and sizes, with all else as set here."""
        return Finder(
            relevance,
            axes,
            units=self.units,
            min_seconds=self.min_seconds,
            fallback=self.fallback,
            drop_trailing=self.drop_trailing,
            seconds=seconds,
            neighbours=neighbours,
        )
