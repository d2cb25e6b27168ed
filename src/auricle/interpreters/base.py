"""What an interpreter is: a network trained once to explain one classifier, kept in a folder of its own."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from auricle._version import __version__
from auricle.classifier import Classifier, Level
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.files import write_whole
from auricle.frontends.grid import STFT
from auricle.interpreters.heard import Heard
from auricle.interpreters.plane import level_of
from auricle.interpreters.taps import Reading, default_layers, readings
from auricle.models.hashing import weights_hash
from auricle.settings import Readable, settings

CARD = "interpreter.json"
WEIGHTS = "interpreter.safetensors"


@plain_dataclass(frozen=True)
class Subject:
    """The classifier that is explained, as far as its interpreter knows it.

    weights: hash of it. grid and sample_rate: of the STFT on which masks are heard. rows: bands of the plane on which
    they are drawn. level: where relevance is laid. readings: the layers that are read.
    """

    weights: str
    name: str
    labels: tuple[str, ...]
    multi_label: bool
    grid: STFT
    sample_rate: int
    rows: int
    level: Level
    readings: tuple[Reading, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(each.layer for each in self.readings)


@dataclass(frozen=True, kw_only=True, config=settings)
class InterpreterSettings(metaclass=Readable):
    """What all interpreters have to be told: which layers are read, and how they are trained."""

    layers: tuple[str, ...] = Field((), description="layers that are read; by default the last of each resolution")
    epochs: int = Field(20, ge=1, description="passes over the training clips")
    batch: int = Field(32, ge=1, description="clips of one step")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam")
    weight_decay: float = Field(0.0, ge=0, description="of Adam")


class Interpreter(nn.Module, ABC):
    """A network that explains. Subclasses build themselves from the subject and their settings alone.

    ``history`` has a row for each epoch of its training, ``facts`` what else there is to know of it, as plain values.
    """

    kind: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    Settings: ClassVar[type[InterpreterSettings]]
    reads: ClassVar[int] = 4
    """How many layers are read unless they are named."""

    def __init__(self, subject: Subject, settings: InterpreterSettings) -> None:
        super().__init__()
        self.subject, self.settings = subject, settings
        self.history: list[dict[str, float]] = []
        self.facts: dict[str, Any] = {}

    @abstractmethod
    def terms(self, heard: Heard, draw: torch.Generator, epoch: int) -> dict[str, Tensor]:
        """The parts of the loss of a batch, weighted: what is minimised is their sum. ``draw``: of random choices."""

    @abstractmethod
    def figures(self, heard: Heard) -> dict[str, Tensor]:
        """What tells how good it is, clip by clip ``[B]``, by name; means over validation clips are shown."""

    @abstractmethod
    def relevance(self, heard: Heard, weights: Tensor) -> Tensor:
        """A mask 0 to 1 for each clip ``[B, F, T]`` at `level`, for targets as weights over the logits ``[B, C]``."""

    @property
    def level(self) -> Level:
        """Where its relevance is laid."""
        return self.subject.level

    def prepare(
        self,
        clips: Iterable[tuple[Clip, tuple[str, ...]]],
        *,
        dictionary: Path | None = None,
        on_clip: Callable[[], None] | None = None,
    ) -> None:
        """What is learnt of the training clips (with their labels) before the network is; by default nothing."""
        del clips, on_clip
        if dictionary is not None:
            raise AuricleError(f"{self.kind} has no dictionary; leave it out")

    def varied(self, samples: Tensor, draw: torch.Generator) -> Tensor:
        """Training clips ``[B, n]`` as they are heard in one step; by default as they are."""
        del draw
        return samples

    def check(self, classifier: Classifier) -> None:
        """Raise `AuricleError` if it was not trained on this classifier."""
        if weights_hash(classifier) != self.subject.weights:
            raise AuricleError(
                f"this interpreter was trained to explain another model ({self.subject.name}, weights "
                f"{self.subject.weights}), so it says nothing about {classifier.name}; train one for it with: auricle "
                "interpreter train"
            )

    # --- saving ---------------------------------------------------------------------------------------------

    def save(self, folder: str | Path) -> Path:
        """Write ``interpreter.safetensors`` and ``interpreter.json``; nothing is pickled."""
        from safetensors.torch import save

        folder = Path(folder)
        weights = {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}
        write_whole(folder / WEIGHTS, save(weights))
        write_whole(folder / CARD, json.dumps(self.card(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return folder

    def card(self) -> dict[str, Any]:
        """All but the weights, as plain values."""
        return {
            "format": 1,
            "auricle": __version__,
            "kind": self.kind,
            "subject": asdict(self.subject),
            "settings": dataclasses.asdict(self.settings),
            "history": self.history,
            **self.facts,
        }


KNOWN = {"format", "auricle", "kind", "subject", "settings", "history"}


def subject_of(classifier: Classifier, layers: tuple[str, ...], *, reads: int, n: int) -> Subject:
    """The subject of an interpreter for a classifier that hears ``n`` samples; layers are looked up where none are
    named. Raises `AuricleError` for a layer that is not there, naming those that are, and for a function."""
    from auricle.interpreters.plane import plane_of

    if not classifier.differentiable:
        raise AuricleError(f"{classifier.opaque}; it has no layers that an interpreter could read")
    noise = 0.1 * torch.randn(1, n, generator=torch.Generator().manual_seed(0))
    features = classifier.frontend(noise.to(classifier.device, classifier.dtype))
    layers = layers or default_layers(classifier, features, reads)
    front = classifier.frontend
    return Subject(
        weights=weights_hash(classifier),
        name=classifier.name,
        labels=classifier.labels,
        multi_label=classifier.multi_label,
        grid=front.grid,
        sample_rate=classifier.sample_rate,
        rows=plane_of(front, n).shape[0],
        level=level_of(front),
        readings=readings(classifier, layers, features),
    )


def read_subject(card: Mapping[str, Any]) -> Subject:
    """A subject from its plain values."""
    given = dict(card)
    given["labels"] = tuple(str(each) for each in given["labels"])
    given["grid"] = STFT(**given["grid"])
    given["readings"] = tuple(Reading(**each) for each in given["readings"])
    return Subject(**given)
