"""Training one classifier: prepare features, learn, keep the best epoch, and take up again what was interrupted."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from auricle.classifier import Classifier
from auricle.datasets import Dataset, Split
from auricle.errors import AuricleError
from auricle.files import cache_folder, make_folder
from auricle.models import make_network
from auricle.models.initialising import initialise
from auricle.training.batches import Batches
from auricle.training.features import FeatureStore, Stored
from auricle.training.learner import Learner
from auricle.training.recipe import Recipe, Training
from auricle.training.state import Epoch, State, read_state, unwritten

STATE = "training-state.pt"

Explaining = Callable[[Any], pl.Callback]
"""Makes a callback that explains, of the ``SummaryWriter`` to which the training itself is logged."""

Watch = Callable[[str, int, int], None]
"""Told what is being done (``features`` or ``epoch 3 of 8``), how far it is and of how many steps."""


def unwatched(what: str, done: int, of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained classifier, the history of its training, and the clips that could not be heard."""

    classifier: Classifier
    history: list[Epoch]
    best_epoch: int
    failures: dict[str, str]


def settle(trained: Trained, out: Path) -> None:
    """Save the classifier; the state then keeps only the history, because the weights are beside it."""
    unfinished = out / "model.unfinished"
    try:
        trained.classifier.save(unfinished)
        for name in ("model.safetensors", "classifier.json"):
            os.replace(unfinished / name, out / name)
        unfinished.rmdir()
    except (OSError, SafetensorError) as error:
        raise unwritten(out, error) from error
    state = read_state(out / STATE)
    assert state is not None
    state.best = {}
    state.write(out / STATE)


def untrained(recipe: Recipe, dataset: Dataset, *, seed: int) -> Classifier:
    """The recipe's classifier for the data set's classes, with its initial weights."""
    labels, described = dataset.classes_of(recipe.task), recipe.network
    network = make_network(described.architecture, classes=len(labels), settings=described.settings)
    initialise(network, seed, published=described.initial == "published")
    return Classifier(
        network,
        frontend=recipe.front_end(),
        labels=labels,
        sample_rate=recipe.sample_rate,
        length=recipe.policy(seed),
        multi_label=dataset.is_multi_label(recipe.task),
        name=recipe.name,
    )


def train(
    recipe: Recipe,
    dataset: Dataset,
    split: Split,
    out: Path,
    *,
    seed: int = 0,
    device: str = "auto",
    watch: Watch = unwatched,
    explaining: Explaining | None = None,
) -> Trained:
    """Train on ``split.train``, choose the epoch on ``split.validate``, and keep the state in ``out`` after each epoch.

    ``explaining`` makes a callback that looks on and leaves the training as it is, a `callbacks.ExplainCallback`.
    Called again with the same arguments after any interruption it goes on, and ends with the same weights (bit for bit
    on a CPU). Raises `AuricleError` for clips longer than the recipe allows, and when no clip could be heard.
    """
    classifier = untrained(recipe, dataset, seed=seed)
    _check_layout(recipe, classifier)
    store, stored = features_of(recipe, classifier, dataset, split, watch=watch)
    targets = dataset.targets(recipe.task)
    size = recipe.training.batch
    learning = Batches(store, stored, split.train, targets, batch=size, seed=seed)
    choosing = Batches(store, stored, split.validate, targets, batch=size, seed=None)
    if not len(learning.rows):
        raise AuricleError(f"no training clip of {dataset.name} could be heard; the first said: {_first(stored)}")

    mine = identity(recipe, dataset, split, seed, stored)
    state = read_state(out / STATE, mine) or State(identity=mine, threads=torch.get_num_threads())
    make_folder(out)
    if not state.finished:
        _learn(
            classifier, recipe, learning, choosing, state, out / STATE, seed=seed, device=device, watch=watch,
            explaining=explaining,
        )  # fmt: skip
    if state.best:
        classifier.network.load_state_dict(state.best)
    else:  # saved by `settle`
        if not (out / "model.safetensors").is_file():
            raise AuricleError(f"{out} has lost its model.safetensors; delete the folder to train anew")
        classifier.network.load_state_dict(load_file(out / "model.safetensors"))
    classifier.network.eval()
    ids = dataset.column("id")
    failures = {ids[number]: why for number, why in stored.failures.items()}
    return Trained(classifier, state.history, state.best_epoch, failures)


