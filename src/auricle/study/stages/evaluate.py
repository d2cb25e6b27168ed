"""How far each explanation can be trusted, in numbers beside their controls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.metrics.localisation import energy_of, localisation, truth_of
from auricle.metrics.randomised import randomised, similarity
from auricle.road import explain_batch
from auricle.study.maps import map_of
from auricle.study.scoring import Scored, score_many
from auricle.study.stages.regions import regions_of
from auricle.study.stages.tune import with_noise

if TYPE_CHECKING:
    from auricle.study.worker import Shard, Worker


def make(worker: Worker, shard: Shard) -> None:
    """The scores of a block's explanations by one method."""
    block = shard.task.block
    assert block is not None
    places = worker.plan.blocks[block]
    classifier = worker.classifier(places.part)
    wanted = worker.config.evaluate
    numbered = {place: str(worker.subject.dataset.row(number)["id"]) for place, number in enumerate(places.numbers)}
    curves, stability, sanity = (
        {numbered[place] for place in worker.plan.places_of(block, count)}
        for count in (wanted.curves, wanted.stability, wanted.sanity)
    )
    deaf = randomised(classifier, worker.config.seed) if sanity and classifier.differentiable else None
    regions = {
        (row["id"], row["asked"]): row
        for row in worker.store.read_table(shard.task.name.replace("evaluate", "regions", 1)).to_pylist()
    }
    by_clip: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in worker.store.read_table(shard.task.name.replace("evaluate", "explain", 1)).to_pylist():
        if (row["id"], row["asked"]) in regions:
            by_clip[row["id"]].append(row)
    for id, rows in by_clip.items():
        with shard.guarding(id):
            clip = worker.load(id)
            asked = [_scored(row, regions[id, row["asked"]], curves=id in curves) for row in rows]
            scores = score_many(clip, classifier, asked, worker.config.sound, wanted, seed=worker.config.seed)
            beside = [
                {
                    **_located(worker, classifier, clip, each, row),
                    "stability": _alike(worker, shard, classifier, with_noise(clip, seed=worker.config.seed), each)
                    if id in stability
                    else None,
                    "sanity": _alike(worker, shard, deaf, clip, each, amounts=True)
                    if id in sanity and deaf is not None
                    else None,
                }
                for row, each in zip(rows, asked, strict=True)
            ]
            for row, score, more in zip(rows, scores, beside, strict=True):
                told = {name: row[name] for name in ("id", "asked", "target")}
                shard.rows.append({**told, "truth": row["actual"], **score, **more})


def _scored(row: dict[str, Any], regions: dict[str, Any], *, curves: bool) -> Scored:
    relevance, axes = map_of(row)
    return Scored(regions_of(regions, axes), relevance, axes, row["target"], row["actual"], curves)


def _located(
    worker: Worker, classifier: Classifier, clip: Clip, scored: Scored, row: dict[str, Any]
) -> dict[str, float | None]:
    """Whether relevance lies where the cause is known to be; nothing where nobody knows, or something else is asked."""
    actual = row["actual"] if isinstance(row["actual"], list) else [row["actual"]]
    if scored.target not in actual:
        return {}
    dataset = worker.subject.dataset
    known = dataset.row(worker.number(row["id"]))
    truth = truth_of(dataset, known, scored.axes, clip.seconds, label=scored.target)
    if truth is None:
        return {}
    mask = None if scored.regions.empty else scored.regions.mask
    energy = energy_of(clip, classifier, scored.axes)
    found = localisation(scored.relevance, truth, scored.axes, regions=mask, energy=energy, seconds=clip.seconds)
    return found.columns()


def _alike(
    worker: Worker, shard: Shard, classifier: Classifier, clip: Clip, scored: Scored, *, amounts: bool = False
) -> float | None:
    """Rank correlation of the map with that of another clip or network, for the same target.

    Of ``amounts``, because signs that a random network gives at random hide that two maps look the same.
    """
    assert shard.task.method is not None
    method, config = worker.plan.methods[shard.task.method], worker.config
    found = explain_batch([clip], classifier, method, scored.target, level=config.level, seed=config.seed)
    other, axes = found[0].map()
    return similarity(scored.relevance, _on(other, axes, scored.axes))["spearman_abs" if amounts else "spearman"]


def _on(values: np.ndarray, axes: Axes, onto: Axes) -> np.ndarray:
    """Maps of the same clip have the same axes, unless components were drawn anew."""
    return values if values.shape == onto.shape else axes.resample(values, onto)
