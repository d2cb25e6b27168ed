"""Which clips a model is tested on: by default those that its training kept for it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from auricle.classifier import Classifier
from auricle.datasets import Dataset, choose_split, open_dataset, splits
from auricle.errors import AuricleError, nearest
from auricle.evaluation.clips import run_of
from auricle.models import load_classifier

PARTS = ("test", "validate", "train")
ALL = "all clips"


@dataclass(frozen=True, eq=False, kw_only=True)
class Choice:
    """A model and the rows of a data set that it is tested on."""

    classifier: Classifier
    name: str
    dataset: Dataset
    data: str
    task: str
    numbers: np.ndarray
    split: str
    scheme: str | None
    seed: int
    known_groups: bool = False
    validate: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """The rows that the split keeps for choosing settings: neither trained nor tested on."""


def choose_clips(
    model: str,
    *,
    data: str | None = None,
    task: str | None = None,
    scheme: str | None = None,
    fold: str | None = None,
    part: str = "test",
    seed: int | None = None,
    allow_leakage: bool = False,
    classifier: Classifier | None = None,
) -> Choice:
    """The model and its test clips: by default those that its training kept for testing, of other data all clips.

    ``classifier`` is what ``model`` names, where it has been loaded already.
    """
    classifier = load_classifier(model) if classifier is None else classifier
    run = run_of(Path(model))
    text = data or run.get("data")
    if text is None:
        raise AuricleError(f"{model} does not say what it was trained on; name a data set with --data")
    if part not in PARTS:
        raise AuricleError(f'a split has no part "{part}"; {nearest(part, PARTS)}')
    dataset = open_dataset(text)
    task = task or task_of(classifier, dataset, run.get("task"))
    if dataset.is_multi_label(task) != classifier.multi_label:
        one, other = ("several labels", "one") if dataset.is_multi_label(task) else ("one label", "several")
        raise AuricleError(f"{dataset.name} gives each clip {one} of {task}, but {model} was made to say {other}")
    if scheme is None and run.get("data_name") == dataset.name:
        scheme, fold = run.get("scheme"), fold or run.get("split")
    drawn = int(run.get("seed", 0)) if seed is None else seed
    chosen: dict[str, Any] = {"numbers": np.arange(len(dataset)), "split": ALL}
    if scheme is not None:
        split = choose_split(splits(dataset, scheme, task, seed=drawn, allow_leakage=allow_leakage), fold)
        numbers = {"test": split.test, "validate": split.validate, "train": split.train}[part]
        if not len(numbers):
            raise AuricleError(f"{split.name} of {dataset.name} has no clips to {part} with; choose another part")
        name = split.name if part == "test" else f"{split.name}, {part}"
        chosen = {"numbers": numbers, "split": name, "known_groups": split.known_groups, "validate": split.validate}
    elif fold is not None or part != "test":
        raise AuricleError("--fold and --part need to know how the data set is split; say so with --split")
    return Choice(
        classifier=classifier,
        name=Path(model).name,
        dataset=dataset,
        data=os.fspath(text),
        task=task,
        scheme=scheme,
        seed=drawn,
        **chosen,
    )


def task_of(classifier: Classifier, dataset: Dataset, wanted: str | None = None) -> str:
    """The label column that a classifier speaks of: that of its training, else the only one whose classes it knows."""
    if wanted in dataset.classes:
        return str(wanted)
    fitting = [task for task, classes in dataset.classes.items() if set(classes) <= set(classifier.labels)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise AuricleError(f"the model could speak of {' or '.join(fitting)}; say which with --task")
    nearly = [
        (task, [each for each in classes if each not in classifier.labels]) for task, classes in dataset.classes.items()
    ]
    for task, unknown in nearly:
        if len(unknown) < len(dataset.classes[task]):
            raise AuricleError(
                f"the model does not know {', '.join(unknown[:6])} of {task} in {dataset.name}; leave these clips out, "
                f"or name the task {task}, and they become failures"
            )
    labels = ", ".join(classifier.labels[:12]) + (", …" if len(classifier.labels) > 12 else "")
    known = "; ".join(f"{task}: {', '.join(classes[:12])}" for task, classes in dataset.classes.items())
    raise AuricleError(
        f"the model says {labels}, but {dataset.name} has other labels ({known}); give data with the model's labels"
    )
