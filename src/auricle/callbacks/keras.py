"""In Keras 3 on torch: explanations after every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from auricle.adapters.keras import import_keras
from auricle.callbacks.samples import Given
from auricle.callbacks.trainers import TrainerCallback, WatchSettings
from auricle.classifier import Classifier

if TYPE_CHECKING:
    from auricle.datasets import Dataset

_Callback: Any = import_keras().callbacks.Callback


class KerasExplainCallback(TrainerCallback, _Callback):
    """Explains the same clips after every epoch of ``model.fit``.

    classifier: ``keras_classifier(model, …)`` of the model that is trained; it has the model's own weights. All else is
    as in `ExplainLogger`: ``samples`` or so many ``n_per_class`` of a data set, ``to`` (a folder of TensorBoard logs,
    say that of ``keras.callbacks.TensorBoard``), ``methods``, ``layers``, ``targets``, ``every_n_epochs``,
    ``log_audio``, ``log_scalars``, ``max_seconds``, ``seed``.

    Wrong settings raise `AuricleError` before the first epoch. At the end ``overhead`` says how long it all took, and
    is printed unless ``quiet``.
    """

    def __init__(
        self,
        samples: Dataset | Sequence[Given],
        *,
        classifier: Classifier,
        to: Any,
        quiet: bool = False,
        **settings: Unpack[WatchSettings],
    ) -> None:
        super().__init__(samples, classifier=classifier, to=to, quiet=quiet, **settings)

    def on_train_begin(self, logs: Any = None) -> None:
        del logs
        assert self._classifier is not None
        self._begin(self._classifier, self._to)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        del logs
        if self.logger is not None:
            self.logger.step(epoch)

    def on_train_end(self, logs: Any = None) -> None:
        del logs
        self._end()
