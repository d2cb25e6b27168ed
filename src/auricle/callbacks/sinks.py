"""Where pictures, sounds and figures go."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.files import make_folder


class Sink(ABC):
    """A place that keeps what it is given under a tag that stays the same, with the epoch as the step."""

    @abstractmethod
    def image(self, tag: str, picture: np.ndarray, epoch: int) -> None:
        """A picture ``[H, W, 3]`` (uint8)."""

    @abstractmethod
    def sound(self, tag: str, clip: Clip, epoch: int) -> None:
        """A sound, in mono at the clip's own rate."""

    @abstractmethod
    def scalar(self, tag: str, value: float, epoch: int) -> None:
        """A figure."""

    def flush(self) -> None:  # noqa: B027
        """An epoch is over: what was given can be looked at."""

    def close(self) -> None:  # noqa: B027
        """Training is over."""


def sinks_of(to: Any) -> list[Sink]:
    """What ``to`` stands for: a folder of TensorBoard logs, a writer, a run of Weights & Biases, a sink, or several."""
    if isinstance(to, Sink):
        return [to]
    if isinstance(to, Sequence) and not isinstance(to, str) and len(to):
        return [sink for each in to for sink in sinks_of(each)]
    if isinstance(to, str | Path) or hasattr(to, "add_scalar"):
        from auricle.callbacks.tensorboard import TensorBoard

        return [TensorBoard(to)]
    if hasattr(to, "log"):
        from auricle.callbacks.wandb import WeightsAndBiases

        return [WeightsAndBiases(to)]
    what = "an empty list" if isinstance(to, Sequence) else type(to).__name__
    raise AuricleError(
        f"explanations cannot be written to {what}; give a folder, a SummaryWriter, a run of Weights & "
        "Biases, or Files(folder)"
    )


def writable(folder: Path) -> Path:
    """The folder, made if need be; raises `AuricleError` where nothing can be written."""
    make_folder(folder)
    if not os.access(folder, os.W_OK):
        raise AuricleError(f"nothing can be written to {folder}; change its permissions, or choose another folder")
    return folder


def as_mono(clip: Clip) -> np.ndarray:
    """Samples ``[n]`` (float32) within -1 and 1, as players want them."""
    return np.clip(clip.samples.mean(axis=0), -1.0, 1.0)
