"""Regions: the relevant parts of a map, as boxes in hertz and seconds or as masks. `REGIONS` lists kinds by name."""

from __future__ import annotations

from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.regions.bands import Bands
from auricle.regions.base import RegionKind, Regions, drawn
from auricle.regions.connected import ConnectedParts
from auricle.regions.grid import rectangles_grid
from auricle.regions.rectangles import Rectangles
from auricle.regions.soft import Soft
from auricle.regions.timeframes import Timeframes

__all__ = [
    "REGIONS",
    "Bands",
    "ConnectedParts",
    "Rectangles",
    "RegionKind",
    "Regions",
    "Soft",
    "Timeframes",
    "build",
    "drawn",
    "rectangles_grid",
]

REGIONS: dict[str, type[RegionKind]] = {
    each.name: each for each in (Rectangles, Timeframes, Bands, ConnectedParts, Soft)
}


def build(name: str, **settings: Any) -> RegionKind:
    """A kind of regions by name with its settings.

    >>> build("rectangles", percentile=95).settings()["percentile"]
    95.0
    """
    if name not in REGIONS:
        raise AuricleError(f'no kind of regions is called "{name}"; {nearest(name, REGIONS)}')
    return REGIONS[name](**settings)
