"""To Weights & Biases: one row an epoch, of media and figures."""

from __future__ import annotations

from typing import Any

import numpy as np

from auricle.callbacks.sinks import Sink, as_mono
from auricle.clip import Clip
from auricle.errors import AuricleError


class WeightsAndBiases(Sink):
    """Logs to a run: the one given, or the one that ``wandb.init`` began.

    A run counts steps of its own, which only grow; so the epoch is logged beside (``epoch``) and can be the x axis.
    """

    def __init__(self, run: Any = None) -> None:
        try:
            import wandb
        except ImportError as error:
            raise AuricleError("logging to Weights & Biases needs wandb; install it with: pip install wandb") from error
        self._wandb = wandb
        self.run = run if run is not None else wandb.run
        if self.run is None:
            raise AuricleError("no run of Weights & Biases is going on; call wandb.init() before, or give the run")
        self._row: dict[str, Any] = {}

    def image(self, tag: str, picture: np.ndarray, epoch: int) -> None:
        self._add(tag, self._wandb.Image(picture), epoch)

    def sound(self, tag: str, clip: Clip, epoch: int) -> None:
        self._add(tag, self._wandb.Audio(as_mono(clip), sample_rate=clip.sample_rate), epoch)

    def scalar(self, tag: str, value: float, epoch: int) -> None:
        self._add(tag, value, epoch)

    def flush(self) -> None:
        if self._row:
            self.run.log(self._row)
            self._row = {}

    def _add(self, tag: str, value: Any, epoch: int) -> None:
        self._row |= {tag: value, "epoch": epoch}