def features_of(
    recipe: Recipe,
    classifier: Classifier,
    dataset: Dataset,
    split: Split | None = None,
    *,
    watch: Watch = unwatched,
) -> tuple[FeatureStore, Stored]:
    """The stored features of a data set (of the clips of a split, if given), computed where they are missing."""
    store = FeatureStore(cache_folder() / "features", classifier, samples=recipe.augment.of_samples)
    numbers = np.arange(len(dataset))
    if split is not None:
        numbers = np.unique(np.concatenate([split.train, split.validate, split.test]))
    part = dataset.take(numbers)
    if recipe.length.long == "refuse":
        _refuse_long(part, recipe)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        watch("features", done, len(part))

    found = store.prepare(part, on_step=step)
    first, count = np.zeros(len(dataset), np.int64), np.zeros(len(dataset), np.int64)
    first[numbers], count[numbers] = found.first, found.count
    content = [""] * len(dataset)
    for number, each in zip(numbers.tolist(), found.content, strict=True):
        content[number] = each
    return store, Stored(first, count, content, {int(numbers[n]): why for n, why in found.failures.items()})


def _refuse_long(dataset: Dataset, recipe: Recipe) -> None:
    """A clip longer than the recipe's input would silently lose its end."""
    from auricle.clip import duration

    if dataset.sound_of is not None:
        return
    for row in dataset.rows():
        try:
            seconds = row.get("seconds") or duration(dataset.root / row["path"])
        except AuricleError:
            continue  # what cannot be read becomes a failure of its own
        if seconds > recipe.length.seconds + 1e-3:
            raise AuricleError(
                f"{row['id']} is {seconds:.2f} s long, and {recipe.name} hears {recipe.length.seconds:g} s; let it cut "
                "longer clips with --set length.long=centre (or crop), or hear them in pieces with length.long=window"
            )


def _check_layout(recipe: Recipe, classifier: Classifier) -> None:
    layout = getattr(classifier.frontend, "layout", "samples")
    if recipe.augment.of_features and layout not in ("channel", "transposed", "sequence"):
        raise AuricleError(
            f"{recipe.name} stretches or masks maps, and its front-end gives {layout}; leave these settings of "
            "augment out"
        )


