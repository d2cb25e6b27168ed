"""In Lightning: explanations after every training epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.callbacks.files import Files
from auricle.callbacks.samples import Given
from auricle.callbacks.sinks import Sink, sinks_of
from auricle.callbacks.undisturbed import undisturbed
from auricle.callbacks.watching import ExplainLogger
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import Method

try:
    import lightning.pytorch as pl
except ImportError as error:
    raise AuricleError("this callback needs Lightning; install it with: pip install 'auricle[train]'") from error

if TYPE_CHECKING:
    from auricle.datasets import Dataset


class ExplainCallback(pl.Callback):
    """Explains the same clips after every training epoch (``on_train_epoch_end``), into the trainer's own logger.

    classifier: around the network that trains; left out, it is the ``classifier`` of the LightningModule, as that of
    auricle's own `training.learner.Learner`. to: where to write (see `ExplainLogger`); left out, the trainer's loggers
    (TensorBoard's and Weights & Biases' as they are, of any other the folder), or without any ``explained`` in
    ``default_root_dir``, for TensorBoard. All else is as in `ExplainLogger`: ``samples`` or so many ``n_per_class`` of
    a data set, ``methods``, ``layers``, ``targets``, ``every_n_epochs``, ``log_audio``, ``log_scalars``,
    ``max_seconds``.

    Only rank zero explains; a sanity check explains nothing. Wrong settings raise `AuricleError` before the first
    epoch. At the end ``overhead`` says how long it all took, and is printed unless ``quiet``.
    """

    def __init__(
        self,
        samples: Dataset | Sequence[Given],
        *,
        n_per_class: int | None = None,
        classifier: Classifier | None = None,
        methods: Sequence[str | Method] = ("lrp",),
        layers: Sequence[str] = (),
        targets: str | Sequence[str] = "predicted",
        every_n_epochs: int = 1,
        log_audio: bool = True,
        log_scalars: bool = True,
        max_seconds: float = 30.0,
        to: Any = None,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self._samples, self._classifier, self._to, self._quiet = samples, classifier, to, quiet
        self._settings: dict[str, Any] = {
            "n_per_class": n_per_class,
            "methods": methods,
            "layers": layers,
            "targets": targets,
            "every_n_epochs": every_n_epochs,
            "log_audio": log_audio,
            "log_scalars": log_scalars,
            "max_seconds": max_seconds,
        }
        self.logger: ExplainLogger | None = None

    @property
    def overhead(self) -> str:
        """How long explanations took beside the training, in words; nothing before it began."""
        return "" if self.logger is None else self.logger.overhead

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
            self.logger = ExplainLogger(classifier, self._samples, to=to, **self._settings)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.logger is not None:
            with undisturbed(pl_module):
                self.logger.step(_epoch(trainer, pl_module))

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        del trainer, pl_module
        if self.logger is not None:
            self.logger.close()
            if not self._quiet:
                print(f"auricle: {self.overhead}")


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
