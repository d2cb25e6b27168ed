"""Which settings of regions suit a method, tried on clips that the study does not judge by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends.listening import listening_axes
from auricle.metrics.hearing import Listener
from auricle.regions.base import Regions
from auricle.regions.faithful import Hear
from auricle.regions.optimising import Optimised, optimise
from auricle.regions.tuning import Tuned, chosen_kind, tune
from auricle.road import explain_batch
from auricle.sonify.laying import Laying, within

if TYPE_CHECKING:
    import pyarrow as pa

    from auricle.regions.base import RegionKind
    from auricle.study.plan import Plan
    from auricle.study.store import Store
    from auricle.study.worker import Shard, Worker

SNR_DB = 30.0
"""How far below the clip the noise lies under which regions are to stay the same."""


def make(worker: Worker, shard: Shard) -> None:
    """The table of one method's grid; its facts hold what was chosen, and beside it lie the weights of classes."""
    import pyarrow as pa

    settings = worker.config.regions
    kind = settings.finder()
    clips = list(_clips(worker, shard))
    rows: list[dict[str, Any]] = []
    if settings.tune is not None:
        rows = tune(
            clips,
            kind,
            settings.tune.search.model_dump(),
            by=settings.tune.by,
            prune=settings.tune.prune,
            all_must_have_regions=settings.tune.all_must_have_regions,
            seed=worker.config.seed,
        )
        kind = chosen_kind(rows, kind)
    shard.table = _typed(pa.Table.from_pylist(rows or [{**kind.settings(), "clips": len(clips), "chosen": True}]))
    shard.facts = {"chosen": kind.settings()}
    if settings.optimise is not None:
        found = [kind(each.relevance, each.axes, seconds=each.seconds) for each in clips]
        best = optimise(clips, found, settings.optimise.penalties, by=settings.optimise.by, seed=worker.config.seed)
        shard.facts["optimise"] = {"before": best.before, "after": best.after, "by": best.by, "table": best.table}
        shard.beside["optimise"] = [
            {
                "label": str(label),
                "weights": np.ascontiguousarray(weights, "<f4").tobytes(),
                "rows": weights.shape[0],
                "columns": weights.shape[1],
                "penalty": best.penalty,
            }
            for label, weights in best.weights.items()
        ]


def tuned_kind(store: Store, plan: Plan, method: str) -> tuple[RegionKind, Optimised | None]:
    """What finds the regions of a method: as tuned, where it was; and what drops some of them again, if anything."""
    settings = plan.config.regions
    if not plan.tunes:
        return settings.finder(), None
    facts = store.facts_of(f"tune/{method}/part-00000.parquet")
    kind = settings.finder(**facts["chosen"])
    if settings.optimise is None:
        return kind, None
    rows = store.read_table(f"optimise/{method}/part-00000.parquet").to_pylist()
    weights = {
        row["label"]: np.frombuffer(row["weights"], "<f4").reshape(row["rows"], row["columns"]).astype(np.float64)
        for row in rows
    }
    return kind, Optimised(rows[0]["penalty"], dict(weights), "", None, None, [], [])


def _clips(worker: Worker, shard: Shard) -> Iterator[Tuned]:
    """The tuning clips that their model names rightly, each with its relevance for its class."""
    assert shard.task.method is not None
    wanted = worker.config.regions.tune
    for place, part in enumerate(worker.subject.parts):
        classifier = worker.classifier(place)
        for number in part.tuning:
            row = worker.subject.dataset.row(int(number))
            with shard.guarding(str(row["id"])):
                clip = worker.load(str(row["id"]))
                said = classifier.predict(clip).label
                true = row[worker.subject.task]
                if said not in (true if isinstance(true, list) else [true]):
                    continue
                relevance, axes = _relevance(worker, shard.task.method, classifier, clip, said)
                again = None
                if wanted is not None and wanted.by == "stability":
                    noisy = with_noise(clip, seed=worker.config.seed)
                    again = _relevance(worker, shard.task.method, classifier, noisy, said)[0]
                yield Tuned(relevance, axes, said, clip.seconds, _hear(classifier, clip, axes, said), again)


def _relevance(worker: Worker, method: str, classifier: Classifier, clip: Clip, label: str) -> tuple[np.ndarray, Axes]:
    config = worker.config
    found = explain_batch([clip], classifier, worker.plan.methods[method], label, level=config.level, seed=config.seed)
    return found[0].map()


def _hear(classifier: Classifier, clip: Clip, axes: Axes, label: str) -> Hear:
    """Masks on the map's axes, heard with the original phase whatever the study's style: it is the quickest."""
    listener = Listener(classifier, clip)
    front = classifier.frontend
    onto = listening_axes(len(listener.samples), front.grid, front.sample_rate)
    onto = Axes(onto.seconds[: listener.frames + 1], onto.hertz)
    place = classifier.target_index(label)
    laying: list[Laying] = []

    def hear(masks: list[np.ndarray]) -> np.ndarray:
        inside = [within(mask, axes, clip.seconds) for mask in masks]
        if not laying:
            laying.append(Laying(inside[0][1], onto, reach=front.grid.length / 2 / front.sample_rate))
        return listener(laying[0](mask) for mask, _ in inside).probabilities[:, place]

    return hear


def with_noise(clip: Clip, *, seed: int) -> Clip:
    """The clip under noise that is `SNR_DB` below it, drawn from the seed and the clip itself."""
    generator = np.random.default_rng([seed, int(clip.content_hash, 16)])
    level = float(np.sqrt(np.square(clip.samples, dtype=np.float64).mean())) * 10 ** (-SNR_DB / 20)
    noise = generator.standard_normal(clip.samples.shape)
    return Clip(clip.samples + (level * noise).astype(np.float32), clip.sample_rate, clip.name, clip.source)


def _typed(table: pa.Table) -> pa.Table:
    """Columns without any value are numbers, as they are where there is one."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.float64()))
    return table


def kept_of(optimised: Optimised | None, regions: Regions, relevance: np.ndarray, label: str) -> Regions:
    """What optimising leaves of regions."""
    return regions if optimised is None else optimised.keep(regions, relevance, label)
