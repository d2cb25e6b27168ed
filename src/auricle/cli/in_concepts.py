"""``auricle explain CLIP --concepts DIR``: clips explained in the shares of a model's concepts."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer

from auricle.classifier import Classifier
from auricle.cli.explaining import LONG, check_writable, folder_names, one_line
from auricle.cli.model import classifier_of
from auricle.cli.progress import progress
from auricle.clip import Clip, duration, load_clip, sections
from auricle.concepts.concepts import CARD, Concepts, load_concepts
from auricle.concepts.explained import ConceptExplanation, explain_concepts
from auricle.errors import AuricleError
from auricle.files import write_whole
from auricle.report.concepts import save_concepts
from auricle.report.page import Entry, index_page


def explain_in_concepts(
    paths: Sequence[Path], folder: Path, model: str | None, target: str, label: str | None, out: Path
) -> list[str]:
    """Explain every file into a folder of its own under ``out``; returns one line for each that failed as a whole."""
    classifier, concepts = opened(folder, model)
    check_writable(out)
    entries: list[Entry] = []
    told: list[str] = []
    failures: list[str] = []
    with progress(len(paths), "explaining") as bar:
        for path, name in zip(paths, folder_names(paths), strict=True):
            already, skipped = len(entries), len(told)
            for part, place in _parts(path, name, classifier):
                try:
                    if isinstance(part, AuricleError):
                        raise part
                    found = explain_concepts(part, classifier, concepts, target=target, label=label)
                    save_concepts(found, out / place)
                except AuricleError as error:  # a silent or damaged minute must not lose the hour
                    told.append(one_line(error))
                    bar.say(f"auricle: {told[-1]}", err=True)
                else:
                    bar.say(_line(found, out / place / "index.html"))
                    entries.append(Entry.of(found.whole, f"{place}/index.html"))
                gc.collect()  # figures are full of cycles; many clips must not pile them up
            if len(entries) == already:
                failures.append(told[skipped])
            bar.step()
    if len(entries) > 1:
        write_whole(out / "index.html", index_page(entries, failures=told))
        typer.echo(f"{len(paths) - len(failures)} of {len(paths)} clips explained: {out / 'index.html'}")
    return failures


def opened(folder: Path, model: str | None) -> tuple[Classifier, Concepts]:
    """The concepts of a folder and their model: the named one, or that of their card."""
    concepts = load_concepts(folder)
    path = model or concepts.facts.get("model_path")
    if path is None:
        raise AuricleError(f"{folder / CARD} does not say where the model is; give it with --model")
    classifier = classifier_of(str(path))
    concepts.check(classifier)
    return classifier, concepts


def _parts(path: Path, name: str, classifier: Classifier) -> Iterator[tuple[Clip | AuricleError, str]]:
    """The clip, or its sections of about a minute, each with a folder's name; in place of what cannot be read, why."""
    try:
        if duration(path) <= LONG:
            yield load_clip(path), name
            return
        window = classifier.length.seconds or 1.0
        seconds = max(round(LONG / window), 1) * window
        for number, clip in enumerate(sections(path, seconds=seconds)):
            yield clip, f"{name}/section-{number + 1:04d}"
    except AuricleError as error:
        yield error, name


def _line(found: ConceptExplanation, page: Path) -> str:
    said = found.whole.prediction
    shares = ", ".join(f"{name} {share:+.3g}" for name, share in zip(found.names, found.sums, strict=True))
    lines = [
        f"{found.clip.name}: {said.label} ({100 * said.probability:.0f} %); relevance for {found.whole.target} "
        f"{found.sums.sum():.3g} = {shares}"
    ]
    lines += [f"Warning: {check.text}" for check in found.whole.checks if check.passed is False]
    return "\n  ".join([*lines, str(page)])


