"""What a person should know of a data set before training on it, each in a sentence."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from auricle.datasets.checking_clips import ClipFacts
from auricle.datasets.dataset import Dataset
from auricle.datasets.splits import Split
from auricle.errors import AuricleError

Severity = Literal["error", "warning", "note"]
FEW = 10
"""Clips of a class below which training on it is doubtful."""
NAMED = 3
"""So many clips are named in a sentence; all are in the finding's ``ids``."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about a data set: an ``error`` must be put right, a ``warning`` looked at, a ``note`` known."""

    severity: Severity
    kind: str
    sentence: str
    ids: tuple[str, ...] = ()


def findings(dataset: Dataset, facts: Sequence[ClipFacts], strangers: Sequence[str] = ()) -> list[Finding]:
    """All findings, errors first. ``strangers`` are sound files beside the data set's that no row lists."""
    found = [*_of_clips(facts), *_doubles(dataset, facts), *_of_classes(dataset, facts), *_of_groups(dataset)]
    if strangers:
        said = _count(len(strangers), "sound file lies", "sound files lie")
        sentence = f"{said} beside the others but in no row, so nothing uses them: {_some(strangers)}"
        found.append(Finding(severity="note", kind="no row", sentence=sentence, ids=tuple(strangers)))
    order = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda each: order[each.severity])


# --- clips --------------------------------------------------------------------------------------------------


def _of_clips(facts: Sequence[ClipFacts]) -> Iterator[Finding]:
    def of(
        severity: Severity, kind: str, chosen: Iterable[ClipFacts], one: str, many: str, advice: str
    ) -> list[Finding]:
        ids = tuple(each.id for each in chosen)
        said = f"{_count(len(ids), one, many)}: {_some(ids)}; {advice}"
        return [Finding(severity=severity, kind=kind, sentence=said, ids=ids)] if ids else []

    heard = [each for each in facts if each.rate is not None]
    missing = [each for each in facts if each.problem.startswith("missing")]
    broken = [each for each in facts if each.rate is None and each not in missing]
    damaged = [each for each in heard if each.problem.startswith("damaged")]
    cut = [each for each in heard if each.truncated and each not in damaged]
    yield from of(
        "error", "missing", missing, "row has no file", "rows have no file", "copy the files, or drop the rows"
    )
    for each in broken:
        sentence = f"{each.id} {_joined(each.problem)}"
        yield Finding(severity="error", kind="unreadable", sentence=sentence, ids=(each.id,))
    for each in damaged:
        sentence = f"{each.id} is {each.problem}; copy or download it again"
        yield Finding(severity="error", kind="damaged", sentence=sentence, ids=(each.id,))
    again = "copy or download them again"
    yield from of("error", "truncated", cut, "clip is shorter than its file announces",
                  "clips are shorter than their files announce", again)  # fmt: skip
    yield from of("error", "NaN", [each for each in heard if each.bad], "clip has samples that are no numbers",
                  "clips have samples that are no numbers", "repair or export again")  # fmt: skip
    yield from of("warning", "silent", [each for each in heard if each.silent], "clip is silent", "clips are silent",
                  "is anything to be heard that its label says?")  # fmt: skip
    yield from of("warning", "clipped", [each for each in heard if each.clipped], "clip is clipped",
                  "clips are clipped", "record at a lower level, if you can")  # fmt: skip
    for what, unit, values in (
        ("rates", " Hz", _tally(heard, "rate")),
        ("numbers of channels", "", _tally(heard, "channels")),
    ):
        if len(values) > 1:
            told = ", ".join(f"{value}{unit} ({count})" for value, count in values.items())
            sentence = f"clips have different {what}: {told}; models hear them resampled and mixed to mono"
            rarest = {min(values, key=lambda value: values[value])}
            ids = tuple(each.id for each in heard if (each.rate if unit else each.channels) in rarest)
            yield Finding(severity="note", kind=what, sentence=sentence, ids=ids)


def _tally(heard: Sequence[ClipFacts], name: str) -> dict[int, int]:
    values, counts = np.unique([getattr(each, name) for each in heard], return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}


def _doubles(dataset: Dataset, facts: Sequence[ClipFacts]) -> Iterator[Finding]:
    """The same sound several times: worst with different labels, bad across the parts of a split."""
    where = defaultdict(list)
    for number, each in enumerate(facts):
        if each.sound is not None and not each.silent:
            where[each.sound].append(number)
    same = [numbers for numbers in where.values() if len(numbers) > 1]
    if not same:
        return
    torn: list[str] = []
    for numbers in same:
        ids = tuple(facts[number].id for number in numbers)
        for task in dataset.classes:
            labels = {str(dataset.row(number)[task]) for number in numbers}
            if len(labels) > 1:
                said = f"{_some(ids)} are the same sound with different labels of {task}: {', '.join(sorted(labels))}"
                yield Finding(severity="error", kind="label", sentence=f"{said}; keep the right one", ids=ids)
        torn.extend(ids)
    said = f"{_count(len(same), 'sound is', 'sounds are')} there more than once: {_some(torn)}; keep one of each"
    yield Finding(severity="warning", kind="duplicate", sentence=said, ids=tuple(torn))
    for scheme, split in _splits(dataset):
        part = _part_of(len(facts), split)
        across = [numbers for numbers in same if {"test", "train"} <= {part[number] for number in numbers}]
        if across:
            ids = tuple(facts[number].id for numbers in across for number in numbers)
            said = _count(len(across), "sound is", "sounds are")
            sentence = f"{said} in both train and test of {_told(scheme, split)}: {_some(ids)}; remove one of each"
            yield Finding(severity="error", kind="duplicate across a split", sentence=sentence, ids=ids)


