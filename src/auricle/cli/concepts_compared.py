"""``auricle concepts compare``: concepts of two layers, or two models, by what they explain at the input."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from auricle.classifier import Classifier
from auricle.cli.clips_of_classes import rows_of
from auricle.cli.concepts_judged import choice_of, heard_of
from auricle.cli.in_concepts import opened
from auricle.cli.progress import progress
from auricle.cli.stopping import stoppable
from auricle.clip import Clip, load_clip
from auricle.concepts.concepts import Concepts, load_concepts
from auricle.concepts.evaluation import Heard, InputSimilarity, hear, input_similarity, interval
from auricle.errors import AuricleError


def compare(
    folder: Path,
    against: Path,
    files: Sequence[Path],
    *,
    model: str | None,
    data: str | None,
    part: str | None,
    per_class: int,
    json: bool,
    seed: int,
) -> None:
    """Say how alike the concepts of two folders are, class by class and concept by concept."""
    classifier, first = opened(folder, model)
    second = load_concepts(against)
    other = classifier if second.model == first.model else opened(against, None)[0]
    labels = [label for label in first if label in second]
    if not labels:
        raise AuricleError(f"{folder} and {against} have concepts of no class in common; fit them for the same classes")
    failures: list[str] = []
    with stoppable():
        if files:
            with progress(len(files), "hearing") as bar:
                clips = list(_heard_as(classifier, files, labels, failures, bar.step))
            if not clips:
                raise AuricleError(f"there is no clip to compare by: {failures[0]}")
            heard = hear(classifier, clips, correct=False)
        else:
            choice = choice_of(first, model, data, part)
            rows = rows_of(choice, labels, per_class, seed)
            with progress(len(rows), "hearing") as bar:
                heard = heard_of(classifier, choice, rows, failures, bar.step)
        with progress(len(heard.labels), "comparing") as bar:
            found = input_similarity(
                classifier, heard, first, second, second_classifier=other, seed=seed, on_clips=bar.step
            )
    figures = {label: _figures(each, heard, label, seed) for label, each in found.items()}
    if json:
        typer.echo(json_.dumps(figures, indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{len(heard.labels)} clips; what concepts of {first.layer} and {second.layer} explain is alike:")
        _tell(figures, first, second)
    for text in failures:
        typer.echo(f"left out: {text}", err=True)


def _heard_as(
    classifier: Classifier, files: Sequence[Path], labels: Sequence[str], failures: list[str], step: Callable[[], None]
) -> Iterator[tuple[Clip, str]]:
    """Clips from files, each with the class that the classifier hears in it."""
    for path in files:
        step()
        try:
            clip = load_clip(path)
            said = classifier.predict(clip).label
        except AuricleError as error:
            failures.append(str(error))
            continue
        if said in labels:
            yield clip, said
        else:
            failures.append(f"{path} is heard as {said}, and not both folders have concepts of it")


def _figures(found: InputSimilarity, heard: Heard, label: str, seed: int) -> dict[str, Any]:
    groups = None if heard.groups is None else [heard.groups[row] for row in heard.rows(label)]
    chance = found.chance.mean(0).tolist()
    pairs = zip(found.partners, found.concepts.tolist(), chance, strict=True)
    return {
        "similarity": interval(found.clips.mean(1), groups, seed=seed).to_dict(),
        "chance": float(found.chance.mean()),
        "concepts": [
            {"concept": k + 1, "partner": partner + 1, "similarity": alike, "chance": expected}
            for k, (partner, alike, expected) in enumerate(pairs)
        ],
    }


def _tell(figures: Mapping[str, Any], first: Concepts, second: Concepts) -> None:
    for label, each in figures.items():
        mean = each["similarity"]
        sure = "" if mean["low"] is None else f" ({mean['low']:.2f} to {mean['high']:.2f})"
        typer.echo(f"{label}: {mean['mean']:.2f}{sure}, by chance {each['chance']:.2f}")
        for pair in each["concepts"]:
            one, other = first.names_of(label)[pair["concept"] - 1], second.names_of(label)[pair["partner"] - 1]
            typer.echo(f"  {one} and {other}: {pair['similarity']:.2f}, by chance {pair['chance']:.2f}")
