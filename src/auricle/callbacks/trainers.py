"""What the callbacks of all trainers share: their settings, the logger that they call, and the words at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from auricle.callbacks.samples import Given
from auricle.callbacks.watching import ExplainLogger
from auricle.classifier import Classifier
from auricle.errors import AuricleError, nearest
from auricle.methods import Method

if TYPE_CHECKING:
    from auricle.datasets import Dataset


class WatchSettings(TypedDict, total=False):
    """What a callback hands on to `ExplainLogger`, where each is explained; what is left out has its default there."""

    n_per_class: int | None
    methods: Sequence[str | Method]
    layers: Sequence[str]
    targets: str | Sequence[str]
    every_n_epochs: int
    log_audio: bool
    log_scalars: bool
    max_seconds: float
    seed: int


class TrainerCallback:
    """An `ExplainLogger` that a trainer calls. To be inherited before the trainer's own class of callbacks."""

    def __init__(
        self,
        samples: Dataset | Sequence[Given],
        *,
        classifier: Classifier | None = None,
        to: Any = None,
        quiet: bool = False,
        **settings: Unpack[WatchSettings],
    ) -> None:
        known = WatchSettings.__annotations__
        for name in settings:
            if name not in known:
                raise AuricleError(
                    f'{type(self).__name__} has no setting "{name}"; '
                    f"{nearest(name, [*known, 'samples', 'classifier', 'to', 'quiet'])}"
                )
        super().__init__()
        self._samples, self._classifier, self._to, self._quiet = samples, classifier, to, quiet
        self._settings = settings
        self.logger: ExplainLogger | None = None

    @property
    def overhead(self) -> str:
        """How long explanations took beside the training, in words; nothing before it began."""
        return "" if self.logger is None else self.logger.overhead

    def _begin(self, classifier: Classifier, to: Any) -> None:
        self.logger = ExplainLogger(classifier, self._samples, to=to, **self._settings)

    def _end(self) -> None:
        if self.logger is not None:
            self.logger.close()
            if not self._quiet:
                print(f"auricle: {self.overhead}")
