"""The clips of an experiment: what a trained model was tested on, or all clips of a data set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from auricle.classifier import Classifier, Windows
from auricle.clip import Clip
from auricle.datasets import Dataset, open_dataset
from auricle.errors import AuricleError
from auricle.evaluation.choosing import choose, conditions
from auricle.evaluation.clips import Example, OnFailure, clips_of
from auricle.evaluation.predictions import FILE, facts_of, read_predictions
from auricle.models import load_classifier

if TYPE_CHECKING:
    import pyarrow as pa

AT_ONCE = 32
"""Clips that are held in memory together."""


class Examples:
    """Clips with what they actually are, and the model each is put to; read one after another.

    ``model`` is a folder with predictions (its tested clips are taken, each with its own fold's model; ``data`` only
    where the data set has moved), or any other classifier with a data set ``data`` of which all clips are taken:
    leave its training clips out with ``where``, texts like ``speaker=theo``. ``task`` is the label column; ``limit`` so
    many clips drawn with ``seed``. ``failures`` tells afterwards what could not be read, as ``{id: sentence}``.
    """

    def __init__(
        self,
        model: str | Path,
        data: str | None = None,
        *,
        task: str | None = None,
        where: Sequence[str] = (),
        limit: int | None = None,
        seed: int = 0,
    ) -> None:
        self.failures: dict[str, str] = {}
        self._model, self._data = model, data
        self._dataset: Dataset | None = None
        if Path(model).is_dir() and not _is_bare(Path(model)):
            table = read_predictions(model)
            facts = facts_of(table)
            self.group, classes = facts.group, len(facts.labels)
            if facts.multi_label:
                raise AuricleError(f"{model} names several labels at a time; these experiments need one true class")
        else:
            self._classifier = load_classifier(model)
            if data is None:
                raise AuricleError(f"{model} was tested on nothing that is known; say on which clips with --data")
            self._dataset = open_dataset(data)
            task = task or _task(self._dataset, self._classifier)
            if self._dataset.is_multi_label(task):
                raise AuricleError(f"{data} has several labels a clip; these experiments need one true class")
            table = _with_actual(self._dataset, task)
            self.group, classes = self._dataset.group, len(self._classifier.labels)
        table = choose(table, where=conditions(where, table))
        if table.num_rows == 0:
            raise AuricleError("no clip has all of these values; leave a --where out")
        if limit is not None and limit < 1:
            raise AuricleError(f"{limit} clips are nothing to measure; give at least 1")
        if limit is not None and limit < table.num_rows:
            chosen = np.random.default_rng(seed).choice(table.num_rows, limit, replace=False)
            table = table.take(np.sort(chosen))
        self.table = table
        self.classes = classes
        """How many classes the model knows, which is what a guesser chooses from."""

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __iter__(self) -> Iterator[Example]:
        if self._dataset is None:
            yield from clips_of(Path(self._model), self.table, data=self._data, on_failure=self._failed)
            return
        numbers = {each: number for number, each in enumerate(self._dataset.column("id"))}
        for batch in self.table.to_batches(max_chunksize=1024):
            for row in batch.to_pylist():
                try:
                    clip = self._dataset.load(numbers[row["id"]])
                except AuricleError as error:
                    self._failed(row["id"], error)
                else:
                    yield Example(row, clip, self._classifier)

    def _failed(self, name: str, error: AuricleError) -> None:
        self.failures[name] = str(error)


class Heard:
    """Clips of equal shape for one model: rows, windows ``samples [B, W, n]``, and true classes ``[B]``."""

    def __init__(self, classifier: Classifier, examples: list[tuple[Example, Windows]]) -> None:
        import torch

        self.classifier = classifier
        self.rows = [example.row for example, _ in examples]
        self.windows = [windows for _, windows in examples]
        self.samples: Tensor = torch.stack([windows.samples for windows in self.windows])
        self.actual = np.array([classifier.target_index(row["actual"]) for row in self.rows])


def heard(examples: Iterable[Example], *, on_failure: OnFailure) -> Iterator[Heard]:
    """Batches of clips that go through their model together; memory stays constant."""
    held: list[tuple[Example, Windows]] = []
    for example in examples:
        try:
            held.append((example, example.classifier.windows(example.clip)))
        except AuricleError as error:
            on_failure(example.row["id"], error)
        if len(held) == AT_ONCE:
            yield from _alike(held)
            held = []
    yield from _alike(held)


def _alike(held: list[tuple[Example, Windows]]) -> Iterator[Heard]:
    kinds: dict[tuple[int, tuple[int, ...]], list[tuple[Example, Windows]]] = {}
    for example, windows in held:
        kinds.setdefault((id(example.classifier), tuple(windows.samples.shape)), []).append((example, windows))
    for alike in kinds.values():
        yield Heard(alike[0][0].classifier, alike)


def as_example(row: Mapping[str, Any], clip: Clip, classifier: Classifier) -> Example:
    """An example of your own; the row has at least ``id`` and ``actual``."""
    missing = [each for each in ("id", "actual") if each not in row]
    if missing:
        raise AuricleError(f"the row of {clip.name} has no {' and no '.join(missing)}; give it the clip's true class")
    return Example(row, clip, classifier)


def _is_bare(folder: Path) -> bool:
    """Whether a folder holds a classifier that nobody has tested."""
    return (folder / "classifier.json").exists() and not (folder / FILE).exists()


def _task(dataset: Dataset, classifier: Classifier) -> str:
    """The label column whose classes the model knows."""
    fitting = [task for task, classes in dataset.classes.items() if set(classes) <= set(classifier.labels)]
    if len(fitting) == 1:
        return fitting[0]
    why = "has no labels that it knows" if not fitting else f"has several labels that fit: {', '.join(fitting)}"
    raise AuricleError(
        f"{classifier.name} says {', '.join(classifier.labels[:12])}, and {dataset.name} {why}; say with --task which "
        f"of {', '.join(dataset.classes)} is meant, or give the model's own data"
    )


def _with_actual(dataset: Dataset, task: str) -> pa.Table:
    """The data set's table with the column ``actual``, as predictions have it; clips without a label are left out."""
    import pyarrow.compute as pc

    dataset.classes_of(task)
    table = dataset.table
    if "actual" in table.column_names:
        raise AuricleError(f'{dataset.name} has a column called "actual" of its own; rename it')
    table = table.append_column("actual", table[task])
    return table.filter(pc.is_valid(table["actual"]))
