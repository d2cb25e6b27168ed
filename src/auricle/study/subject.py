"""What is studied: the clips, each with the model that hears it, and the clips that settings are tuned on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.datasets import Dataset
from auricle.errors import AuricleError
from auricle.evaluation.clips import homes_of
from auricle.evaluation.tested import Choice, choose_clips
from auricle.length import Length
from auricle.models.hashing import weights_hash
from auricle.study.config import StudyConfig
from auricle.study.models import open_model
from auricle.study.naming import clip_key, digest

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class Heard:
    """The clips that one model hears, in windows of ``length``: rows of the data set to judge by, and to tune on."""

    model: str
    weights: str
    length: Length
    numbers: np.ndarray
    tuning: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """Everything a study is about. ``parts`` has one model, or one for each fold of a `kfold` folder."""

    dataset: Dataset
    task: str
    labels: tuple[str, ...]
    multi_label: bool
    parts: tuple[Heard, ...]
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many clips are judged by."""
        return sum(len(part.numbers) for part in self.parts)

    def blocks(self, size: int) -> list[Block]:
        """The clips in shards of at most ``size``, each heard by one model."""
        found: list[Block] = []
        position = 0
        for place, part in enumerate(self.parts):
            for start in range(0, len(part.numbers), size):
                numbers = tuple(int(each) for each in part.numbers[start : start + size])
                found.append(Block(len(found), place, numbers, position))
                position += len(numbers)
        return found

    def table(self, size: int) -> pa.Table:
        """One row a clip that is judged: its id and key, its block, and the data set's own columns."""
        import pyarrow as pa

        blocks = self.blocks(size)
        numbers = [number for block in blocks for number in block.numbers]
        rows = self.dataset.table.take(pa.array(numbers, pa.int64()))
        made: dict[str, Any] = {
            "id": rows["id"],
            "key": pa.array([clip_key(str(each)) for each in rows["id"].to_pylist()]),
            "block": pa.array([block.number for block in blocks for _ in block.numbers], pa.int64()),
            "model": pa.array([self.parts[block.part].model for block in blocks for _ in block.numbers]),
            "label": rows[self.task],
        }
        if self.dataset.group is not None:
            made["group"] = rows[self.dataset.group].cast(pa.string())
        made |= {name: rows[name] for name in rows.column_names if name not in made}
        return pa.table(made)

    def hash_of(self, numbers: Sequence[int]) -> str:
        """What identifies these clips: ids, labels, groups, and what their files hold."""
        rows = [self.dataset.row(number) for number in numbers]
        group = self.dataset.group
        return digest(
            [
                [
                    str(row["id"]),
                    row[self.task],
                    row[group] if group else None,
                    _content(self.dataset.root, row["path"]),
                ]
                for row in rows
            ]
        )


@dataclass(frozen=True)
class Block:
    """The rows of one shard, the place of their model among the parts, and the place of the first among all clips."""

    number: int
    part: int
    numbers: tuple[int, ...]
    first: int


def open_subject(config: StudyConfig) -> Subject:
    """The clips and models that a config names; raises `AuricleError` where they do not fit each other."""
    parts, choices = [], _choices(config)
    notes: list[str] = []
    for method in config.method_plan().values():
        for _, choice in choices:
            method.check(choice.classifier)
    for (model, choice), numbers in zip(choices, _judged([choice for _, choice in choices], config), strict=True):
        tuning, note = _tuning(choice, numbers, config, share=len(choices))
        unsaid = _unsaid(choice, config)
        notes += [each for each in (unsaid, note) if each and each not in notes]
        parts.append(Heard(model, weights_hash(choice.classifier), choice.classifier.length, numbers, tuning))
    if config.clips.limit is not None:
        parts = _first(parts, config.clips.limit)
    first = choices[0][1]
    return Subject(
        dataset=first.dataset,
        task=first.task,
        labels=first.classifier.labels,
        multi_label=first.classifier.multi_label,
        parts=tuple(parts),
        notes=tuple(notes),
    )


def models_of(model: str) -> list[str]:
    """The model itself, or the folds of a `kfold` folder."""
    homes = homes_of(Path(model)) if Path(model).is_dir() else {}
    return [model] if None in homes or not homes else [str(each) for each in homes.values()]


def _choices(config: StudyConfig) -> list[tuple[str, Choice]]:
    """The folder's own model, or one for each of its folds."""
    models = models_of(config.model)
    if models != [config.model] and (config.clips.split or config.clips.fold):
        raise AuricleError(f"{config.model} holds {len(models)} folds, each with its own split; leave clips.split out")
    scheme = None if config.clips.part == "all" else config.clips.split
    part = "test" if config.clips.part == "all" else config.clips.part
    found = []
    for model in models:
        choice = choose_clips(
            model,
            data=config.data,
            task=config.task,
            scheme=scheme,
            fold=config.clips.fold,
            part=part,
            classifier=open_model(model),
        )
        found.append((model, choice))
    return found


