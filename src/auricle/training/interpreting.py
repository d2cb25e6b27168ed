"""Training an interpreter on the clips of a data set, as windows of samples from the feature store."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.datasets import Dataset
from auricle.errors import AuricleError, nearest
from auricle.evaluation.tested import Choice, choose_clips
from auricle.files import cache_folder
from auricle.interpreters.base import CARD, WEIGHTS, Interpreter, InterpreterSettings, subject_of
from auricle.interpreters.fitting import STATE, finished, fit
from auricle.interpreters.opening import load_interpreter
from auricle.interpreters.presets import PRESETS, kind_and_settings
from auricle.models import load_classifier
from auricle.training.batches import Batches
from auricle.training.features import FeatureStore, Stored

HELD_OUT = 0.1
"""Share of the training clips that chooses the epoch, where the data set keeps none for that."""

Watch = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class InterpreterOrder:
    """What is to be trained: a kind of interpreter with its settings, for a model, on the clips that trained it.

    kind: also a preset, over which ``settings`` are laid. data, task, scheme and fold are those of the model's own
    training unless they are given. dictionary: a folder, for kinds that speak in one. seconds: length of the windows,
    for a model that hears clips as long as they are.
    """

    kind: str
    model: str
    settings: dict[str, Any] = field(default_factory=dict)
    data: str | None = None
    task: str | None = None
    scheme: str | None = None
    fold: str | None = None
    dictionary: Path | None = None
    seconds: float | None = None
    seed: int = 0
    device: str = "auto"

    def built(self) -> InterpreterSettings:
        """The settings, checked; text such as a command line gives is understood."""
        kind, preset = kind_and_settings(self.kind)
        given = {**preset, **self.settings}
        known = [each.name for each in dataclasses.fields(kind.Settings)]
        for key in given:
            if key not in known:
                raise AuricleError(f'{kind.kind} has no setting "{key}"; {nearest(key, known)}')
        if isinstance(given.get("layers"), str):
            given["layers"] = tuple(each.strip() for each in given["layers"].split(",") if each.strip())
        return kind.Settings(**given)


def train_interpreter(
    order: InterpreterOrder,
    out: Path,
    *,
    watch: Watch = lambda what, done, of: None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> Interpreter:
    """Train an interpreter and save it to ``out``; interrupted, the same order goes on from the last whole epoch.

    It learns from the clips that trained the model, and the epoch is chosen on those that chose the model's own (or on
    a tenth of the training clips): the test clips stay unheard. What the same order has trained already is read from
    ``out``. Raises `AuricleError` where no clip could be heard, and where ``out`` holds what another order trained.
    """
    (kind, _), settings = kind_and_settings(order.kind), order.built()
    classifier = _classifier(order)
    choice = choose_clips(
        order.model, data=order.data, task=order.task, scheme=order.scheme, fold=order.fold, classifier=classifier
    )
    learn, choose = _parts(order, choice)
    hearing = _at_one_length(order, classifier)
    assert hearing.length.seconds is not None
    samples = round(hearing.length.seconds * hearing.sample_rate)
    subject = subject_of(classifier, settings.layers, reads=kind.reads, n=samples)
    # First weights are drawn, and must not depend on what was drawn before.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(order.seed)
        made = kind(subject, settings)
    numbers = np.concatenate([learn, choose])
    dataset = choice.dataset.take(numbers)
    store, stored = _stored(hearing, dataset, watch)
    if not stored.count[: len(learn)].any():
        raise AuricleError(
            f"no training clip of {choice.dataset.name} could be heard; the first said: "
            f"{next(iter(stored.failures.values()), 'there are none')}"
        )
    identity = _identity(made, order, choice, hearing.length.seconds, stored)
    if is_trained(out):
        return _trained(out, identity)
    if not (out / STATE).exists():
        made.prepare(
            _labelled(dataset, choice.task, len(learn), order.seed, watch), dictionary=order.dictionary
        )
    targets = np.zeros(len(dataset), np.int64)
    learning = Batches(store, stored, np.arange(len(learn)), targets, batch=settings.batch, seed=order.seed)
    choosing = Batches(
        store, stored, np.arange(len(learn), len(numbers)), targets, batch=settings.batch, seed=None
    )
    fit(
        made,
        classifier,
        learning,
        choosing,
        seed=order.seed,
        out=out,
        identity=json.dumps(identity, sort_keys=True),
        on_step=lambda epoch, done, of: watch(f"epoch {epoch + 1} of {settings.epochs}", done, of),
        on_epoch=on_epoch,
    )
    made.facts |= {
        "identity": identity,
        "model_path": order.model,
        "data": choice.data,
        "task": choice.task,
        "split": choice.split,
        "scheme": order.scheme,
        "fold": order.fold,
        "clips": {"train": len(learn), "validate": len(choose)},
        "left_out": len(stored.failures),
        "left_out_because": next(iter(stored.failures.values()), None),
        "seed": order.seed,
        "device": str(classifier.device),
        "seconds": round(sum(row["seconds"] for row in made.history), 1),
        "parameters": sum(each.numel() for each in made.parameters()),
        "preset": order.kind if order.kind in PRESETS else None,
    }
    made.save(out)
    finished(out)
    return made


def is_trained(out: Path) -> bool:
    """Whether a folder holds an interpreter whose training is finished."""
    return (out / CARD).is_file() and (out / WEIGHTS).is_file()


def _trained(out: Path, identity: dict[str, Any]) -> Interpreter:
    """The interpreter of a finished training; raises `AuricleError` unless it is this one."""
    found = load_interpreter(out)
    before = found.facts.get("identity", {})
    if before != identity:
        differing = [key for key in identity if before.get(key) != identity[key]]
        if "kind" in differing:  # whose settings are others, too
            differing = ["kind"]
        raise AuricleError(
            f"{out} holds the interpreter of another training (it differs in {', '.join(differing)}); choose another "
            "--out, or delete the folder"
        )
    finished(out)
    return found


def _classifier(order: InterpreterOrder) -> Classifier:
    if order.device not in ("auto", "cpu", "cuda"):
        raise AuricleError(f'"{order.device}" is no device; write --device auto, cpu or cuda')
    found = torch.cuda.is_available()
    if order.device == "cuda" and not found:
        raise AuricleError("PyTorch finds no CUDA device here; leave --device out to train on the CPU")
    classifier = load_classifier(order.model)
    classifier.network.to("cuda" if found and order.device != "cpu" else "cpu")
    return classifier


def _at_one_length(order: InterpreterOrder, classifier: Classifier) -> Classifier:
    """The classifier as it hears training windows, all of one length. It is explained as it is, so its own one stays.

    One that is never given silence (``pad="none"``) is not given any here: clips that are shorter than a window are
    left out, and longer ones are cut into windows that lie within them.
    """
    own, asked = classifier.length.seconds, order.seconds
    if asked is not None and asked <= 0:
        raise AuricleError(f"windows of {asked:g} s hold nothing; give a longer --seconds")
    if own is None and asked is None:
        raise AuricleError(
            f"{classifier.name} hears clips of any length; say at which length its interpreter learns, as "
            "--seconds 2. It explains any length afterwards"
        )
    if own is not None and asked not in (None, own) and classifier.length.pad != "none":
        raise AuricleError(f"{classifier.name} hears {own:g} s, not {asked:g} s; leave --seconds out")
    if own is not None and asked is not None and asked > own:
        raise AuricleError(f"{classifier.name} hears at most {own:g} s, not {asked:g} s; give a shorter --seconds")
    hearing = copy.copy(classifier)
    hearing.length = replace(classifier.length, seconds=asked or own)
    return hearing


def _parts(order: InterpreterOrder, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, and rows to choose the epoch by."""
    if choice.scheme is None:
        learn, choose = np.asarray(choice.numbers), np.zeros(0, np.int64)
    else:
        train = choose_clips(
            order.model, data=order.data, task=order.task, scheme=order.scheme, fold=order.fold, part="train",
            classifier=choice.classifier,
        )  # fmt: skip
        learn, choose = np.asarray(train.numbers), np.asarray(choice.validate)
    if not len(choose):
        mixed = np.random.default_rng(order.seed).permutation(learn)
        count = round(HELD_OUT * len(learn))
        choose, learn = np.sort(mixed[:count]), np.sort(mixed[count:])
    return learn, choose


