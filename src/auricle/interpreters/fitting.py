"""Training an interpreter: the epoch kept is the best on validation clips, and an interrupted training goes on."""

from __future__ import annotations

import math
import os
import pickle
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.interpreters.base import Interpreter
from auricle.interpreters.heard import hear

STATE = "training-state.pt"
"""Where an unfinished training keeps what the next epoch needs."""


class Batches(Protocol):
    """Windows of samples ``[B, n]`` with anything beside them, in an order that follows from ``epoch``."""

    epoch: int

    def __len__(self) -> int: ...

    def __iter__(self) -> Any: ...


@dataclass
class _State:
    identity: str
    history: list[dict[str, float]] = field(default_factory=list)
    network: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    best_epoch: int = -1
    facts: dict[str, Any] = field(default_factory=dict)
    """What was prepared before the first epoch, such as a dictionary's card."""


def fit(
    interpreter: Interpreter,
    classifier: Classifier,
    learning: Batches,
    choosing: Batches,
    *,
    seed: int = 0,
    out: Path | None = None,
    identity: str = "",
    on_step: Callable[[int, int, int], None] | None = None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> Interpreter:
    """Train it on batches of windows, and keep the epoch whose loss on ``choosing`` is least (without any, the last).

    The classifier is frozen. out: folder in which the state is kept after each epoch; the same call goes on from there,
    with the same result on a CPU. identity: what makes this training this one. on_step is told of (epoch, step,
    steps), on_epoch of each row of the history. Raises `AuricleError` where the loss is no longer a number.
    """
    if not len(learning):
        raise AuricleError("there are no clips to train an interpreter on; choose another part or data set")
    settings = interpreter.settings
    interpreter.to(classifier.device, classifier.dtype)
    optimiser = torch.optim.Adam(
        [each for each in interpreter.parameters() if each.requires_grad],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    state = _read(out, identity) or _State(identity, facts=dict(interpreter.facts))
    if state.network:
        interpreter.facts |= state.facts
        interpreter.load_state_dict(state.network)
        optimiser.load_state_dict(state.optimiser)
    asked = [(each, each.requires_grad) for each in classifier.network.parameters()]
    try:
        for parameter, _ in asked:
            parameter.requires_grad_(False)
        for epoch in range(len(state.history), settings.epochs):
            begun = time.perf_counter()
            learnt = _learn(interpreter, classifier, learning, optimiser, epoch, seed, on_step)
            told = _choose(interpreter, classifier, choosing, epoch, seed) if len(choosing) else {}
            row = {"epoch": epoch, **learnt, **told, "seconds": time.perf_counter() - begun}
            state.history.append(row)
            state.network = _copied(interpreter)
            state.optimiser = optimiser.state_dict()
            best = state.history[state.best_epoch]["validate_loss"] if state.best_epoch >= 0 and told else math.inf
            if not told or told["validate_loss"] < best:
                state.best, state.best_epoch = state.network, epoch
            _write(out, state)
            if on_epoch is not None:
                on_epoch(row)
    finally:
        for parameter, wanted in asked:
            parameter.requires_grad_(wanted)
    interpreter.load_state_dict(state.best)
    interpreter.eval()
    interpreter.history = state.history
    interpreter.facts["best_epoch"] = state.best_epoch
    return interpreter


def finished(out: Path) -> None:
    """The interpreter is saved, so its training state is not needed any more."""
    (out / STATE).unlink(missing_ok=True)


def _learn(
    interpreter: Interpreter,
    classifier: Classifier,
    learning: Batches,
    optimiser: torch.optim.Optimizer,
    epoch: int,
    seed: int,
    on_step: Callable[[int, int, int], None] | None,
) -> dict[str, float]:
    interpreter.train()
    learning.epoch = epoch
    totals: dict[str, float] = {}
    clips = 0
    draw = torch.Generator().manual_seed(_seed(seed, epoch, 1))
    with torch.random.fork_rng(), classifier.inference():
        torch.manual_seed(_seed(seed, epoch, 2))  # dropout
        for step, samples in enumerate(_samples(learning)):
            samples = samples.to(classifier.device, classifier.dtype)
            varied = interpreter.varied(samples, draw)
            heard = hear(classifier, varied, interpreter.subject.layers, clean=samples)
            terms = interpreter.terms(heard, draw, epoch)
            loss = torch.stack(list(terms.values())).sum()
            if not torch.isfinite(loss):
                raise AuricleError(
                    f"the loss of epoch {epoch + 1} is {float(loss.detach())}: training diverged; lower learning_rate"
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            clips += len(samples)
            for name, value in terms.items():
                totals[name] = totals.get(name, 0.0) + float(value.detach()) * len(samples)
            if on_step is not None:
                on_step(epoch, step + 1, len(learning))
    return {"loss": sum(totals.values()) / clips, **{name: value / clips for name, value in totals.items()}}


def _choose(
    interpreter: Interpreter, classifier: Classifier, choosing: Batches, epoch: int, seed: int
) -> dict[str, float]:
    """Loss and figures on validation clips, with the same draws after every epoch."""
    interpreter.eval()
    draw = torch.Generator().manual_seed(_seed(seed, 0, 3))
    losses: list[tuple[float, int]] = []
    figures: list[dict[str, Tensor]] = []
    with torch.no_grad(), classifier.inference():
        for samples in _samples(choosing):
            heard = hear(classifier, samples, interpreter.subject.layers, clean=samples)
            terms = interpreter.terms(heard, draw, epoch)
            losses.append((float(torch.stack(list(terms.values())).sum()), len(samples)))
            figures.append(interpreter.figures(heard))
    clips = sum(count for _, count in losses)
    found = {"validate_loss": sum(loss * count for loss, count in losses) / clips}
    for name in figures[0]:
        # A clip of which a figure cannot tell is NaN.
        found[f"validate_{name}"] = float(torch.cat([each[name].float() for each in figures]).nanmean())
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _samples(batches: Iterable[Any]) -> Iterable[Tensor]:
    for batch in batches:
        yield batch[0] if isinstance(batch, tuple | list) else batch


def _seed(seed: int, epoch: int, purpose: int) -> int:
    return int(np.random.SeedSequence([seed, epoch, purpose]).generate_state(1)[0])


def _copied(interpreter: Interpreter) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous().clone() for name, value in interpreter.state_dict().items()}


def _write(out: Path | None, state: _State) -> None:
    if out is None:
        return
    unfinished = out / f"{STATE}.unfinished"
    try:
        out.mkdir(parents=True, exist_ok=True)
        torch.save(asdict(state), unfinished)
        os.replace(unfinished, out / STATE)
    except (OSError, RuntimeError) as error:
        raise AuricleError(f"the training could not be written to {out} ({error}); free some space") from error


def _read(out: Path | None, identity: str) -> _State | None:
    if out is None or not (out / STATE).exists():
        return None
    path = out / STATE
    try:
        found = _State(**torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, OSError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise AuricleError(f"{path} is damaged ({type(error).__name__}); delete it to train anew") from error
    if found.identity != identity:
        raise AuricleError(
            f"{out} holds another unfinished training (of other settings, data or seed); choose another --out, or "
            "delete the folder"
        )
    return found