def _unsaid(choice: Choice, config: StudyConfig) -> str:
    """What to say where nobody knows which clips a model was trained on."""
    if choice.scheme is not None or config.clips.part == "all":
        return ""
    return (
        f"{choice.name} does not say which clips of {choice.dataset.name} it was trained on, so all were taken; "
        "of clips that it knows, it may speak better than of new ones (clips.split chooses)"
    )


def _judged(choices: list[Choice], config: StudyConfig) -> list[np.ndarray]:
    """The rows to judge by, of each model; ``per_class`` counts over all of them."""
    chosen = [_chosen(choice, config) for choice in choices]
    if config.clips.per_class is None:
        return chosen
    places = np.repeat(np.arange(len(chosen)), [len(each) for each in chosen])
    numbers = np.concatenate(chosen)  # of one data set: the folds of a model share it
    kept = _of_each_class(choices[0], numbers, config.clips.per_class, seed=config.seed)
    return [numbers[(places == place) & np.isin(numbers, kept)] for place in range(len(chosen))]


def _chosen(choice: Choice, config: StudyConfig) -> np.ndarray:
    """The rows to judge by, in the data set's order."""
    numbers = np.arange(len(choice.dataset)) if config.clips.part == "all" else np.asarray(choice.numbers)
    labelled = np.array([choice.dataset.row(int(each))[choice.task] is not None for each in numbers], bool)
    numbers = np.sort(numbers[labelled])
    if config.clips.where:
        ids = set(choice.dataset.take(numbers).filter(**config.clips.where).column("id"))
        known = choice.dataset.column("id")
        numbers = np.array([each for each in numbers if known[each] in ids], np.int64)
    if not len(numbers):
        raise AuricleError(f"no clip of {choice.dataset.name} is left to study; correct the keys of clips")
    return numbers


def _of_each_class(choice: Choice, numbers: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """At most ``count`` rows of each class, drawn; in order. A clip of several labels counts for its first."""
    drawn = np.random.default_rng(seed).permutation(numbers)
    taken: dict[str, int] = {}
    kept = []
    for number in drawn:
        label = choice.dataset.row(int(number))[choice.task]
        label = (label[0] if label else "") if isinstance(label, list) else label
        taken[label] = taken.get(label, 0) + 1
        if taken[label] <= count:
            kept.append(number)
    return np.sort(np.array(kept, np.int64))


def _tuning(choice: Choice, numbers: np.ndarray, config: StudyConfig, *, share: int) -> tuple[np.ndarray, str]:
    """Rows to tune on: of the split's validation part, else rows that are not judged by, else the judged ones.

    Of several folds each gives its ``share``.
    """
    tune = config.regions.tune
    if tune is None and config.regions.optimise is None:
        return np.zeros(0, np.int64), ""
    wanted = max(-(-(30 if tune is None else tune.clips) // share), 2)
    note = ""
    pool = np.setdiff1d(np.asarray(choice.validate), numbers)
    if not len(pool):
        pool = np.setdiff1d(np.arange(len(choice.dataset)), numbers)
    if choice.scheme is not None and not len(choice.validate) and len(pool):
        note = "regions were tuned on clips that the model was trained on, because its split has no validation part"
    if len(pool) < 2:
        pool, note = numbers, "regions were tuned on the clips that they are judged by, because there are no others"
    pool = np.array([each for each in pool if choice.dataset.row(int(each))[choice.task] is not None], np.int64)
    classes = max(len(choice.dataset.classes_of(choice.task)), 1)
    drawn = _of_each_class(choice, pool, -(-wanted // classes), seed=config.seed + 1)
    generator = np.random.default_rng(config.seed + 2)
    return np.sort(generator.permutation(drawn)[:wanted]), note


def _first(parts: list[Heard], limit: int) -> list[Heard]:
    """``limit`` clips, evenly over the data set (often sorted by class); of several folds as many of each as can be."""
    shares = [limit // len(parts) + (place < limit % len(parts)) for place in range(len(parts))]
    return [
        replace(part, numbers=part.numbers[_spread(len(part.numbers), share)])
        for part, share in zip(parts, shares, strict=True)
        if share
    ]


def _spread(total: int, count: int) -> np.ndarray:
    """Places of at most ``count`` of ``total``, evenly apart.

    >>> _spread(10, 3).tolist(), _spread(2, 3).tolist()
    ([0, 3, 6], [0, 1])
    """
    return np.arange(total) if count >= total else np.arange(count) * total // count


def _content(root: Path, name: Any) -> str | None:
    """A hash of what a file holds; None where the sound is no file of its own."""
    path = root / str(name)
    try:
        found = path.stat()
        return _hash(path, found.st_size, found.st_mtime_ns) if path.is_file() else None
    except OSError:
        return None


@cache
def _hash(path: Path, size: int, changed: int) -> str:
    """Of a file; once for all clips that are cut from it, unless it changes."""
    del size, changed
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
