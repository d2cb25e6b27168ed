"""Which part of each map counts as relevant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.regions.base import Regions
from auricle.sonify.boxes import Box
from auricle.sonify.laying import in_clip
from auricle.study.maps import map_of, mask_bytes
from auricle.study.stages.tune import kept_of, tuned_kind

if TYPE_CHECKING:
    from auricle.study.worker import Shard, Worker


def make(worker: Worker, shard: Shard) -> None:
    """The regions of a block's explanations by one method."""
    method = shard.task.method
    assert method is not None
    kind, optimised = tuned_kind(worker.store, worker.plan, method)
    shard.facts = {"kind": kind.name, "settings": kind.settings()}
    lengths = seconds_of(worker, shard)
    for row in worker.store.read_table(shard.task.name.replace("regions", "explain", 1)).to_pylist():
        with shard.guarding(row["id"], row["asked"]):
            relevance, axes = map_of(row)
            seconds = lengths[row["id"]]
            label = row["actual"] if row["asked"] == "true" else row["predicted"]
            found = kept_of(optimised, kind(relevance, axes, seconds=seconds), relevance, label)
            shard.rows.append(
                {
                    **{name: row[name] for name in ("id", "asked", "target")},
                    "boxes": [_box(box, relevance, axes) for box in found.boxes],
                    "mask": mask_bytes(found.mask),
                    "rows": found.mask.shape[0],
                    "columns": found.mask.shape[1],
                    "area": float(found.mask[:, in_clip(axes, seconds)].mean()),
                    "empty": found.empty,
                    "notes": json.dumps(found.notes, default=str),
                }
            )


def seconds_of(worker: Worker, shard: Shard) -> dict[str, float]:
    """How long each clip of the block is."""
    found = worker.store.read_table(f"predict/part-{shard.task.block:05d}.parquet", ["id", "seconds"])
    return dict(zip(found["id"].to_pylist(), found["seconds"].to_pylist(), strict=True))


def regions_of(row: dict[str, Any], axes: Axes) -> Regions:
    """The regions of a row, on the axes of their map."""
    from auricle.study.maps import mask_of

    boxes = tuple(Box(*(float(box[name]) for name in ("low", "high", "start", "end"))) for box in row["boxes"])
    return Regions(mask_of(row), axes, boxes, json.loads(row["notes"]))


def _box(box: Box, relevance: np.ndarray, axes: Axes) -> dict[str, float]:
    """A box with the share of the map's positive relevance that lies in it."""
    rows = (axes.hertz_centres >= box.low) & (axes.hertz_centres <= box.high)
    columns = (axes.seconds_centres >= box.start) & (axes.seconds_centres <= box.end)
    positive = np.maximum(relevance, 0.0)
    total = float(positive.sum(dtype=np.float64))
    inside = float(positive[np.ix_(rows, columns)].sum(dtype=np.float64))
    return {**box.to_dict(), "relevance": inside / total if total > 0 else 0.0}
