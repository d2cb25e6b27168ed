"""What concepts find where the truth is known: ``docs/concepts_on_planted.md``.

``python scripts/concepts_on_planted.py --model DIR --data planted:DIR --out FOLDER`` fits concepts of a model of
DRSA-audio's synthetic sounds on the clips it was trained on, chooses a layer on the validation clips, and judges on
the test clips; nothing is chosen on those. Each stage leaves its numbers in ``FOLDER/STAGE.json``; what is there
already is kept. All tables come to ``FOLDER/tables.md``; ``--page`` also puts them into the page, between
``<!-- table NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reproduced_tables import replaced, table

import auricle
from auricle.classifier import Classifier
from auricle.concepts.collecting import Collected, Labelled, collect
from auricle.concepts.concepts import Concepts
from auricle.concepts.evaluation import (
    Cells,
    ConceptFlipping,
    Heard,
    PlantedMatch,
    Setting,
    between_classes,
    compare,
    comparison_table,
    difference,
    flipped,
    hear,
    match_table,
    planted_clips,
    planted_match,
    random_like,
    shares_of,
    told_apart,
)
from auricle.concepts.evaluation.fills import Fill
from auricle.concepts.evaluation.judging import PLAIN, RANDOM
from auricle.concepts.fitting import HELD_OUT
from auricle.concepts.learners import build_learner
from auricle.concepts.subspaces import Subspaces
from auricle.datasets import open_dataset
from auricle.datasets.dataset import Dataset
from auricle.methods import build
from auricle.metrics.bootstrap import Interval

PAGE = Path(__file__).parents[1] / "docs" / "concepts_on_planted.md"

COMPOSITE = "drsa-audio-toy"
METHOD = build("lrp", composite=COMPOSITE)
LAYERS = ("features.1", "features.4", "features.7", "features.10", "features.13")
COUNTS = (2, 4, 8)
PLANTED = 4
"""Objects a class has, and so concepts where one layer is looked at closely."""
OURS, SIGNED = "drsa", "drsa, signed"
"""The published objective, and the one in which negative shares cost."""
RIVALS = ("dsa", "pca", RANDOM)
"""Whom DRSA must beat; the signed objective, PRCA and NMF stand beside them."""
DRAWS = 3
PATCH = Cells(8, 8)
FILLS: tuple[Fill, ...] = ("inpainting", "silence")
SWEPT = 100
"""Clips of each class in the table of all layers and numbers of concepts."""
MATCHED = ("iou", "mass", "purity", "si_sdr")


@dataclass(frozen=True, eq=False)
class Experiment:
    """A model and its clips; further ones, all for testing; and the vectors that concepts are fitted on, by layer."""

    classifier: Classifier
    dataset: Dataset
    further: Dataset | None = None
    vectors: dict[str, dict[str, Collected]] = field(default_factory=dict)

    def rows(self, part: str) -> list[int]:
        return [number for number in range(len(self.dataset)) if self.dataset.row(number)["split"] == part]

    def clips(self, part: str) -> Iterator[Labelled]:
        return ((self.dataset.load(number), self.dataset.row(number)["label"]) for number in self.rows(part))

    def further_clips(self) -> Iterator[Labelled]:
        further = self.further
        assert further is not None
        return ((further.load(number), further.row(number)["label"]) for number in range(len(further)))

    def heard(self, part: str) -> Heard:
        return hear(self.classifier, list(self.clips(part)))

    def concepts(self, layer: str, count: int, names: Sequence[str]) -> dict[str, Concepts]:
        """Equally many and, but for NMF, equally large concepts by each of the learners, from training clips."""
        if layer not in self.vectors:
            self.vectors[layer] = collect(self.classifier, self.clips("train"), layer=layer, method=METHOD)
            tell(f"vectors at {layer}")
        found = {}
        for name in names:
            subspaces = {label: fitted(name, count, each) for label, each in self.vectors[layer].items()}
            found[name] = Concepts.of(self.classifier, layer, METHOD, subspaces)
        return found

    def all_concepts(self, layer: str | None) -> dict[str, Concepts]:
        return self.concepts(str(layer), PLANTED, (OURS, SIGNED, "dsa", "pca", "prca", "nmf"))


def fitted(name: str, count: int, collected: Collected) -> Subspaces:
    """As `fit_concepts` does it: learners that climb stop by the vectors of held-out clips."""
    settings: dict[str, dict[str, Any]] = {SIGNED: {"signed": True}, "pca": {"size": None}, "prca": {"size": None}}
    learner = build_learner(OURS if name == SIGNED else name, concepts=count, **settings.get(name, {}))
    if learner.needs == "moments":
        return learner.fit_moments(collected.moments)
    held = collected.source % HELD_OUT == HELD_OUT - 1
    a, c = collected.a, collected.c
    return learner.fit(a[~held], c[~held], held_out=(a[held], c[held]))


def some_of(heard: Heard, each: int) -> Heard:
    """The first clips of every class."""
    rows = np.concatenate([heard.rows(label)[:each] for label in dict.fromkeys(heard.labels)])
    labels, names = (tuple(values[row] for row in rows) for values in (heard.labels, heard.names))
    return Heard(heard.samples[torch.as_tensor(rows)], labels, names)


def flipping(fill: Fill = "inpainting") -> ConceptFlipping:
    return ConceptFlipping(patch=PATCH, fill=fill)


# --- stages ---------------------------------------------------------------------------------------------------------


def choose(experiment: Experiment, layer: str | None) -> dict[str, Any]:
    """The layer, on validation clips, at which the lead of DRSA over its nearest rival is surest.

    The lead counts in standard errors of the paired difference.
    """
    heard = experiment.heard("validate")
    candidates: list[dict[str, Any]] = []
    for each in LAYERS:
        several = experiment.concepts(each, PLANTED, (OURS, "dsa", "pca"))
        values = flipped(experiment.classifier, heard, several, draws=DRAWS, flipping=flipping())
        leads = {rival: np.atleast_2d(values[rival]).mean(0) - values[OURS] for rival in RIVALS}
        sure = {rival: float(lead.mean() / lead.std(ddof=1) * len(lead) ** 0.5) for rival, lead in leads.items()}
        rival = min(sure, key=lambda name: sure[name])
        own, other = compare({OURS: values[OURS], rival: values[rival]}, OURS)
        candidates.append({
            "layer": each, "aupc": asdict(own.mean), "rival": rival, "of_rival": asdict(other.mean),
            "sure": sure[rival], "difference": asdict(difference(-leads[rival], np.zeros(len(heard.labels)))),
        })  # fmt: skip
        tell(f"validation at {each}")
    best = max(candidates, key=lambda row: float(row["sure"]))
    return {"layer": best["layer"], "clips": len(heard.labels), "candidates": candidates}


def compete(experiment: Experiment, layer: str | None) -> dict[str, Any]:
    """AUPC of all methods at the chosen layer on the test clips, and how far each parts its maps."""
    heard, several = experiment.heard("test"), experiment.all_concepts(layer)
    areas = {}
    for fill in FILLS:
        values = flipped(experiment.classifier, heard, several, draws=DRAWS, flipping=flipping(fill))
        areas[fill] = comparison_table({Setting(str(layer), PLANTED): values}, OURS)
        tell(f"test, {fill}")
    controls = {RANDOM: random_like(several[OURS], draws=1)[0]}
    apart = {
        name: {key: asdict(each) for key, each in told_apart(experiment.classifier, heard, concepts).means().items()}
        for name, concepts in (several | controls).items()
    }
    shares = {
        name: {label: concepts[label].statistics["relevance"] for label in concepts}
        for name, concepts in several.items()
    }
    return {"clips": len(heard.labels), "aupc": areas, "told_apart": apart, "relevance_shares": shares}


def repeat(experiment: Experiment, layer: str | None) -> dict[str, Any]:
    """DRSA and DSA, which is the same search without the model, on clips of another corpus, which may be many."""
    several = experiment.concepts(str(layer), PLANTED, (OURS, "dsa"))
    heard = hear(experiment.classifier, list(experiment.further_clips()))
    tell(f"{len(heard.labels)} further clips")
    values = flipped(experiment.classifier, heard, several, draws=1, flipping=flipping(), on_step=tell)
    return {"clips": len(heard.labels), "aupc": comparison_table({Setting(str(layer), PLANTED): values}, OURS)}


def match(experiment: Experiment, layer: str | None) -> dict[str, Any]:
    """How well concepts fit the planted objects, on test clips with two and more of them."""
    classifier, dataset = experiment.classifier, experiment.dataset
    rows = [number for number in experiment.rows("test") if len(dataset.row(number)["concepts"].split()) > 1]
    clips = planted_clips(dataset, classifier, rows)
    samples = torch.stack([clip.samples for clip in clips])
    several = experiment.all_concepts(layer)
    found: dict[str, list[PlantedMatch]] = {}
    for name, concepts in [*several.items(), *((RANDOM, each) for each in random_like(several[OURS], draws=DRAWS))]:
        maps = torch.zeros(len(clips), PLANTED, *classifier.frontend.axes(samples.shape[1]).shape)
        for label in concepts:
            mine = torch.tensor([number for number, clip in enumerate(clips) if clip.label == label])
            maps[mine] = shares_of(classifier, concepts, samples[mine], label, concepts[label])[0].float()
        found.setdefault(name, []).append(planted_match(clips, maps, classifier.frontend))
        tell(f"match of {name}")
    return {
        "clips": len(clips), "methods": match_table(found, OURS),
        "objects": [plain(row) for row in found[OURS][0].by_object()],
        "draws": {key: [float(each.of_clips(key).mean()) for each in found[RANDOM]] for key in MATCHED},
    }  # fmt: skip


def between(experiment: Experiment, layer: str | None) -> dict[str, Any]:
    """Every class's clips under every class's concepts."""
    concepts = experiment.concepts(str(layer), PLANTED, (OURS,))[OURS]
    found = between_classes(
        experiment.classifier, experiment.heard("test"), concepts, draws=DRAWS, flipping=flipping()
    )
    return {
        "labels": found.labels, "matrix": [[asdict(cell) for cell in row] for row in found.cells()],
        "random": found.control_column.tolist(), "draws": found.random.mean(0).tolist(),
        "summary": plain(found.summary()),
    }  # fmt: skip


def sweep(experiment: Experiment, layer: str | None) -> dict[str, Any]:
    """AUPC at every layer, of every number of concepts."""
    heard, found = some_of(experiment.heard("test"), SWEPT), {}
    for each in LAYERS:
        for count in COUNTS:
            several = experiment.concepts(each, count, (OURS, "dsa", "pca", "prca"))
            found[Setting(each, count)] = flipped(
                experiment.classifier, heard, several, draws=DRAWS, flipping=flipping()
            )
            tell(f"sweep: {each}, {count} concepts")
    return {"clips": len(heard.labels), "aupc": comparison_table(found, OURS)}


STAGES = {
    "choose": choose, "compete": compete, "match": match, "between": between, "sweep": sweep, "repeat": repeat,
}  # fmt: skip


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: asdict(value) if isinstance(value, Interval) else value for key, value in row.items()}


# --- tables ---------------------------------------------------------------------------------------------------------


def shown(value: Mapping[str, Any], digits: int = 2) -> str:
    """A mean with its interval."""
    if value["low"] is None:
        return f"{value['mean']:.{digits}f}"
    return f"{value['mean']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"


def gained(row: Mapping[str, Any], digits: int = 2) -> str:
    """A row's paired difference, where it has one."""
    if row["difference"] is None:
        return ""
    ends = {"mean": row["difference"], "low": row["difference_low"], "high": row["difference_high"]}
    return shown(ends, digits)


