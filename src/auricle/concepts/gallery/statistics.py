"""What a concept is like over the clips of its class, and how sure that is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from auricle.concepts.evaluation.intervals import units_of
from auricle.evaluation.resampling import bootstrap
from auricle.metrics.bootstrap import Interval

DRAWS = 2000
AVERAGED = (
    "relevance",
    "share",
    "strength",
    "negative_share",
    "removed",
    "centroid_hz",
    "bandwidth_hz",
    "centroid_time",
    "onsets_per_second",
    "active_share",
)
"""The numbers of a clip and concept that are averaged."""

Statistics = Mapping[str, Interval | None]
"""By name: the mean of each of `AVERAGED` over the clips that have it (None where none has), ``leads``, the share of
clips in which the concept has the most relevance, and ``class_share``, its share of the class's relevance."""


def class_statistics(
    values: Mapping[str, np.ndarray], groups: Sequence[Hashable], *, seed: int = 0
) -> tuple[Statistics, ...]:
    """Of each of a class's K concepts, from `AVERAGED` numbers of N clips ``[N, K]``, NaN where a clip has none.

    Intervals are of 95 %, percentile bootstrap; groups (of each clip, ``[N]``: speakers, or files that were cut into
    clips) are drawn whole (Davison and Hinkley 1997, ch. 3.8), clips where all are of one group. ``class_share`` is
    R_k / Σ_j |R_j| of the class's mean relevances.
    """
    relevance = values["relevance"]
    clips, concepts = relevance.shape
    leads = np.argmax(relevance, 1)[:, None] == np.arange(concepts)
    names = [*AVERAGED, "leads"]
    table = np.stack([*(values[name] for name in AVERAGED), leads], 1).reshape(clips, -1).astype(np.float64)
    known = np.isfinite(table)
    held = np.where(known, table, 0.0)

    def scores(weights: np.ndarray) -> dict[str, np.ndarray]:
        counted = weights @ known
        means = np.divide(weights @ held, counted, out=np.full(counted.shape, np.nan), where=counted > 0)
        means = means.reshape(len(weights), len(names), concepts)
        whole = np.abs(means[:, 0]).sum(1, keepdims=True)
        share = np.divide(means[:, 0], whole, out=np.zeros_like(means[:, 0]), where=whole > 0)
        found = {f"{name} {k}": means[:, place, k] for place, name in enumerate(names) for k in range(concepts)}
        return found | {f"class_share {k}": share[:, k] for k in range(concepts)}

    whole = scores(np.ones((1, clips)))
    ends = bootstrap(scores, units_of(len(groups), groups), draws=DRAWS, classes=table.shape[1], seed=seed)
    counts = known.sum(0).reshape(len(names), concepts)
    found: list[Statistics] = []
    for k in range(concepts):
        each = {}
        for place, name in enumerate([*names, "class_share"]):
            count = int(counts[place, k]) if name in names else clips
            low, high = ends.get(f"{name} {k}") or (None, None)
            each[name] = Interval(float(whole[f"{name} {k}"][0]), low, high, count) if count else None
        found.append(each)
    return tuple(found)