def _stored(classifier: Classifier, dataset: Dataset, watch: Watch) -> tuple[FeatureStore, Stored]:
    store = FeatureStore(cache_folder() / "features", classifier, samples=True)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        watch("hearing clips", done, len(dataset))

    return store, store.prepare(dataset, on_step=step)


def _labelled(
    dataset: Dataset, task: str, count: int, seed: int, watch: Watch
) -> Iterator[tuple[Clip, tuple[str, ...]]]:
    """The first ``count`` clips with their labels, in drawn order; those that cannot be heard are left out."""
    for done, number in enumerate(np.random.default_rng(seed).permutation(count).tolist()):
        watch("preparing", done + 1, count)
        row = dataset.row(number)
        said = row[task]
        try:
            yield dataset.load(row), tuple(said) if isinstance(said, list) else (str(said),)
        except AuricleError:
            continue


def _identity(
    made: Interpreter, order: InterpreterOrder, choice: Choice, seconds: float, stored: Stored
) -> dict[str, Any]:
    """What makes a training this one, as plain values: what was asked, the model, the sounds in their order."""
    contents = hashlib.sha256("".join(stored.content).encode()).hexdigest()[:16]
    asked = {
        **dataclasses.asdict(made.settings),
        "kind": made.kind,
        "model": made.subject.weights,
        "layers": made.subject.layers,
        "task": choice.task,
        "seconds": seconds,
        "seed": order.seed,
        "dictionary": None if order.dictionary is None else str(order.dictionary),
        "clips": contents,
    }
    plain: dict[str, Any] = json.loads(json.dumps(asked))
    return plain