def candidates_table(found: Mapping[str, Any]) -> str:
    rows = [
        (each["layer"], shown(each["aupc"]), each["rival"], shown(each["of_rival"]), shown(each["difference"]))
        for each in found["candidates"]
    ]
    return table(("layer", "AUPC of DRSA", "surest rival", "its AUPC", "difference"), rows)


def areas_table(found: Mapping[str, Any]) -> str:
    head = ("method", "AUPC, in-painting", "every draw", "DRSA minus this", "intervals apart", "AUPC, silence",
            "DRSA minus this")  # fmt: skip
    silent = {row["method"]: row for row in found["aupc"]["silence"]}
    rows = []
    for row in found["aupc"]["inpainting"]:
        other = silent[row["method"]]
        rows.append((row["method"], shown(row), *of_area(row), shown(other), gained(other)))
    return table(head, rows)


def repeated_table(found: Mapping[str, Any]) -> str:
    rows = [(row["method"], shown(row), *of_area(row)) for row in found["aupc"]]
    return table(("method", "AUPC, in-painting", "every draw", "DRSA minus this", "intervals apart"), rows)


def of_area(row: Mapping[str, Any]) -> tuple[str, str, str]:
    draws = f"{row['lowest_draw']:.2f} to {row['highest_draw']:.2f}" if row["draws"] > 1 else ""
    return draws, gained(row), {None: "", True: "yes", False: "no"}[row["apart"]]


