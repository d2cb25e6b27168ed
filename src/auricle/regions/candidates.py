"""Every setting of a grid tried on one map, held small: equal regions once, boxes as numbers of cells."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError, nearest
from auricle.regions.base import RegionKind, Regions
from auricle.regions.counting import cells_of, columns_within, laid
from auricle.regions.grid import rectangles_grid
from auricle.regions.rectangles import Rectangles

SHARED = ("percentile", "min_cluster_size", "min_samples")
"""Settings of rectangles whose values share neighbours and trees."""
Search = Mapping[str, Sequence[Any]]
"""Values to try of each setting."""
Grid = Callable[..., Iterator[tuple[dict[str, Any], Regions]]]
"""As `grid_of`: called with relevance, axes, kind, search and ``seconds=``, gives settings and their regions."""


@dataclass(frozen=True, eq=False)
class Found:
    """Regions of one map: ``cells [B, 4]``, or what they cover (``[F, T]``) where there are no boxes."""

    cells: np.ndarray
    cover: np.ndarray | None
    shape: tuple[int, ...]
    area: float

    @property
    def counts(self) -> np.ndarray:
        """How many regions cover each cell: ``[F, T]`` float32."""
        return laid(self.cells, self.shape) if self.cover is None else self.cover

    @property
    def mask(self) -> np.ndarray:
        """What the regions cover: ``[F, T]`` float32, 0 to 1."""
        return np.minimum(self.counts, 1.0)


@dataclass(frozen=True, eq=False)
class Candidates:
    """The distinct regions that a grid finds in one map, and which of them each point (by its number) has."""

    distinct: list[Found]
    which: dict[int, int]


def points_of(kind: RegionKind, search: Search) -> list[dict[str, Any]]:
    """All points of the grid, the last setting changing fastest; 185 of AudibleXAI's 210.

    Those whose ``min_samples`` is above ``min_cluster_size``, searched for or set, are left out.
    """
    known = [each.name for each in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for name, values in search.items():
        if name not in known:
            raise AuricleError(f'{kind.name} has no setting "{name}" to search for; {nearest(name, known)}')
        if not values:
            raise AuricleError(f"no values of {name} are given to search among; give some, or leave it out")
    points = [dict(zip(search, values, strict=True)) for values in itertools.product(*search.values())]
    points = [each for each in points if _possible({**kind.settings(), **each})]
    if not points:
        raise AuricleError("every point of the grid has min_samples above min_cluster_size; give smaller min_samples")
    return points


def grid_of(
    relevance: np.ndarray, axes: Axes, kind: RegionKind, search: Search, *, seconds: float | None = None
) -> Iterator[tuple[dict[str, Any], Regions]]:
    """Settings and their regions in one map: rectangles share their work, other settings are tried one by one."""
    shared = {name: search[name] for name in SHARED if name in search} if isinstance(kind, Rectangles) else {}
    others = {name: values for name, values in search.items() if name not in shared}
    for point in points_of(kind, others) if others else [{}]:
        one = dataclasses.replace(kind, **point)  # type: ignore[type-var]
        if isinstance(one, Rectangles) and shared:
            for settings, regions in rectangles_grid(relevance, axes, one, shared, seconds=seconds):
                yield {**point, **settings}, regions
        else:
            yield point, one(relevance, axes, seconds=seconds)


def candidates(
    relevance: np.ndarray,
    axes: Axes,
    kind: RegionKind,
    points: Sequence[Mapping[str, Any]],
    alive: Sequence[int],
    *,
    seconds: float | None = None,
    grid: Grid = grid_of,
) -> Candidates:
    """Those ``points`` of the grid that are still ``alive`` (their numbers), tried on one map.

    The grid is asked for no value that only points no longer alive have.
    """
    names = list(points[0])
    numbers = {tuple(points[number].values()): number for number in alive}
    search = {name: list(dict.fromkeys(points[number][name] for number in alive)) for name in names}
    distinct: list[Found] = []
    places: dict[bytes, int] = {}
    which: dict[int, int] = {}
    within = columns_within(axes, seconds)
    for settings, regions in grid(relevance, axes, kind, search, seconds=seconds):
        number = numbers.get(tuple(settings[name] for name in names))
        if number is None:
            continue
        cells = cells_of(regions.boxes, axes)
        cover = None if regions.boxes or regions.empty else np.asarray(regions.mask, np.float32)
        cells = cells[np.lexsort(cells.T)]
        key = cells.tobytes() if cover is None else cover.tobytes()
        if key not in places:
            places[key] = len(distinct)
            shape = axes.shape
            mask = np.minimum(laid(cells, shape), 1.0) if cover is None else cover
            distinct.append(Found(cells, cover, shape, float(mask[:, within].mean()) if mask[:, within].size else 0.0))
        which[number] = places[key]
    missing = [points[number] for number in alive if number not in which]
    if missing:
        raise AuricleError(f"the grid gave no regions for {missing[0]}; it must answer for every point")
    return Candidates(distinct, which)


def _possible(settings: Mapping[str, Any]) -> bool:
    samples, size = settings.get("min_samples"), settings.get("min_cluster_size")
    return samples is None or size is None or samples <= size