# --- labels and groups --------------------------------------------------------------------------------------


def _of_classes(dataset: Dataset, facts: Sequence[ClipFacts]) -> Iterator[Finding]:
    for task, classes in dataset.classes.items():
        counts = dict.fromkeys(classes, 0)
        unknown: dict[str, list[str]] = {}
        unlabelled = []
        for fact, value in zip(facts, dataset.column(task), strict=True):
            if value is None:
                unlabelled.append(fact.id)
            for label in value if isinstance(value, list) else [] if value is None else [value]:
                if label not in counts:
                    unknown.setdefault(str(label), []).append(fact.id)
                elif fact.rate is not None:
                    counts[label] += 1
        for label, ids in unknown.items():
            sentence = f'the label "{label}" of {task} is none of its classes: {_some(ids)}; correct it'
            yield Finding(severity="error", kind="label", sentence=sentence, ids=tuple(ids))
        if unlabelled:
            said = _count(len(unlabelled), "clip has", "clips have")
            sentence = f"{said} no label of {task}: {_some(unlabelled)}; training on it leaves them out"
            yield Finding(severity="note", kind="no label", sentence=sentence, ids=tuple(unlabelled))
        none = [label for label, count in counts.items() if count == 0]
        if none:
            said = _count(len(none), f"label of {task} has", f"labels of {task} have")
            sentence = f"{said} no clip that can be heard: {_some(none, 8)}; record some, or leave the label out"
            yield Finding(severity="warning", kind="label without clips", sentence=sentence)
        few = {label: count for label, count in counts.items() if 0 < count < FEW}
        if few:
            told = _some([f"{label} ({count})" for label, count in few.items()], 8)
            sentence = (
                f"{_count(len(few), f'label of {task} has', f'labels of {task} have')} fewer than {FEW} clips: {told}"
            )
            yield Finding(severity="warning", kind="few clips", sentence=sentence)


def _of_groups(dataset: Dataset) -> Iterator[Finding]:
    """Speakers (patients, sites…) who are heard in more than one part of a split."""
    if dataset.group is None:
        if not dataset.classes:
            return
        sentence = (
            "no column says whose sounds these are (a speaker, a patient, a site), so no split can keep them apart"
        )
        yield Finding(severity="note", kind="no groups", sentence=sentence)
        return
    groups = np.array([str(each) for each in dataset.column(dataset.group)])
    for column in ("split", "fold"):
        if column in dataset.table.column_names:
            values = np.array([str(each) for each in dataset.column(column)])
            both = [group for group in np.unique(groups) if len(set(values[groups == group])) > 1]
            if both:
                yield _shared_group(dataset, both, groups, f"more than one {column}", "error")
    for scheme, split in _splits(dataset, schemes_only=True):
        parts = {"train": split.train, "validate": split.validate, "test": split.test}
        for one, other in itertools.combinations(parts, 2):
            both = sorted(set(groups[parts[one]]) & set(groups[parts[other]]))
            if not both or (split.shared and other == "validate"):
                continue
            severity: Severity = "note" if split.known_groups else "error"
            yield _shared_group(dataset, both, groups, f"both {one} and {other} of {_told(scheme, split)}", severity)


def _shared_group(dataset: Dataset, both: list[str], groups: np.ndarray, where: str, severity: Severity) -> Finding:
    said = f"{dataset.group} {_some(both, 5)}: in {where}"
    advice = (
        "its authors mean it so: it tests new clips of known ones"
        if severity == "note"
        else "split by groups, or accuracy will be too good"
    )
    ids = tuple(np.array([str(each) for each in dataset.column("id")])[np.isin(groups, both)])
    return Finding(severity=severity, kind="group in several parts", sentence=f"{said}; {advice}", ids=ids)


def _splits(dataset: Dataset, *, schemes_only: bool = False) -> Iterator[tuple[str, Split]]:
    """The splits that come with a data set; what cannot be made of these clips (a missing fold) is left out."""
    for name, scheme in dataset.schemes.items():
        try:
            yield from ((name, each) for each in scheme(dataset))
        except AuricleError:
            continue
    if "split" in dataset.table.column_names and not schemes_only:
        values = np.array([str(each) for each in dataset.column("split")])
        train, test = (np.flatnonzero(np.char.startswith(values, part)) for part in ("train", "test"))
        yield "split", Split(name="split", train=train, validate=train[:0], test=test)


def _told(scheme: str, split: Split) -> str:
    return f"the split {split.name}" if split.name == scheme else f"{split.name} of the split {scheme}"


def _part_of(count: int, split: Split) -> np.ndarray:
    part = np.full(count, "", dtype=object)
    part[split.train], part[split.validate], part[split.test] = "train", "validate", "test"
    return part


# --- words --------------------------------------------------------------------------------------------------


def _joined(problem: str) -> str:
    """A problem as the end of a sentence about the clip; some begin with a verb of their own."""
    return problem if problem.startswith(("cannot", "is ", "holds", "has ", "does")) else f"cannot be used: {problem}"


def _count(number: int, one: str, many: str) -> str:
    """
    >>> _count(1, "clip is", "clips are"), _count(1200, "clip is", "clips are")
    ('1 clip is', '1,200 clips are')
    """
    return f"{number:,} {one if number == 1 else many}"


def _some(names: Sequence[str], most: int = NAMED) -> str:
    """
    >>> _some(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    told = ", ".join(str(each) for each in names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most:,} more"
