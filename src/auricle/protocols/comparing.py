"""The comparison itself: scene by scene, every explainer and control on the same cases."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.evaluation.predictions import Failure
from auricle.explanation import Explanation
from auricle.methods import Method
from auricle.protocols.masks import ORACLE, RANDOM, Candidate, candidates, explained
from auricle.protocols.scenes import Scene
from auricle.protocols.scoring import Ear, Truth, scored, truth_of

AT_ONCE = 8
"""Scenes explained in one batch."""
EXAMPLES = 3
"""Clips whose kept sounds are kept for listening."""


@dataclass(frozen=True, eq=False)
class Case:
    """A class (number ``c``) in a scene."""

    scene: Scene
    ear: Ear
    c: int
    label: str


@dataclass(frozen=True, eq=False)
class Example:
    """What is heard of one case: sounds ``[n]`` by what they are, at ``rate``."""

    id: str
    label: str
    rate: int
    sounds: dict[str, np.ndarray]


@dataclass(eq=False)
class Comparison:
    """What was found: one row a case and explainer, what could not be done, and examples to hear.

    ``clips`` has one row a scene: how it was made, and what the model said of it.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    clips: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)


Keep = Callable[[list[dict[str, Any]]], None]


def compare(
    classifier: Classifier,
    scenes: Iterable[Scene | Failure],
    methods: Mapping[str, Method],
    *,
    area: float | str | None = None,
    explain: str = "predicted",
    legacy: bool = False,
    draws: int = 4,
    seed: int = 0,
    keep: Keep | None = None,
    on_step: Callable[[], None] | None = None,
) -> Comparison:
    """Explain and score every case of the scenes by every method, beside the controls.

    A case is the predicted class, with several labels every class that the model finds (p ≥ ½); with
    ``explain="first"`` the label of the recording that the scene was made from. ``keep`` is given the rows of each
    scene as soon as they are there. What fails becomes a `Failure`, and the comparison goes on.
    """
    if classifier.outputs == "values":
        raise AuricleError(f"{classifier.name} gives values, not classes, so there is nothing to compare explainers on")
    if explain not in ("predicted", "first"):
        raise AuricleError(f'"{explain}" cannot be explained; write --explain predicted or --explain first')
    for method in methods.values():
        method.check(classifier)
    found = Comparison()
    for batch in _batches(scenes, AT_ONCE):
        cases = []
        for scene in batch:
            if isinstance(scene, Failure):
                found.failures.append(scene)
            else:
                cases += _cases(classifier, scene, explain, found)
        told = _explained(classifier, cases, methods, seed, found.failures)
        for case, each in zip(cases, told, strict=True):
            try:
                rows = _scored(case, each, area=area, legacy=legacy, draws=draws, seed=seed, found=found)
            except AuricleError as error:
                found.failures.append(Failure(case.scene.id, str(error)))
                continue
            found.rows += rows
            if keep is not None:
                keep(rows)
        for _ in batch if on_step is not None else ():
            on_step()  # type: ignore[misc]
    return found


def _batches(scenes: Iterable[Scene | Failure], size: int) -> Iterator[list[Scene | Failure]]:
    waiting = iter(scenes)
    while batch := list(islice(waiting, size)):
        yield batch


def _cases(classifier: Classifier, scene: Scene, explain: str, found: Comparison) -> list[Case]:
    try:
        ear = Ear(classifier, scene)
        p = ear.probabilities
        if explain == "first":
            wanted = [classifier.target_index(label) for label in scene.labels]
        elif classifier.multi_label:
            wanted = [int(c) for c in np.flatnonzero(p >= 0.5)]
        else:
            wanted = [int(p.argmax())]
    except AuricleError as error:
        found.failures.append(Failure(scene.id, " ".join(str(error).split())))
        return []
    said = [classifier.labels[c] for c in np.flatnonzero(p >= 0.5)] if classifier.multi_label else None
    found.clips.append(
        {
            "clip": scene.id,
            "condition": scene.condition,
            "labels": list(scene.labels),
            "predicted": [classifier.labels[int(p.argmax())]] if said is None else said,
            "explained": [classifier.labels[c] for c in wanted],
            "recipe": dict(scene.recipe),
        }
    )
    return [Case(scene, ear, c, classifier.labels[c]) for c in wanted]


def _explained(
    classifier: Classifier, cases: list[Case], methods: Mapping[str, Method], seed: int, failures: list[Failure]
) -> list[dict[str, Explanation]]:
    """What each method says of each case, by the methods' names."""
    told: list[dict[str, Explanation]] = [{} for _ in cases]
    for name, method in methods.items() if cases else ():
        clips, labels = [case.scene.clip for case in cases], [case.label for case in cases]
        for place, each in enumerate(explained(method, clips, labels, classifier, seed=seed)):
            if isinstance(each, AuricleError):
                failures.append(Failure(cases[place].scene.id, f"{name}: {' '.join(str(each).split())}"))
            else:
                told[place][name] = each
    return told


def _scored(
    case: Case,
    told: Mapping[str, Explanation],
    *,
    area: float | str | None,
    legacy: bool,
    draws: int,
    seed: int,
    found: Comparison,
) -> list[dict[str, Any]]:
    if not told:
        return []
    truth = truth_of(case.scene, case.label, case.ear)
    own = zlib.crc32(f"{seed} {case.scene.id} {case.label}".encode())
    masks = candidates(
        told,
        case.ear.listener,
        area=area,
        oracle=None if truth is None else truth.mask,
        legacy=legacy,
        draws=draws,
        seed=own,
    )
    scores = scored(case.ear, case.c, truth, masks, legacy=legacy)
    if len(found.examples) < EXAMPLES and case.scene.id not in {each.id for each in found.examples}:
        found.examples.append(_example(case, truth, masks, [sound for _, sound in scores]))
    about = {
        "clip": case.scene.id,
        "group": case.scene.group,
        "condition": case.scene.condition,
        "label": case.label,
        "labels": ";".join(case.scene.labels),
        "in clip": case.label in {*case.scene.labels, *case.scene.sources},
    }
    return [
        {**about, "explainer": each.name, "kind": each.kind, **row}
        for each, (row, _) in zip(masks, scores, strict=True)
    ]


def _example(case: Case, truth: Truth | None, masks: list[Candidate], kept: list[np.ndarray]) -> Example:
    sounds = {"the clip": case.ear.samples}
    if truth is not None:
        sounds["true source"] = truth.source
    for each, sound in zip(masks, kept, strict=True):
        if each.kind != "control" or each.name in (RANDOM, ORACLE, "energy"):
            sounds[each.name] = sound
    return Example(case.scene.id, case.label, case.ear.classifier.sample_rate, sounds)
