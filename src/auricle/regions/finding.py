"""Rectangles of one map under many settings: what settings have in common is worked out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.regions.base import Regions
from auricle.regions.hdbscan import Cells, Tree
from auricle.regions.lattice import Units, lattice_of
from auricle.regions.silence import columns_in_clip, positive, within_clip
from auricle.sonify.boxes import Box

STEP = 5
"""Where nothing clusters, percentile and smallest size are lowered by this much at a time …"""
RETRIES = 5
"""… at most so often …"""
LOWEST = 10
"""… and neither below this (AudibleXAI's rules)."""


@dataclass(frozen=True)
class Point:
    """One point of the grid."""

    percentile: float
    min_cluster_size: int
    min_samples: int

    def lowered(self) -> Point:
        return Point(self.percentile - STEP, self.min_cluster_size - STEP, self.min_samples)

    @property
    def allowed(self) -> bool:
        return self.percentile >= LOWEST and self.min_cluster_size >= LOWEST


@dataclass
class _Hierarchy:
    """The tree of one percentile and ``min_samples``, with the outlines of those of its nodes that were clusters."""

    cells: Cells
    tree: Tree | None
    outlines: dict[int, np.ndarray] = field(default_factory=dict)


class Finder:
    """Rectangles of one map; `at` is called with any settings, in any order."""

    def __init__(
        self,
        relevance: np.ndarray,
        axes: Axes,
        *,
        units: Units,
        min_seconds: float,
        fallback: bool,
        drop_trailing: bool,
        seconds: float | None,
        neighbours: int,
    ):
        """``neighbours``: the largest ``min_samples`` that will be asked for (a larger one is only slower)."""
        self._lattice = lattice_of(axes, units)
        self._amounts = positive(relevance, axes, seconds=seconds, drop_trailing=drop_trailing)
        self._axes, self._seconds, self._columns = axes, seconds, columns_in_clip(axes, seconds)
        self._min_seconds, self._fallback, self._neighbours = min_seconds, fallback, neighbours
        self._cells: dict[float, tuple[float, Cells]] = {}
        self._hierarchies: dict[tuple[float, int], _Hierarchy] = {}

    def at(self, point: Point) -> Regions:
        """The rectangles of one point of the grid; the notes say what it took."""
        asked, retries = point, 0
        if not self._amounts.any():
            return self._regions([], {"why": "no positive relevance", "clusters": 0, "boxes_dropped": 0})
        bounds, clusters = self._outlines(point)
        while self._fallback and not clusters and retries < RETRIES and point.lowered().allowed:
            point, retries = point.lowered(), retries + 1
            bounds, clusters = self._outlines(point)
        notes: dict[str, Any] = {"clusters": clusters, "cells": len(self._of(point.percentile)[1])}
        if retries:
            notes |= {"retries": retries, "percentile": point.percentile, "min_cluster_size": point.min_cluster_size}
        # Of what lies in the clip: a first frame is centred on time 0, so a box at an edge is cut by half a frame.
        spans = [self._span(start, end) for start, end in bounds[:, 2:].tolist()]
        widths = np.array([end - start for start, end in spans])
        wide = widths >= self._min_seconds - 1e-9
        fallback = "lower threshold" if point != asked and clusters else None
        if clusters and not wide.any() and self._fallback:
            wide[widths.argmax()] = True
            fallback = f"{fallback}, widest" if fallback else "widest"
        notes |= {"fallback": fallback, "boxes_dropped": int((~wide).sum())}
        return self._regions(bounds[wide].tolist(), notes)

    def _outlines(self, point: Point) -> tuple[np.ndarray, int]:
        """Bounds ``[k, 4]`` of the outlines of all clusters, before any is dropped; and how many clusters there are."""
        from auricle.regions.outlines import outlines

        hierarchy = self._hierarchy(point)
        nodes = [] if hierarchy.tree is None else hierarchy.tree.clusters(point.min_cluster_size)
        found, cells = hierarchy.outlines, hierarchy.cells
        for node in nodes:
            if node not in found:
                assert hierarchy.tree is not None
                which = hierarchy.tree.points(node)
                n_rows = len(self._amounts)
                found[node] = outlines(
                    cells.row[which], cells.column[which], n_rows, self._columns.start, self._columns.stop
                )
        bounds = [found[node] for node in nodes]
        return (np.concatenate(bounds) if bounds else np.empty((0, 4), np.int64)), len(nodes)

    def _hierarchy(self, point: Point) -> _Hierarchy:
        key = (point.percentile, point.min_samples)
        if key not in self._hierarchies:
            cells = self._of(point.percentile)[1]
            self._hierarchies[key] = _Hierarchy(cells, cells.tree(point.min_samples))
        return self._hierarchies[key]

    def _of(self, percentile: float) -> tuple[float, Cells]:
        """The threshold, and the cells that reach it."""
        if percentile not in self._cells:
            threshold, kept = standing_out(self._amounts, percentile)
            self._cells[percentile] = threshold, Cells(kept, self._lattice, neighbours=self._neighbours)
        return self._cells[percentile]

    def _regions(self, bounds: list[list[int]], notes: dict[str, Any]) -> Regions:
        mask = np.zeros(self._amounts.shape, np.float32)
        boxes = []
        assert self._axes.hertz is not None
        for low, high, start, end in bounds:
            mask[low:high, start:end] = 1.0
            boxes.append(Box(float(self._axes.hertz[low]), float(self._axes.hertz[high]), *self._span(start, end)))
        return Regions(mask, self._axes, tuple(boxes), notes)

    def _span(self, start: int, end: int) -> tuple[float, float]:
        """Columns ``start`` to ``end`` (not included) as seconds of the clip."""
        return within_clip(float(self._axes.seconds[start]), float(self._axes.seconds[end]), self._seconds)


def standing_out(amounts: np.ndarray, percentile: float) -> tuple[float, np.ndarray]:
    """The percentile of all cells of ``amounts [F, T]`` (>= 0), and which cells reach it; at 0, which are above 0.

    >>> standing_out(np.array([[0.0, 1.0, 2.0, 3.0]]), 50)
    (1.5, array([[False, False,  True,  True]]))
    """
    threshold = float(np.percentile(amounts, percentile))
    return threshold, amounts >= threshold if threshold > 0.0 else amounts > 0.0
