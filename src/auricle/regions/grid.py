"""Every point of a grid of settings on one map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from itertools import product
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError, nearest
from auricle.regions.base import Regions
from auricle.regions.finding import Point
from auricle.regions.rectangles import Rectangles


def points_of(kind: Rectangles, search: Mapping[str, Sequence[Any]]) -> list[Point]:
    """The valid points of a grid, in order: ``min_samples`` above ``min_cluster_size`` leaves a cluster no core.

    >>> sizes = {"min_cluster_size": [15, 20, 30, 40, 50, 60, 70], "min_samples": [5, 10, 15, 20, 25, 30]}
    >>> len(points_of(Rectangles(), {"percentile": [98, 95, 90, 80, 70], **sizes}))
    185
    """
    known = [each.name for each in fields(Point)]
    for name in search:
        if name not in known:
            raise AuricleError(f'rectangles are not searched over "{name}"; {nearest(name, known)}')
    values = [search.get(name, [getattr(kind, name)]) for name in known]
    points = [Point(float(percentile), int(size), int(samples)) for percentile, size, samples in product(*values)]
    for point in points:
        Rectangles(**asdict(point))  # wrong values are told in a sentence
    return [point for point in points if point.min_samples <= point.min_cluster_size]


def rectangles_grid(
    relevance: np.ndarray,
    axes: Axes,
    kind: Rectangles,
    search: Mapping[str, Sequence[Any]],
    *,
    seconds: float | None = None,
) -> Iterator[tuple[dict[str, Any], Regions]]:
    """Each valid combination of percentile, min_cluster_size and min_samples, and the regions that it finds.

    The regions are those of `Rectangles` called with these settings (what ``search`` leaves out is as in ``kind``);
    neighbours are searched once for each percentile, and a tree is built once for each percentile and min_samples.
    """
    points = points_of(kind, search)
    most = max((point.min_samples for point in points), default=1)
    finder = kind.finder(relevance, axes, seconds=seconds, neighbours=most)
    for point in points:
        yield asdict(point), finder.at(point)
