"""What one method found over all clips: sums and small pictures, gathered in one pass over its shards."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from auricle.regions.base import Regions
from auricle.regions.ranges import FrequencyRange, Profile, frequency_ranges, profile_of
from auricle.report.study.explained import explained
from auricle.report.study.tiles import Tile, relevance_tile
from auricle.study.store import Store
from auricle.study.tables.classes import ClassAverage, ClassAverages
from auricle.study.tables.clusters import Clusters, Grid, Pooled, all_clusters

Key = tuple[str, str]


@dataclass(eq=False)
class MethodFound:
    """Of one method: averages and ranges of classes over right predictions, clusters over all predicted classes, and
    the tiles of chosen clips by (id, asked)."""

    method: str
    sums: ClassAverages
    ranges: dict[str, list[FrequencyRange]]
    kept: Pooled | None
    clusters: list[Clusters]
    tiles: dict[Key, Tile] = field(default_factory=dict)

    @cached_property
    def averages(self) -> dict[str, ClassAverage]:
        """The average of every class that has right predictions."""
        return self.sums.means()


def find(
    store: Store,
    method: str,
    clips: dict[str, dict[str, Any]],
    chosen: set[str],
    *,
    clusters: int | None = None,
    draws: int = 200,
    seed: int = 0,
) -> MethodFound:
    """One pass over the shards of a method; ``clips`` are rows of ``predict`` by id."""
    averages, tiles = ClassAverages(), {}
    profiles: list[Profile] = []
    classes: list[str] = []
    kept: Pooled | None = None
    hertz = np.zeros(0)
    longest = max((clip["seconds"] for clip in clips.values()), default=1.0)
    for each in explained(store, method):
        id, asked = each.row["id"], each.row["asked"]
        if id not in clips:
            continue
        seconds = clips[id]["seconds"]
        if id in chosen:
            tiles[id, asked] = relevance_tile(each.relevance, each.axes, seconds, boxes=each.boxes)
        if asked != "predicted":
            continue
        assert each.axes.hertz is not None
        if kept is None:
            hertz = each.axes.hertz
            kept = Pooled(Grid.of(low=float(hertz[0]), high=float(hertz[-1]), seconds=longest))
        kept.add(id, each.row["target"], each.relevance, each.axes)
        if each.row["correct"]:
            averages.add(each.row["target"], each.relevance, each.axes, each.mask, seconds=seconds)
            if each.mask is not None:
                profile = profile_of(Regions(each.mask, each.axes), each.relevance, seconds=seconds)
                profiles.append(Profile(profile.occupancy.astype(np.float32), profile.relevance.astype(np.float32)))
                classes.append(each.row["target"])
    found = frequency_ranges(profiles, classes, hertz, draws=draws, seed=seed) if profiles else {}
    several = kept is not None and len(kept) > 0
    return MethodFound(
        method,
        averages,
        {str(label): ranges for label, ranges in found.items()},
        kept if several else None,
        all_clusters(kept, clusters=_possible(clusters, kept), seed=seed) if kept is not None and several else [],
        tiles,
    )


def _possible(clusters: int | None, kept: Pooled) -> int | None:
    """A small study cannot have more clusters than clips."""
    return None if clusters is None else min(clusters, len(kept))
