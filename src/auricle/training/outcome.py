"""From a recipe and a data set to a folder: a classifier that `auricle explain --model` takes, with its evaluation."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from auricle._version import __version__
from auricle.classifier import Classifier
from auricle.datasets import Dataset, Split, open_dataset, splits, table_of
from auricle.errors import AuricleError
from auricle.evaluation.predictions import Failure, predictions_table
from auricle.evaluation.scores import Evaluation
from auricle.evaluation.write import write_evaluation
from auricle.evaluation.writing import csv_bytes
from auricle.files import write_whole
from auricle.training.card import card_of, write_card
from auricle.training.features import FeatureStore, Stored
from auricle.training.recipe import Recipe
from auricle.training.train import Explaining, Trained, Watch, features_of, settle, train, unwatched


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be trained: a recipe on a data set (as `open_dataset` takes it), with one seed."""

    recipe: Recipe
    data: str
    seed: int = 0
    device: str = "auto"
    allow_leakage: bool = False

    def subjects(self) -> list[Subject]:
        """The data set with each of its splits by the recipe's scheme."""
        recipe = self.recipe
        dataset = open_dataset(self.data).labelled(recipe.task)
        found = splits(dataset, recipe.split, recipe.task, seed=self.seed, allow_leakage=self.allow_leakage)
        return [Subject(dataset, split) for split in found]


@dataclass(frozen=True, eq=False)
class Subject:
    """A data set and one way to split it."""

    dataset: Dataset
    split: Split


def train_folder(
    order: Order, subject: Subject, out: Path, *, watch: Watch = unwatched, explaining: Explaining | None = None
) -> tuple[Evaluation, dict[str, str]]:
    """Train, evaluate on the test part and write everything to ``out``, the card last; see docs/train-a-model.md.

    Returns the evaluation, and the clips that could not be heard with the reason. Raises `AuricleError` as `train`.
    """
    recipe, dataset, split = order.recipe, subject.dataset, subject.split
    trained = train(
        recipe, dataset, split, out, seed=order.seed, device=order.device, watch=watch, explaining=explaining
    )
    settle(trained, out)
    store, stored = features_of(recipe, trained.classifier, dataset, split)
    test = np.array([number for number in split.test if stored.count[number]], np.int64)
    if not len(test):
        raise AuricleError(f"no test clip of {split.name} could be heard; the first said: {_first(stored)}")
    logits = stored_logits(trained.classifier, store, stored, test)
    write_whole(out / "recipe.yaml", recipe.as_yaml().encode())
    write_whole(out / "run.json", (json.dumps(_run(order, subject, trained), indent=2) + "\n").encode())
    write_whole(out / "history.csv", csv_bytes(table_of([asdict(each) for each in trained.history])))
    table = predictions_table(dataset, test, recipe.task, logits, split=split.name, data=order.data, model=recipe.name)
    failures = [Failure(name, why) for name, why in trained.failures.items()]
    evaluation = write_evaluation(out, table, failures=failures)
    write_card(out, card_of(order, subject, trained, evaluation))
    return evaluation, trained.failures


def stored_logits(
    classifier: Classifier, store: FeatureStore, stored: Stored, numbers: np.ndarray, *, batch: int = 64
) -> np.ndarray:
    """Logits ``[N, C]`` of clips from their stored features, the mean over a clip's windows."""
    rows = np.concatenate([stored.first[n] + np.arange(stored.count[n]) for n in numbers])
    owner = np.repeat(np.arange(len(numbers)), stored.count[numbers])
    total = np.zeros((len(numbers), len(classifier.labels)))
    with torch.inference_mode(), classifier.inference():
        for start in range(0, len(rows), batch):
            inputs = store.read(rows[start : start + batch]).to(classifier.device)
            features = classifier.frontend(inputs) if store.keeps_samples else inputs
            logits = classifier.logits_from_features(features).double().cpu().numpy()
            np.add.at(total, owner[start : start + batch], logits)
    return total / stored.count[numbers][:, None]


def _run(order: Order, subject: Subject, trained: Trained) -> dict[str, Any]:
    """What the model came from, as plain values."""
    recipe, dataset, split = order.recipe, subject.dataset, subject.split
    return {
        "recipe": recipe.name,
        "data": os.fspath(order.data),
        "data_name": dataset.name,
        "task": recipe.task,
        "split": split.name,
        "scheme": recipe.split,
        "group": dataset.group,
        "multi_label": dataset.is_multi_label(recipe.task),
        "labels": list(dataset.classes_of(recipe.task)),
        "clips": {"train": len(split.train), "validate": len(split.validate), "test": len(split.test)},
        "validation_shares_groups": split.shared,
        "test_shares_groups": split.known_groups,
        "seed": order.seed,
        "best_epoch": trained.best_epoch,
        "threads": torch.get_num_threads(),
        "versions": {
            "auricle": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "lightning", "numpy", "librosa")},
        },
    }


def _first(stored: Stored) -> str:
    return next(iter(stored.failures.values()), "the split tests nothing")