def _learn(
    classifier: Classifier,
    recipe: Recipe,
    learning: Batches,
    choosing: Batches,
    state: State,
    path: Path,
    *,
    seed: int,
    device: str,
    watch: Watch,
    explaining: Explaining | None,
) -> None:
    if state.network:
        classifier.network.load_state_dict(state.network)
    torch.set_num_threads(state.threads)
    classifier.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    learner = Learner(
        classifier,
        recipe,
        steps=len(learning),
        seed=seed,
        weights=_class_weights(recipe.training, learning.targets, len(classifier.labels)),
        done=len(state.history),
        optimiser=state.optimiser or None,
    )
    keeping = _Keeping(learner, learning, state, path, recipe.training, watch)
    left = recipe.training.epochs - len(state.history)
    if left > 0 and not keeping.over():
        trainer = _trainer(recipe.training, path.parent / "logs", left, device, keeping, explaining)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Lightning's hints about workers and logging intervals
            try:
                trainer.fit(learner, learning.loader(), choosing.loader() if len(choosing) else None)
            except SystemExit:
                if not keeping.stopped:
                    raise
            finally:
                keeping.board.experiment.close()  # its writer is a thread
        if keeping.stopped:  # on Ctrl-C Lightning would end the process without a word
            raise KeyboardInterrupt
    classifier.network.to(device="cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    state.finished = True
    # What only the next epoch would need is dropped.
    state.network, state.optimiser = {}, {}
    state.write(path)


def _trainer(
    training: Training, logs: Path, epochs: int, device: str, keeping: _Keeping, explaining: Explaining | None
) -> pl.Trainer:
    from lightning.pytorch.loggers import TensorBoardLogger

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    keeping.board = TensorBoardLogger(str(logs), name=None, version="")
    return pl.Trainer(
        max_epochs=epochs,
        accelerator=device,
        devices=1,
        precision=precision_of(training, device),  # type: ignore[arg-type]
        gradient_clip_val=training.clip_gradient,
        logger=False,
        callbacks=[keeping, *([explaining(keeping.board.experiment)] if explaining else [])],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )


def precision_of(training: Training, device: str) -> str:
    """Lightning's name for the precision: bfloat16 where it is asked for, or where ``auto`` finds hardware for it."""
    if training.precision != "auto":
        return {"32": "32-true", "bf16": "bf16-mixed"}[training.precision]
    if device != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    fast = torch.cpu.get_capabilities().get("avx512_bf16") if hasattr(torch.cpu, "get_capabilities") else False
    return "bf16-mixed" if fast else "32-true"


class _Keeping(pl.Callback):
    """Measures each epoch, keeps the best, writes the state, and ends training when it no longer helps."""

    def __init__(
        self, learner: Learner, learning: Batches, state: State, path: Path, training: Training, watch: Watch
    ) -> None:
        self._learner, self._learning, self._state, self._path = learner, learning, state, path
        self._training, self._watch = training, watch
        self._begun = 0.0
        self.board: Any = None
        self.stopped = False

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del trainer, pl_module
        self._learning.epoch = self._learner.epoch
        self._learning.waited = 0.0
        self._begun = time.perf_counter()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *rest: Any) -> None:
        del trainer, pl_module
        number = int(rest[-1]) + 1
        self._watch(f"epoch {self._learner.epoch + 1} of {self._training.epochs}", number, self._learner.steps)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        del trainer, pl_module
        self.stopped = isinstance(exception, KeyboardInterrupt)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del pl_module
        learned, chosen = self._learner.measured("train"), self._learner.measured("validate")
        assert learned is not None
        if not np.isfinite(learned[0]):
            raise AuricleError(
                f"the loss of epoch {self._learner.epoch + 1} is {learned[0]}: training diverged; lower "
                "training.learning_rate, or set training.clip_gradient=1"
            )
        state, optimiser = self._state, trainer.optimizers[0]
        now = Epoch(
            epoch=self._learner.epoch,
            train_loss=learned[0],
            train_accuracy=learned[1],
            validate_loss=chosen[0] if chosen else None,
            validate_accuracy=chosen[1] if chosen else None,
            learning_rate=float(optimiser.param_groups[0]["lr"]),
            seconds=time.perf_counter() - self._begun,
            waited_seconds=self._learning.waited,
        )
        state.history.append(now)
        state.network = _copied(self._learner.network.state_dict())
        state.optimiser = optimiser.state_dict()
        best = state.history[state.best_epoch] if state.best_epoch >= 0 else None
        if best is None or better(now, best, self._training.choose):
            state.best, state.best_epoch = state.network, now.epoch
        state.write(self._path)
        for name, value in vars(now).items():
            if name != "epoch" and value is not None:
                self.board.experiment.add_scalar(name, value, now.epoch)
        self.board.experiment.flush()
        trainer.should_stop = self.over()

    def over(self) -> bool:
        """Whether validation has not become better for as long as the recipe waits."""
        patience, state = self._training.patience, self._state
        return patience is not None and len(state.history) - 1 - state.best_epoch >= patience and bool(state.history)


def better(now: Epoch, best: Epoch, choose: str) -> bool:
    """Whether an epoch replaces the best one; without validation the last one does."""
    if choose == "last" or now.validate_loss is None or best.validate_loss is None:
        return True
    if choose == "accuracy":
        mine, theirs = now.validate_accuracy or 0.0, best.validate_accuracy or 0.0
        return (mine, -now.validate_loss) > (theirs, -best.validate_loss)
    return now.validate_loss < best.validate_loss


def _copied(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach().cpu().contiguous().clone() for key, value in weights.items()}


def _class_weights(training: Training, targets: Tensor, classes: int) -> Tensor | None:
    """Weights under which every class counts as much: of classes, or of the positives of each label."""
    if training.class_weights == "none":
        return None
    if targets.ndim == 2:
        positive = targets.sum(0)
        return (len(targets) - positive) / positive.clamp_min(1)
    counts = torch.bincount(targets, minlength=classes).float()
    return counts.sum() / (classes * counts.clamp_min(1))


def identity(recipe: Recipe, dataset: Dataset, split: Split, seed: int, stored: Stored) -> str:
    """What makes a training and its test these and no others: recipe, classes, seed; clips, their labels and sound."""
    clips = list(zip(dataset.column("id"), dataset.column(recipe.task), stored.content, strict=True))
    decides = recipe.model_dump(mode="json", exclude={"summary", "source"}, exclude_defaults=True)
    parts: list[Any] = [decides, seed, list(dataset.classes_of(recipe.task))]
    parts += [[clips[number] for number in part] for part in (split.train, split.validate, split.test)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _first(stored: Stored) -> str:
    return next(iter(stored.failures.values()), "the split is empty")
