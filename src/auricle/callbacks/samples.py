"""Which clips are watched: the same ones after every epoch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError
from auricle.metrics.localisation import truth_of

if TYPE_CHECKING:
    from auricle.datasets import Dataset


@dataclass(frozen=True, eq=False)
class Sample:
    """A clip with what is known about it: its true ``label``, and where in it the cause of that label is.

    events: (start, end) in the clip's own seconds. row, dataset: where it came from; a row's own events, or the causes
    of a planted corpus, count as well (see `metrics.localisation.truth_of`).
    """

    clip: Clip
    label: str | None = None
    events: Sequence[tuple[float, float]] = ()
    row: Mapping[str, Any] | None = None
    dataset: Dataset | None = None

    def truth(self, axes: Axes) -> np.ndarray | None:
        """Where the cause is, ``[F, T]`` from 0 to 1 on ``axes``; None where nobody knows."""
        if self.events:
            centres = axes.seconds_centres
            inside = [(centres >= start) & (centres <= end) for start, end in self.events]
            return np.broadcast_to(np.any(inside, axis=0).astype(float), axes.shape)
        if self.row is None or self.dataset is None:
            return None
        return truth_of(self.dataset, self.row, axes, self.clip.seconds, label=self.label)


Given = Sample | Clip | str | Path | tuple[Clip | str | Path, str]
"""What may stand for a sample: a clip or its file, alone or with its label."""


def samples_of(given: Dataset | Sequence[Given], *, n_per_class: int | None, labels: Sequence[str]) -> list[Sample]:
    """The samples to watch, by names of their own; the first ``n_per_class`` of each class of a data set.

    labels: the classifier's; of a data set with several label columns the one whose classes these are counts. Raises
    `AuricleError` for nothing, a file that cannot be read, an unknown label, and events outside of their clip.
    """
    if hasattr(given, "table"):
        found = _of_dataset(given, n_per_class or 1, labels)  # type: ignore[arg-type]
    else:
        if isinstance(given, str | Path | Clip | Sample) or not isinstance(given, Iterable):
            raise AuricleError(f"samples is a list of clips, not one {type(given).__name__}; write samples=[…]")
        found = [_sample(each) for each in given]
        if n_per_class is not None:
            found = _first_of_each(found, n_per_class)
    if not found:
        raise AuricleError("there are no clips to watch; give at least one")
    for each in found:
        _check(each, labels)
    return _named_apart(found)


def by_turns(dataset: Dataset, task: str, rounds: int) -> list[Sample]:
    """The first clip of each class of ``task``, in the order of classes, then in the next round the second.

    A clip with several labels counts for one of them; one that is silent or cannot be read is passed over.
    """
    waiting: dict[str, list[int]] = {label: [] for label in dataset.classes_of(task)}
    for number, value in enumerate(dataset.column(task)):
        for label in value if isinstance(value, list) else [value]:
            waiting[label].append(number)
    found: dict[int, Sample] = {}
    for _ in range(rounds):
        for label, numbers in waiting.items():
            while numbers:
                number = numbers.pop(0)
                if number not in found and (sample := _row(dataset, number, label)) is not None:
                    found[number] = sample
                    break
    return list(found.values())


def _row(dataset: Dataset, number: int, label: str) -> Sample | None:
    row = dataset.row(number)
    try:
        clip = dataset.load(row)
    except AuricleError:
        return None
    return Sample(clip, label, row=row, dataset=dataset) if clip.peak > 0.0 else None


def _of_dataset(dataset: Dataset, n_per_class: int, labels: Sequence[str]) -> list[Sample]:
    tasks = [task for task, classes in dataset.classes.items() if set(classes) == set(labels)]
    if not tasks:
        raise AuricleError(
            f"no label column of {dataset.name} has the classifier's labels, so its clips cannot be chosen per class; "
            "give samples as a list of (clip, label)"
        )
    return by_turns(dataset, tasks[0], n_per_class)


def _sample(given: Given) -> Sample:
    if isinstance(given, Sample):
        return given
    clip, label = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    if not isinstance(clip, Clip | str | Path):
        raise AuricleError(
            f"a sample is given as {type(clip).__name__}; give a Clip, a sound file, (clip, label) or a Sample"
        )
    return Sample(clip if isinstance(clip, Clip) else load_clip(clip), label)


def _first_of_each(samples: Sequence[Sample], count: int) -> list[Sample]:
    kept: dict[str, list[Sample]] = {}
    for each in samples:
        if each.label is None:
            raise AuricleError(
                f"{each.clip.name} has no label, so n_per_class cannot choose; give (clip, label), or leave it out"
            )
        kept.setdefault(each.label, []).append(each)
    return [each for members in kept.values() for each in members[:count]]


def _check(sample: Sample, labels: Sequence[str]) -> None:
    name, seconds = sample.clip.name, sample.clip.seconds
    if sample.label is not None and sample.label not in labels:
        raise AuricleError(f'{name} is labelled "{sample.label}", which is no label of the classifier')
    for start, end in sample.events:
        if not 0.0 <= start < end <= seconds + 1e-3:
            raise AuricleError(
                f"{name} has an event from {start:g} to {end:g} s, which does not lie in its {seconds:g} s; give start "
                "and end in the clip's own seconds"
            )


def _named_apart(samples: Sequence[Sample]) -> list[Sample]:
    """With names that can be part of a tag or a path, and are each clip's own."""
    taken: set[str] = set()
    found = []
    for each in samples:
        plain = re.sub(r"[^\w.\-]+", "-", each.clip.name).strip("-.") or "clip"
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name)
        found.append(replace(each, clip=replace(each.clip, name=name)))
    return found
