"""Explanations as they are read from the store: one shard in memory at a time, each with its regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.study.maps import map_of, mask_of
from auricle.study.store import Store


@dataclass(frozen=True, eq=False)
class Explained:
    """One explanation: its row of ``explain``, relevance ``[F, T]`` on axes, and its regions' row and mask ``[F, T]``,
    None where it has no regions."""

    row: dict[str, Any]
    relevance: np.ndarray
    axes: Axes
    regions: dict[str, Any] | None
    mask: np.ndarray | None

    @property
    def boxes(self) -> list[dict[str, float]]:
        return [] if self.regions is None else list(self.regions["boxes"] or [])


def shard(store: Store, method: str, part: str) -> Iterator[Explained]:
    """The explanations of one shard, such as ``part-00000.parquet``."""
    regions: dict[tuple[str, str], dict[str, Any]] = {}
    if store.exists(f"regions/{method}/{part}"):
        rows = store.read_table(f"regions/{method}/{part}").to_pylist()
        regions = {(row["id"], row["asked"]): row for row in rows}
    for row in store.read_table(f"explain/{method}/{part}").to_pylist():
        relevance, axes = map_of(row)
        found = regions.get((row["id"], row["asked"]))
        yield Explained(row, relevance, axes, found, None if found is None else mask_of(found))


def explained(store: Store, method: str) -> Iterator[Explained]:
    """All explanations of a method."""
    for name in store.names(f"explain/{method}"):
        yield from shard(store, method, name.rsplit("/", 1)[1])
