"""In Keras 3 on torch: explanations after every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from auricle.adapters.keras import import_keras
from auricle.callbacks.samples import Given
from auricle.callbacks.watching import ExplainLogger
from auricle.classifier import Classifier
from auricle.methods import Method

if TYPE_CHECKING:
    from auricle.datasets import Dataset

_Callback: Any = import_keras().callbacks.Callback


class KerasExplainCallback(_Callback):
    """Explains the same clips after every epoch of ``model.fit``.

    classifier: ``keras_classifier(model, …)`` of the model that is trained; it has the model's own weights. All else is
    as in `ExplainLogger`: ``samples`` or so many ``n_per_class`` of a data set, ``to`` (a folder of TensorBoard logs,
    say that of ``keras.callbacks.TensorBoard``), ``methods``, ``layers``, ``targets``, ``every_n_epochs``,
    ``log_audio``, ``log_scalars``, ``max_seconds``.

    Wrong settings raise `AuricleError` before the first epoch. At the end ``overhead`` says how long it all took, and
    is printed unless ``quiet``.
    """

    def __init__(
        self,
        samples: Dataset | Sequence[Given],
        *,
        classifier: Classifier,
        to: Any,
        n_per_class: int | None = None,
        methods: Sequence[str | Method] = ("lrp",),
        layers: Sequence[str] = (),
        targets: str | Sequence[str] = "predicted",
        every_n_epochs: int = 1,
        log_audio: bool = True,
        log_scalars: bool = True,
        max_seconds: float = 30.0,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self._samples, self._classifier, self._quiet = samples, classifier, quiet
        self._settings: dict[str, Any] = {
            "to": to,
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

    def on_train_begin(self, logs: Any = None) -> None:
        del logs
        self.logger = ExplainLogger(self._classifier, self._samples, **self._settings)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        del logs
        if self.logger is not None:
            self.logger.step(epoch)

    def on_train_end(self, logs: Any = None) -> None:
        del logs
        if self.logger is not None:
            self.logger.close()
            if not self._quiet:
                print(f"auricle: {self.overhead}")