def match_methods(found: Mapping[str, Any]) -> str:
    by = {(row["measure"], row["method"]): row for row in found["methods"]}
    head = ("method", *MATCHED, *(f"DRSA minus this, {measure}" for measure in MATCHED[:2]))
    rows = [
        (method, *(shown(by[measure, method], 1 if measure == "si_sdr" else 3) for measure in MATCHED),
         *(gained(by[measure, method], 3) for measure in MATCHED[:2]))
        for method in dict.fromkeys(row["method"] for row in found["methods"])
    ]  # fmt: skip
    return table(head, rows)


def objects_table(found: Mapping[str, Any]) -> str:
    rows = [
        (each["class"], each["object"], str(each["concept"] + 1),
         *(shown(each[measure], 1 if measure == "si_sdr" else 2) for measure in MATCHED))
        for each in found["objects"]
    ]  # fmt: skip
    return table(("class", "object", "concept", *MATCHED), rows)


def between_table(found: Mapping[str, Any]) -> str:
    rows = [
        (label, *(shown(cell) for cell in cells), f"{random:.2f}")
        for label, cells, random in zip(found["labels"], found["matrix"], found["random"], strict=True)
    ]
    return table(("clips of", *(f"concepts of {label}" for label in found["labels"]), RANDOM), rows)


