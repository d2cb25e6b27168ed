"""What a method is: a frozen dataclass whose fields are its settings and that is called on a batch.

A new method is one class in one file, listed in ``auricle/methods/__init__.py``.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.errors import AuricleError
from auricle.methods.point import LEVELS, Point
from auricle.settings import Readable


@dataclass(frozen=True, eq=False)
class Attribution:
    """Relevance of a batch, with what is needed to judge it.

    relevance: ``[B, F, T]`` or, on samples, ``[B, N]``.
    score: the explained value, ``[B]``.
    expected: what each clip's relevance should sum to, ``[B]``; None where the method makes no such promise.
    absorbed: the part of the score taken up by biases, ``[B]``; None where that does not apply.
    unruled: functions on the way that had no rule, and how often each was called.
    baseline: what "absent" meant, in words.
    """

    relevance: Tensor
    score: Tensor
    expected: Tensor | None = None
    absorbed: Tensor | None = None
    unruled: dict[str, int] = field(default_factory=dict)
    baseline: str | None = None

    def row(self, index: int) -> Attribution:
        """One clip of the batch, as a batch of one."""
        pick = slice(index, index + 1)
        return dataclasses.replace(
            self,
            relevance=self.relevance[pick],
            score=self.score[pick],
            expected=None if self.expected is None else self.expected[pick],
            absorbed=None if self.absorbed is None else self.absorbed[pick],
        )

    def gap(self) -> Tensor | None:
        """|sum of relevance + absorbed - expected| / |expected|, ``[B]``."""
        if self.expected is None:
            return None
        total = self.relevance.flatten(1).sum(1)
        if self.absorbed is not None:
            total = total + self.absorbed
        return (total - self.expected).abs() / self.expected.abs().clamp_min(1e-12)


@dataclass(frozen=True)
class Check:
    """One check: its figure, whether it passed (None: for information), and a sentence for a person."""

    name: str
    value: float | str
    passed: bool | None
    text: str


class Method(metaclass=Readable):
    """How relevance is found. Subclasses are frozen (pydantic) dataclasses; their fields are their settings."""

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    levels: ClassVar[tuple[Level, ...]] = LEVELS
    needs_gradient: ClassVar[bool] = True
    """Whether the method differentiates the network, or looks into it; a bare function allows neither."""
    gives_mask: ClassVar[bool] = False
    """Whether its relevance is a mask from 0 to 1, heard as it is, rather than evidence that is made into one."""

    def level_for(self, classifier: Classifier) -> Level:
        """Where relevance is laid unless told."""
        del classifier  # of a method that was learnt it depends on what it was learnt for
        return self.levels[0]

    def check(self, classifier: Classifier) -> None:
        """Raise `AuricleError` if the method cannot explain this classifier."""
        if self.needs_gradient and not classifier.differentiable:
            raise AuricleError(
                f"{classifier.opaque}, so it has no gradient that {self.name} could use; take a method that removes "
                "parts of the sound: kernel-shap, lime, occlusion"
            )

    def __call__(
        self,
        classifier: Classifier,
        samples: Tensor,
        targets: str | Sequence[str] | Tensor = "predicted",
        *,
        level: Level = "features",
        seed: int = 0,
    ) -> Attribution:
        """Explain a batch of equally long clips.

        samples: ``[B, n]`` at the classifier's rate. targets: one target for all, one per clip, or weights over the
        logits ``[B, C]``. level: where relevance is laid: the network's ``features``, the ``stft`` bins or the
        ``waveform``. seed: of every random draw; draws are shared by all clips of a batch, so that a clip's
        relevance does not depend on its batch mates.
        """
        self.check(classifier)
        if level in LEVELS and level not in self.levels:
            raise AuricleError(f"{self.name} lays relevance on {' or '.join(self.levels)} only, not on level={level}")
        samples = samples.to(classifier.device, classifier.dtype)
        with torch.inference_mode(False), torch.enable_grad(), classifier.inference():
            weights = _weights(classifier, samples, targets)
            return self._explain(Point(classifier, samples, level), weights, seed)

    @abstractmethod
    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution: ...

    def settings(self) -> dict[str, Any]:
        """The method's settings as plain values."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}  # type: ignore[arg-type]
        return {key: _plain(value) for key, value in values.items()}

    def describe(self) -> str:
        """Name and settings on one line."""
        settings = ", ".join(f"{key}={value}" for key, value in self.settings().items() if value not in (None, {}))
        return f"{self.name} ({settings})" if settings else self.name


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return getattr(value, "name", str(value))


def _weights(classifier: Classifier, samples: Tensor, targets: str | Sequence[str] | Tensor) -> Tensor:
    if isinstance(targets, Tensor):
        return targets.to(samples)
    with torch.no_grad():
        logits = classifier.logits_from_features(classifier.frontend(samples))
    if isinstance(targets, str):
        return classifier.target_weights(targets, logits)
    if len(targets) != len(samples):
        raise AuricleError(f"{len(targets)} targets were given for {len(samples)} clips; give one target per clip")
    rows = [classifier.target_weights(t, row[None]) for t, row in zip(targets, logits, strict=True)]
    return torch.cat(rows)
