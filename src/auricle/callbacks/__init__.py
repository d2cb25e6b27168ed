"""Explanations while a model trains: in Lightning, in Keras 3 and in a loop of your own.

Each is drawn, made audible and measured as the same clips are heard again after every epoch. Heavy imports wait until
they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auricle.callbacks.files import Files
    from auricle.callbacks.keras import KerasExplainCallback
    from auricle.callbacks.lightning import ExplainCallback
    from auricle.callbacks.samples import Sample
    from auricle.callbacks.tensorboard import TensorBoard
    from auricle.callbacks.wandb import WeightsAndBiases
    from auricle.callbacks.watching import ExplainLogger

_HOME = {
    "ExplainCallback": "lightning",
    "ExplainLogger": "watching",
    "Files": "files",
    "KerasExplainCallback": "keras",
    "Sample": "samples",
    "TensorBoard": "tensorboard",
    "WeightsAndBiases": "wandb",
}

__all__ = [
    "ExplainCallback",
    "ExplainLogger",
    "Files",
    "KerasExplainCallback",
    "Sample",
    "TensorBoard",
    "WeightsAndBiases",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"auricle.callbacks.{_HOME[name]}"), name)
    raise AttributeError(f"module 'auricle.callbacks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