def sweep_table(found: Mapping[str, Any]) -> str:
    methods = (OURS, "dsa", "pca", "prca", RANDOM, PLAIN)
    by = {(row["layer"], row["concepts"], row["method"]): row for row in found["aupc"]}
    rows = []
    for layer in LAYERS:
        for count in COUNTS:
            means = [by[layer, count, method]["mean"] for method in methods]
            cells = [f"**{mean:.2f}**" if mean == min(means) else f"{mean:.2f}" for mean in means]
            control = by[layer, count, RANDOM]
            rows.append((layer, str(count), *cells, f"{control['lowest_draw']:.2f} to {control['highest_draw']:.2f}"))
    return table(("layer", "concepts", *methods, "random, every draw"), rows)


TABLES = {
    "candidates": ("choose", candidates_table),
    "aupc": ("compete", areas_table),
    "repeated": ("repeat", repeated_table),
    "match": ("match", match_methods),
    "objects": ("match", objects_table),
    "between": ("between", between_table),
    "sweep": ("sweep", sweep_table),
}


def tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model of the synthetic sounds, as recipe drsa-toy trains it")
    parser.add_argument("--data", required=True, help="planted:FOLDER of DRSA-audio's synthetic sounds")
    parser.add_argument("--further", help="planted:FOLDER of another seed, all of it for testing: narrower intervals")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables and all numbers")
    parser.add_argument("--only", choices=tuple(STAGES), help="one stage, done anew")
    parser.add_argument("--page", action="store_true", help="put the tables into the page")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    further = open_dataset(given.further) if given.further else None
    experiment = Experiment(auricle.load_classifier(given.model), open_dataset(given.data), further)
    numbers: dict[str, Any] = {}
    for name, stage in STAGES.items():
        record = given.out / f"{name}.json"
        if name == given.only or not (record.exists() or given.only or (name == "repeat" and further is None)):
            layer = numbers["choose"]["layer"] if "choose" in numbers else None
            record.write_text(json.dumps(stage(experiment, layer), indent=1), encoding="utf-8")
        if record.exists():
            numbers[name] = json.loads(record.read_text())
    texts = {name: make(numbers[stage]) for name, (stage, make) in TABLES.items() if stage in numbers}
    tables = "\n".join(f"## {name}\n\n{text}\n" for name, text in texts.items())
    (given.out / "tables.md").write_text(tables, encoding="utf-8")
    print(tables)
    if given.page:
        page = PAGE.read_text(encoding="utf-8")
        for name, text in texts.items():
            page = replaced(page, name, text)
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
