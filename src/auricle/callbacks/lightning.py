"""In Lightning: explanations after every training epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auricle.callbacks.files import Files
from auricle.callbacks.sinks import Sink, sinks_of
from auricle.callbacks.trainers import TrainerCallback
from auricle.callbacks.undisturbed import undisturbed
from auricle.classifier import Classifier
from auricle.errors import AuricleError

try:
    import lightning.pytorch as pl
except ImportError as error:
    raise AuricleError("this callback needs Lightning; install it with: pip install 'auricle[train]'") from error


class ExplainCallback(TrainerCallback, pl.Callback):
    """Explains the same clips after every training epoch (``on_train_epoch_end``), into the trainer's own logger.

    classifier: around the network that trains; left out, it is the ``classifier`` of the LightningModule, as that of
    auricle's own `training.learner.Learner`. to: where to write (see `ExplainLogger`); left out, the trainer's loggers
    (TensorBoard's and Weights & Biases' as they are, of any other the folder), or without any ``explained`` in
    ``default_root_dir``, for TensorBoard. All else is as in `ExplainLogger`: ``samples`` or so many ``n_per_class`` of
    a data set, ``methods``, ``layers``, ``targets``, ``every_n_epochs``, ``log_audio``, ``log_scalars``,
    ``max_seconds``, ``seed``.

    Only rank zero explains; a sanity check explains nothing. Wrong settings raise `AuricleError` before the first
    epoch. At the end ``overhead`` says how long it all took, and is printed unless ``quiet``.
    """

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        classifier = self._classifier or getattr(pl_module, "classifier", None)
        if not isinstance(classifier, Classifier):
            raise AuricleError(
                f"{type(pl_module).__name__} has no classifier, so its network's labels and front-end are not known; "
                "give classifier=Classifier(network, frontend=…, labels=…) around the network that trains"
            )
        with undisturbed(pl_module):
            to = _sinks(trainer) if self._to is None else self._to
            self._begin(classifier, to)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.logger is not None:
            with undisturbed(pl_module):
                self.logger.step(_epoch(trainer, pl_module))

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del trainer, pl_module
        self._end()


def _epoch(trainer: pl.Trainer, module: pl.LightningModule) -> int:
    """The epoch that ended, from 0; of auricle's own learner those of stopped runs count, too."""
    from auricle.training.learner import Learner

    return int(module.epoch) if isinstance(module, Learner) else int(trainer.current_epoch)


def _sinks(trainer: pl.Trainer) -> list[Sink]:
    """Where the trainer itself logs to."""
    found: list[Sink] = []
    for logger in trainer.loggers:
        written: Any = getattr(logger, "experiment", None)
        if hasattr(written, "add_image") or type(logger).__name__ == "WandbLogger":
            found += sinks_of(written)
        elif folder := logger.log_dir or logger.save_dir:
            found.append(Files(Path(folder) / "explained"))
    return found or sinks_of(Path(trainer.default_root_dir) / "explained")
