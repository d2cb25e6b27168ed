"""From sound files to folders of explanations."""

from __future__ import annotations

import gc
import json
import os
import re
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
import typer

from auricle.classifier import Classifier
from auricle.cli.measuring import NOTHING, Asked
from auricle.cli.progress import Bar, progress
from auricle.clip import LOWEST_RATE, Clip, duration, load_clip, sections
from auricle.errors import AuricleError, nearest
from auricle.explanation import Explanation, WindowPrediction
from auricle.files import write_whole
from auricle.methods import Method
from auricle.methods.coalitions import watching
from auricle.methods.point import LEVELS
from auricle.report.outcome import outcome
from auricle.report.page import Entry, index_page
from auricle.report.record import plain
from auricle.road import explain
from auricle.sonify import Masking

if TYPE_CHECKING:
    from auricle.metrics import Scores

LONG = 60.0
"""Recordings longer than this many seconds are explained section by section, so that memory stays constant."""


class Way(Protocol):
    """How a clip is explained into a folder."""

    @property
    def classifier(self) -> Classifier: ...

    def check_long(self, path: Path) -> None:
        """Raise `AuricleError` where something asked for does not fit a recording that is heard in sections."""

    def into(
        self, folder: Path, clip: Clip, bar: Bar, *, section: bool = False
    ) -> tuple[Explanation, Scores | None, str]:
        """The clip explained and written; with its scores, where it was measured, and what is said of it."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What is done with every clip."""

    classifier: Classifier
    method: Method
    target: str
    level: str | None
    seed: int
    masking: Masking
    full_band: bool
    measure: bool
    asked: Asked = NOTHING

    def __post_init__(self) -> None:
        self.method.check(self.classifier)
        self.classifier.target_weights(self.target, torch.zeros(1, len(self.classifier.labels)))
        if self.level is not None and self.level not in self.method.levels:
            known = LEVELS if self.level not in LEVELS else self.method.levels
            raise AuricleError(f'{self.method.name} cannot use the level "{self.level}"; {nearest(self.level, known)}')
        if self.masking.shape == "given" and not self.method.gives_mask:
            raise AuricleError(
                f"{self.method.name} gives relevance and no mask, so its shape cannot be given; write --shape soft or "
                "--shape regions"
            )

    def explain(
        self, clip: Clip, bar: Bar | None = None, *, section: bool = False
    ) -> tuple[Explanation, Scores | None]:
        explanation = explain(
            clip,
            self.classifier,
            method=self.method,
            target=self.target,
            level=self.level,  # type: ignore[arg-type]
            seed=self.seed,
        )
        if not self.measure or self.unmeasurable:
            return explanation, None
        more = self.asked.settings(clip, section=section)
        with nullcontext() if bar is None else bar.doing("measuring"):
            return explanation, explanation.measure(self.masking, seed=self.seed, **more)

    @property
    def unmeasurable(self) -> str:
        """Why nothing is measured although it was asked for, in a sentence; else nothing."""
        if not self.measure or self.classifier.outputs != "values":
            return ""
        return f"Not measured: {self.classifier.name} gives values, and the scores are made of probabilities."

    def save(self, explanation: Explanation, scores: Scores | None, folder: Path) -> None:
        explanation.save(folder, scores=scores, measure=False, masking=self.masking, full_band=self.full_band)

    def check_long(self, path: Path) -> None:
        self.asked.check(duration(path), path.name)

    def into(
        self, folder: Path, clip: Clip, bar: Bar, *, section: bool = False
    ) -> tuple[Explanation, Scores | None, str]:
        explanation, scores = self.explain(clip, bar, section=section)
        self.save(explanation, scores, folder)
        return explanation, scores, line_of(explanation, scores, folder / "index.html")


def explain_files(paths: Sequence[Path], plan: Plan, out: Path) -> list[str]:
    """Explain every file by ``plan``; see `explain_into`."""
    if plan.unmeasurable:
        typer.echo(plan.unmeasurable)
    return explain_into(paths, plan, out)


def explain_into(paths: Sequence[Path], way: Way, out: Path) -> list[str]:
    """Explain every file into a folder of its own under ``out``; returns one line per file that failed."""
    check_writable(out)
    entries: list[Entry] = []
    failures: list[str] = []
    with progress(len(paths), "explaining") as bar, watching(bar.hears):
        for path, folder in zip(paths, folder_names(paths), strict=True):
            try:
                entries.append(_one(path, way, out / folder, folder, bar))
            except AuricleError as error:
                failures.append(one_line(error))
                bar.say(f"auricle: {failures[-1]}", err=True)
            bar.step()
            gc.collect()  # figures are full of cycles; many clips must not pile them up
    if len(paths) > 1 and entries:
        write_whole(out / "index.html", index_page(entries, failures=failures))
        typer.echo(f"{len(entries)} of {len(paths)} clips explained: {out / 'index.html'}")
    return failures


