"""What interpreters that draw masks have in common: a mask for each class, and both parts of a sound heard again."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass as plain_dataclass
from typing import Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional as F

from auricle.classifier import Level
from auricle.errors import AuricleError
from auricle.interpreters.base import Interpreter, InterpreterSettings
from auricle.interpreters.heard import Heard
from auricle.interpreters.plane import plane
from auricle.settings import settings

Domain = Literal["magnitude", "log1p"]


@dataclass(frozen=True, kw_only=True, config=settings)
class MaskSettings(InterpreterSettings):
    """Settings of interpreters that draw masks."""

    width: int = Field(32, ge=1, description="channels of the network that draws")
    domain: Domain = Field(
        "magnitude", description="what a mask weighs: |X|, so that both parts add up, or as published log(1 + |X|)"
    )
    noise: Literal["none", "white", "mixed"] = Field(
        "none", description="mixed into training clips: white noise, or another clip of the batch"
    )
    noise_db: float = Field(0.0, description="level of a clip above its noise, in dB")
    noise_share: float = Field(0.5, ge=0, le=1, description="of the clips that get noise")


@plain_dataclass(frozen=True, eq=False)
class Parted:
    """Both parts of a batch, for one class each: ``mask [B, rows, frames]``, the same on the STFT ``gain [B, F, T]``,
    and what is said of the kept and of the removed part, logits ``[B, C]``."""

    classes: Tensor
    mask: Tensor
    gain: Tensor
    kept: Tensor
    removed: Tensor


class MaskInterpreter(Interpreter):
    """Draws a mask for each class, ``[B, C, rows, frames]``, and is judged by what the classifier says to both parts.

    Both parts are made into sound and heard through the whole front-end, so that what is learnt is what a person hears
    afterwards. In the magnitude domain they add up to the clip.
    """

    settings: MaskSettings

    @abstractmethod
    def drawn(self, heard: Heard, size: tuple[int, int]) -> Tensor:
        """Logits of the masks of all classes, ``[B, C, *size]``."""

    def mask(self, heard: Heard, classes: Tensor) -> Tensor:
        """The masks of one class ``[B]`` each, ``[B, rows, frames]``, 0 to 1."""
        laid = plane(heard.classifier.frontend, heard.samples.shape[-1])
        logits = self.drawn(heard, (laid.axes.shape[0], laid.axes.shape[1]))
        return torch.sigmoid(logits[torch.arange(len(classes)), classes])

    def relevance(self, heard: Heard, weights: Tensor) -> Tensor:
        classes = one_class(self, weights)
        laid = plane(heard.classifier.frontend, heard.samples.shape[-1])
        if self.settings.domain == "magnitude":
            return laid.relevance(self.mask(heard, classes))
        return laid.on_stft(self.gains(heard, laid.gain(self.mask(heard, classes)))[0])

    @property
    def level(self) -> Level:
        # What log(1 + |X|) makes of a mask differs from bin to bin.
        return "stft" if self.settings.domain == "log1p" else self.subject.level

    def gains(self, heard: Heard, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What kept and removed parts multiply the STFT by, ``[B, F, T]`` each, for a mask on it."""
        if self.settings.domain == "magnitude":
            return mask, 1.0 - mask
        return in_log1p(mask, heard.spectrum.abs()), in_log1p(1.0 - mask, heard.spectrum.abs())

    def parted(self, heard: Heard, classes: Tensor) -> Parted:
        mask = self.mask(heard, classes)
        gain = plane(heard.classifier.frontend, heard.samples.shape[-1]).gain(mask)
        keep, remove = self.gains(heard, gain)
        inside = heard.through(keep)
        outside = heard.samples - inside if self.settings.domain == "magnitude" else heard.through(remove)
        kept, removed = heard.again(torch.cat([inside, outside])).split(len(mask))
        return Parted(classes, mask, gain, kept, removed)

    def varied(self, samples: Tensor, draw: torch.Generator) -> Tensor:
        given = self.settings
        if given.noise == "none":
            return samples
        if given.noise == "white":
            other = torch.randn(samples.shape, generator=draw).to(samples)
        else:
            other = samples.roll(int(torch.randint(1, max(len(samples), 2), (), generator=draw)), 0)
        level = samples.square().sum(-1, keepdim=True) / other.square().sum(-1, keepdim=True).clamp_min(1e-12)
        gain = (level * 10 ** (-given.noise_db / 10)).sqrt()
        chosen = torch.rand(len(samples), 1, generator=draw).to(samples) < given.noise_share
        return torch.where(chosen, samples + gain * other, samples)

    def classes_of(self, heard: Heard, draw: torch.Generator | None) -> Tensor:
        """The class that is explained of each clip: the predicted one; of several labels one that is said, drawn."""
        said = heard.logits.argmax(1)
        if not self.subject.multi_label or draw is None:
            return said
        present = (heard.probabilities >= 0.5).float()
        present[torch.arange(len(said)), said] = 1.0
        return torch.multinomial(present.cpu(), 1, generator=draw)[:, 0].to(said.device)

    def figures(self, heard: Heard) -> dict[str, Tensor]:
        classes = self.classes_of(heard, None)
        parts = self.parted(heard, classes)
        rows = torch.arange(len(classes))
        p, o, q = (
            heard.classifier.probabilities(each)[rows, classes] for each in (heard.logits, parts.kept, parts.removed)
        )
        named = o >= 0.5 if self.subject.multi_label else parts.kept.argmax(1) == classes
        return {"fid_in": named.float(), "increase": (o > p).float(), "ff": p - q, "mean_mask": parts.mask.mean((1, 2))}


def one_class(interpreter: Interpreter, weights: Tensor) -> Tensor:
    """The class ``[B]`` that each row of target weights names; raises `AuricleError` for a contrast."""
    if (weights < 0).any() or ((weights > 0).sum(1) != 1).any():
        raise AuricleError(
            f"{interpreter.kind} has one mask for each class and none for a contrast; name one class, as --target "
            f"{interpreter.subject.labels[0]}"
        )
    return weights.argmax(1)


def in_log1p(mask: Tensor, magnitude: Tensor) -> Tensor:
    """The gain by which a mask of log(1 + |X|) weighs |X|: (exp(mask · log(1 + |X|)) - 1) / |X|; at 0 its limit.

    >>> in_log1p(torch.tensor([1.0, 0.5]), torch.tensor([3.0, 3.0]))
    tensor([1.0000, 0.3333])
    """
    loud = magnitude > 1e-6
    safe = torch.where(loud, magnitude, torch.ones_like(magnitude))
    return torch.where(loud, torch.expm1(mask * torch.log1p(safe)) / safe, mask)


def alone(parts: Parted, labels: int) -> Tensor:
    """The answer that a kept part of several labels should get: its own class and no other, ``[B, C]``."""
    return F.one_hot(parts.classes, labels).to(parts.kept)


def variation(mask: Tensor) -> Tensor:
    """Mean squared difference of neighbours in time and pitch, of masks ``[B, rows, frames]``."""
    down, along = (each.square().sum() / max(each.numel(), 1) for each in (mask.diff(dim=1), mask.diff(dim=2)))
    return down + along
