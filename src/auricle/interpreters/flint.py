"""FLINT: decisions told in attributes that are learnt freely, without a dictionary (Parekh et al. 2021)."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from auricle.interpreters.base import Subject
from auricle.interpreters.componentwise import ComponentInterpreter, ComponentSettings
from auricle.interpreters.heard import Heard
from auricle.interpreters.imitation import imitation_loss
from auricle.interpreters.interpretation import share_of
from auricle.settings import settings

HIDDEN = 256


@dataclass(frozen=True, kw_only=True, config=settings)
class FLINTSettings(ComponentSettings):
    """The number of attributes is published for this task; weights are ours, on the scale of L2I's."""

    attributes: int = Field(80, ge=1, description="J, how many there are")
    reconstruction: float = Field(5.0, ge=0, description="weight of the mean squared error of log(1 + |X|)")
    fidelity: float = Field(1.0, ge=0, description="weight of imitating the classifier")
    concise: float = Field(0.1, ge=0, description="weight of the entropy of a clip's attributes")
    diverse: float = Field(0.1, ge=0, description="weight of the entropy, negative, of a batch's mean attributes")
    sparsity: float = Field(0.4, ge=0, description="weight of the mean of the attributes over time")


class FLINT(ComponentInterpreter):
    """Attributes from the same Ψ as L2I's, a linear reading of them that imitates the classifier, and a decoder.

    Minimises ``fidelity · CE + reconstruction · MSE + concise · E(φ) - diverse · E(mean φ) + sparsity · mean H``, where
    φ are a clip's attributes at their largest over time and E is the entropy of their softmax. Attributes have no sound
    of their own. Ours: what is heard of chosen ones is what the decoder makes of them alone, over what it makes of all.
    """

    kind: ClassVar[str] = "flint"
    summary: ClassVar[str] = "attributes learnt freely that imitate the classifier and rebuild the sound"
    source: ClassVar[str] = "Parekh, Mozharovskyi & d'Alché-Buc 2021, A Framework to Learn with Interpretation"
    Settings = FLINTSettings
    settings: FLINTSettings

    def __init__(self, subject: Subject, settings: FLINTSettings) -> None:
        super().__init__(subject, settings, settings.attributes)
        self.head = nn.Linear(settings.attributes, len(subject.labels))
        self.decoder = nn.Sequential(
            nn.Conv1d(settings.attributes, HIDDEN, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(HIDDEN, subject.grid.n_fft // 2 + 1, 5, padding=2),
            nn.ReLU(),
        )

    def terms(self, heard: Heard, draw: torch.Generator, epoch: int) -> dict[str, Tensor]:
        given = self.settings
        codes = self.codes(heard)
        attributes, scores = self.read(codes)
        return {
            "fidelity": given.fidelity * imitation_loss(scores, heard),
            "reconstruction": given.reconstruction * self.error(heard, codes).mean(),
            "concise": given.concise * entropy(attributes).mean(),
            "diverse": -given.diverse * entropy(attributes.mean(0)),
            "sparsity": given.sparsity * codes.mean(),
        }

    @property
    def worth(self) -> Tensor:
        return self.head.weight

    def read(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        attributes = codes.amax(2)
        return attributes, self.head(attributes)

    def rebuilt(self, codes: Tensor) -> Tensor:
        found: Tensor = self.decoder(codes)
        return found

    def share(self, codes: Tensor, chosen: Tensor) -> Tensor:
        alone = codes.unsqueeze(1) * chosen.to(codes).unsqueeze(-1)
        part = self.rebuilt(alone.flatten(0, 1)).unflatten(0, chosen.shape[:2])
        part = part * chosen.any(-1)[:, :, None, None]  # the decoder has biases, which no attribute made
        return share_of(part, self.rebuilt(codes).unsqueeze(1))


def entropy(values: Tensor) -> Tensor:
    """Entropy in nats of the softmax of the last axis.

    >>> round(float(entropy(torch.zeros(4)).exp()), 4)
    4.0
    """
    logs = values.log_softmax(-1)
    return -(logs.exp() * logs).sum(-1)
