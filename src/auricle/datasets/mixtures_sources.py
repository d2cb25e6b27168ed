"""What mixtures are made of: recordings of one or several data sets, by label and by part, never in two parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from auricle.datasets.dataset import Dataset
from auricle.datasets.splits import Split, splits
from auricle.errors import AuricleError, nearest

PARTS = ("train", "validate", "test")
SHARES = "holdout:70/10/20"
"""How recordings without a published split are shared out: by group where they have one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Recording:
    """One recording of a label: mono samples ``[n]`` (float64) at the corpus's rate, and ``data set/id``."""

    samples: np.ndarray
    name: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Ingredients:
    """``labels`` in the order of a network's outputs, ``rate`` in hertz, and the recordings of each label and part."""

    labels: tuple[str, ...]
    rate: int
    datasets: tuple[Dataset, ...]
    schemes: tuple[str, ...]
    """How each data set's recordings were shared out."""
    of: dict[str, int]
    """By label, which data set it is from."""
    pools: dict[tuple[str, str], np.ndarray]
    """Row numbers, by label and part."""
    seed: int
    _drawn: Counter[tuple[str, str]] = field(default_factory=Counter)

    def draw(self, label: str, part: str) -> Recording:
        """The next recording of a label in a part: each once in a seeded order, then all again in another."""
        pool, drawn = self.pools[label, part], self._drawn[label, part]
        self._drawn[label, part] += 1
        turn, place = divmod(drawn, len(pool))
        order = np.random.default_rng([self.seed, self.labels.index(label), PARTS.index(part), turn]).permutation(pool)
        dataset = self.datasets[self.of[label]]
        clip = dataset.load(int(order[place]))
        name = f"{dataset.name}/{clip.name}"
        samples = clip.mono(self.rate).astype(np.float64)
        if not samples.any():
            raise AuricleError(f"{name} is silent and cannot be mixed; take it out of the data set")
        return Recording(samples=samples, name=name)


def ingredients(sources: Sequence[str | Path], labels: Sequence[str] = (), seed: int = 0) -> Ingredients:
    """Recordings of the data sets ``sources``, as `open_dataset` takes them, of ``labels`` (all unless told).

    Of each data set the first task counts that has one of the labels. Its published split is taken where there is
    one, else 70 / 10 / 20 % of its groups or clips are drawn by the seed. The rate is the lowest of the data sets'
    (of the first recording of each). Raises `AuricleError` for labels that nobody has, or two data sets.
    """
    from auricle.datasets.catalogue import open_dataset

    if not sources:
        raise AuricleError("mixtures are made of recordings; name a data set of them, as --from fsdd:FOLDER")
    twice = next((each for each in labels if list(labels).count(each) > 1), None)
    if twice is not None:
        raise AuricleError(f'the label "{twice}" is asked for twice; name each once')
    opened = [open_dataset(each) for each in sources]
    tasks = [_task(each, labels) for each in opened]
    opened = [dataset.labelled(task) for dataset, task in zip(opened, tasks, strict=True)]
    of: dict[str, int] = {}
    for number, (dataset, task) in enumerate(zip(opened, tasks, strict=True)):
        for label in dataset.classes_of(task):
            if (not labels or label in labels) and label in of:
                raise AuricleError(
                    f'{opened[of[label]].name} and {dataset.name} both have the label "{label}"; leave one of them out'
                )
            if ";" in label:
                raise AuricleError(f'the label "{label}" holds a ";", which stands between labels; rename it')
            of[label] = number
    unknown = next((each for each in labels if each not in of), None)
    if unknown is not None:
        raise AuricleError(f'none of the data sets has the label "{unknown}"; {nearest(unknown, of)}')
    chosen = tuple(labels) or tuple(of)
    shared = [_parts(dataset, task, seed) for dataset, task in zip(opened, tasks, strict=True)]
    pools = {}
    for label in chosen:
        dataset, task = opened[of[label]], tasks[of[label]]
        mine = np.array(dataset.column(task), object) == label
        for part in PARTS:
            numbers: np.ndarray = getattr(shared[of[label]], part)
            pools[label, part] = numbers[mine[numbers]]
            if not len(pools[label, part]):
                raise AuricleError(f'{dataset.name} has no "{label}" to {part} with; add recordings of it, or leave it')
    return Ingredients(
        labels=chosen,
        rate=min(each.load(0).sample_rate for each in opened),
        datasets=tuple(opened),
        schemes=tuple(each.name for each in shared),
        of={label: of[label] for label in chosen},
        pools=pools,
        seed=seed,
    )


def _task(dataset: Dataset, labels: Sequence[str]) -> str:
    """The first task that has one of the labels; the first of all where none are named."""
    tasks = [each for each in dataset.classes if not dataset.is_multi_label(each)]
    if not tasks:
        raise AuricleError(f"clips of {dataset.name} have several labels, so it is not known which sound is which")
    asked = [each for each in tasks if not labels or set(labels) & set(dataset.classes_of(each))]
    if not asked:
        known = [label for task in tasks for label in dataset.classes_of(task)]
        raise AuricleError(f"{dataset.name} has none of the labels {', '.join(labels)}; {nearest(labels[0], known)}")
    return asked[0]


def _parts(dataset: Dataset, task: str, seed: int) -> Split:
    """The first published split (of the data set's own, or by its columns), else one that is drawn."""
    columns = {"split": "split", "folds": "fold"}
    known = [name for name, column in columns.items() if column in dataset.table.column_names]
    labelled = [*dataset.schemes, *known, SHARES]
    return splits(dataset, labelled[0], task, seed=seed)[0]
