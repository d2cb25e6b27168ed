"""The clips of a data set with their classes, part by part, for commands about concepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from auricle.cli.model import classifier_of
from auricle.clip import Clip
from auricle.errors import AuricleError, nearest
from auricle.evaluation.tested import ALL, PARTS, Choice, choose_clips


def choose(
    model: str,
    data: str | None,
    task: str | None,
    split: str | None,
    fold: str | None,
    part: str | None,
    *,
    default: str,
) -> Choice:
    """The model and its clips: the ``default`` part where it is known how they are split, else all of them."""
    parts = (*PARTS, "all")
    if part is not None and part not in parts:
        raise AuricleError(f'a split has no part "{part}"; {nearest(part, parts)}')
    classifier = classifier_of(model)
    asked: dict[str, Any] = {"data": data, "task": task, "scheme": split, "fold": fold, "classifier": classifier}
    first = choose_clips(model, **asked)
    if part == "all":
        return replace(first, numbers=np.arange(len(first.dataset)), split=ALL)
    if first.scheme is None and part is None:
        return first
    return choose_clips(model, **asked, part=part or default)


def rows_of(choice: Choice, labels: list[str] | None, per_class: int | None, seed: int) -> list[tuple[int, str]]:
    """Numbers and labels of the chosen clips, ``per_class`` of them drawn; of several labels the first counts."""
    if per_class is not None and per_class < 1:
        raise AuricleError(f"{per_class} clips of each class leave nothing; give at least 1")
    for label in labels or []:
        choice.classifier.target_index(label)
    numbers = np.asarray(choice.numbers)
    if per_class is not None:
        numbers = np.random.default_rng(seed).permutation(numbers)
    taken: dict[str, int] = {}
    rows = []
    for number in numbers.tolist():
        said = choice.dataset.row(number)[choice.task]
        said = (said[0] if said else None) if isinstance(said, list) else said
        if said is None or (labels and said not in labels):
            continue
        taken[said] = taken.get(said, 0) + 1
        if per_class is None or taken[said] <= per_class:
            rows.append((number, str(said)))
    if not rows:
        raise AuricleError(f"no clip of {choice.dataset.name} is left; correct --class, --part or --split")
    return sorted(rows)


def clips_of_rows(
    choice: Choice, rows: list[tuple[int, str]], failures: list[str], step: Callable[[], None]
) -> Iterator[tuple[Clip, str]]:
    """The clips of rows, read one after another; those that cannot be read are told."""
    for number, label in rows:
        step()
        try:
            clip = choice.dataset.load(number)
        except AuricleError as error:
            failures.append(str(error))
            continue
        yield clip, label