def one_line(error: Exception) -> str:
    """An error's sentence on one line, whatever a file is called."""
    return " ".join(str(error).split())


def check_writable(out: Path) -> None:
    """Say before any work is done that its results could not be written."""
    place = next(each for each in (out, *out.absolute().parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        reason = "is not a folder" if not place.is_dir() else "is not yours to write to"
        raise AuricleError(f"{out} cannot be written, because {place} {reason}; choose another folder with --out")


def folder_names(paths: Sequence[Path]) -> list[str]:
    """A folder for each file: its name without ending, numbered where several files share it.

    >>> folder_names([Path("a/one.wav"), Path("b/one.wav"), Path("two.flac")])
    ['one', 'one-2', 'two']
    """
    names: list[str] = []
    taken = {"index.html"}
    for path in paths:
        plain_name = re.sub(r"[^\w.()+\- ]", "_", path.stem).strip(". ") or "clip"
        name, number = plain_name, 2
        while name.casefold() in taken:  # some file systems do not tell upper from lower case
            name, number = f"{plain_name}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _one(path: Path, way: Way, folder: Path, name: str, bar: Bar) -> Entry:
    length = way.classifier.length
    windowed = length.seconds is not None and length.long == "window"
    if windowed and duration(path) > LONG and _can_be_heard(path):
        return _long(path, way, folder, name, bar)
    if length.seconds is None and (seconds := duration(path)) > LONG:
        bar.say(
            f"auricle: {path.name} ({seconds:.0f} s) is heard in one piece, which may take long and much memory; a "
            "model with a length of its own (for one from elsewhere --seconds 5) hears it in windows",
            err=True,
        )
    explanation, scores, line = way.into(folder, load_clip(path), bar)
    bar.say(line)
    return Entry.of(explanation, f"{name}/index.html", scores)


def _can_be_heard(path: Path) -> bool:
    """Whether a file's rate is one of sound; else it is read whole, and refused, not section by section."""
    import soundfile

    return int(soundfile.info(path).samplerate) >= LOWEST_RATE


def line_of(explanation: Explanation, scores: Scores | None, page: Path) -> str:
    """What was heard, what it means, what to mind, and where the page is."""
    said = outcome(explanation)
    heard = f"{explanation.clip.name}: {said}"
    if explanation.subject != said.label:
        heard += f", explained: {explanation.subject}"
    lines = [heard]
    if scores is not None:
        lines.append(scores.sentence)
    lines += [f"Warning: {check.text}" for check in explanation.checks if check.passed is False]
    return "\n  ".join([*lines, str(page)])


def _long(path: Path, way: Way, folder: Path, name: str, bar: Bar) -> Entry:
    """A long recording, section by section: each has its page, the folder's index links them."""
    window = way.classifier.length.seconds or 1.0
    way.check_long(path)
    seconds = max(round(LONG / window), 1) * window
    total = int(-(-duration(path) // seconds))
    entries: list[Entry] = []
    heard: list[dict[str, Any]] = []
    skipped: list[str] = []
    for number, clip in enumerate(sections(path, seconds=seconds)):
        place = f"section-{number + 1:04d}"
        bar.describe(f"{path.name}, section {number + 1} of {total}")
        try:
            if isinstance(clip, AuricleError):
                raise clip
            explanation, scores, _ = way.into(folder / place, clip, bar, section=True)
        except AuricleError as error:  # a silent or damaged minute must not lose the hour
            skipped.append(one_line(error))
        else:
            entries.append(Entry.of(explanation, f"{place}/index.html", scores))
            heard += [_heard(clip, window, way.classifier.outputs) for window in explanation.windows]
        gc.collect()
    if not entries:
        raise AuricleError(f"no section of {path} could be explained; the first said: {skipped[0]}")
    title = f"{path.stem}: {len(entries)} sections of {seconds:g} s"
    record = {"clip": str(path), "section_seconds": seconds, "windows": heard, "skipped": skipped}
    write_whole(folder / "explanation.json", json.dumps(plain(record), indent=2, allow_nan=False) + "\n")
    write_whole(folder / "index.html", index_page(entries, title=title, failures=skipped))
    bar.say(f"{path.stem}: {len(entries)} sections of {seconds:g} s explained\n  {folder / 'index.html'}")
    first = entries[0]
    return replace(
        first, name=path.stem, href=f"{name}/index.html", seconds=duration(path), sentence="", scores=None
    )


def _heard(clip: Clip, window: WindowPrediction, outputs: str) -> dict[str, Any]:
    place = {"start": clip.start_seconds + window.start, "end": clip.start_seconds + window.end}
    if outputs == "values":
        return {**place, "values": dict(window.prediction.ranked()), "target": window.target}
    said = {"label": window.prediction.label, "probability": window.prediction.probability}
    return {**place, **said, "target": window.target}
