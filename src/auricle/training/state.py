"""Where a training stands after an epoch: enough to go on to the same result, written whole or not at all."""

from __future__ import annotations

import os
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from auricle.errors import AuricleError


@dataclass(frozen=True)
class Epoch:
    """One line of the history: losses, accuracies (of clips, or of single labels), learning rate at its end."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validate_loss: float | None
    validate_accuracy: float | None
    learning_rate: float
    seconds: float
    waited_seconds: float
    """Of these, how many the training waited for data."""


@dataclass(kw_only=True)
class State:
    """All that the next epoch depends on; draws are derived from seed and epoch, so no generator is kept."""

    identity: str
    """Of recipe, data, split and seed: a state is never taken up by another training."""
    threads: int
    """Sums depend on how many threads make them, so a resumed training uses as many."""
    history: list[Epoch] = field(default_factory=list)
    network: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    best_epoch: int = -1
    finished: bool = False

    def write(self, path: Path) -> None:
        """Replace what ``path`` holds."""
        unfinished = path.with_name(path.name + ".unfinished")
        values = {**vars(self), "history": [asdict(each) for each in self.history]}
        try:
            with open(unfinished, "wb") as file:
                torch.save(values, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except (OSError, RuntimeError) as error:  # PyTorch's writer raises RuntimeError where the disk is full
            raise unwritten(path.parent, error) from error


def unwritten(folder: Path, error: Exception) -> AuricleError:
    """What to say when the results of an epoch could not be written."""
    cause = error if isinstance(error, OSError) else error.__context__
    reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else "the disk may be full"
    return AuricleError(
        f"the training could not be written to {folder} ({reason}); free some space, and the same command goes on from "
        "the last whole epoch"
    )


def read_state(path: Path, identity: str | None = None) -> State | None:
    """The state of a training, if there is one; only tensors and plain values are read, no code is run.

    Raises `AuricleError` for a damaged state, and for one of another training than ``identity``.
    """
    if not path.exists():
        return None
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        found = State(**{**values, "history": [Epoch(**each) for each in values["history"]]})
    except (RuntimeError, OSError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise AuricleError(f"{path} is damaged ({type(error).__name__}); delete it to train anew") from error
    if identity is not None and found.identity != identity:
        raise AuricleError(
            f"{path.parent} holds another training (of other recipe, data, split or seed); choose another --out, or "
            "delete the folder"
        )
    return found
