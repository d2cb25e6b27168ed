"""The amortised mask: drawn from the classifier's input alone, without a look inside (Dabkowski and Gal 2017)."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.frontends import Waveform
from auricle.interpreters.base import Subject
from auricle.interpreters.decoder import MaskDecoder
from auricle.interpreters.heard import Heard
from auricle.interpreters.masked import MaskInterpreter, MaskSettings, alone, variation
from auricle.interpreters.taps import Reading
from auricle.settings import settings

STAGES = 4


@dataclass(frozen=True, kw_only=True, config=settings)
class AmortisedSettings(MaskSettings):
    """Weights are ours, of means over clips and cells; the exponent and the ratio of kept to removed are published."""

    kept: float = Field(1.0, ge=0, description="weight of -log p(class | kept part)")
    removed: float = Field(5.0, ge=0, description="weight of p(class | removed part) ^ exponent")
    exponent: float = Field(0.3, gt=0, description="below 1: the last bit of probability counts most")
    area: float = Field(4.0, ge=0, description="weight of the mean of the mask")
    smooth: float = Field(1.0, ge=0, description="weight of its squared differences")


class AmortisedMask(MaskInterpreter):
    """Minimises ``kept · -log p_c(kept) + removed · p_c(removed)^exponent + area · mean M + smooth · TV(M)``.

    It reads what the network is given, not what happens in it: the plain relative of L-MAC, which tells what the look
    inside is worth. Both losses are bounded below. With several labels, the first is the binary cross-entropy to c
    alone.
    """

    kind: ClassVar[str] = "mask"
    summary: ClassVar[str] = "a mask drawn from the classifier's input alone, learnt so that the kept part decides"
    source: ClassVar[str] = "Dabkowski & Gal 2017, Real Time Image Saliency for Black Box Classifiers"
    Settings = AmortisedSettings
    reads: ClassVar[int] = 1
    settings: AmortisedSettings

    def __init__(self, subject: Subject, settings: AmortisedSettings) -> None:
        super().__init__(subject, settings)
        width = settings.width
        widths = [min(width, 16), *(width,) * (STAGES - 1)]
        self.stages = nn.ModuleList()
        before = 1
        for each in widths:
            self.stages.append(
                nn.Sequential(nn.Conv2d(before, each, 3, stride=2, padding=1), nn.GroupNorm(1, each), nn.ReLU())
            )
            before = each
        readings = [Reading(str(number), each) for number, each in enumerate(widths)]
        self.decoder = MaskDecoder(readings, len(subject.labels), width)

    def drawn(self, heard: Heard, size: tuple[int, int]) -> Tensor:
        values = self._seen(heard).unsqueeze(1)
        maps = []
        for stage in self.stages:
            values = stage(values)
            maps.append(values)
        return self.decoder(maps, size)

    def _seen(self, heard: Heard) -> Tensor:
        """The network's input as a map ``[B, rows, frames]`` of zero mean and unit variance."""
        front = heard.classifier.frontend
        on_samples = isinstance(front, Waveform)
        seen = torch.log1p(heard.spectrum.abs()) if on_samples else front.to_map(heard.features)
        mean, spread = seen.mean((1, 2), keepdim=True), seen.std((1, 2), keepdim=True)
        return (seen - mean) / spread.clamp_min(1e-5)

    def terms(self, heard: Heard, draw: torch.Generator, epoch: int) -> dict[str, Tensor]:
        given, rows = self.settings, torch.arange(len(heard.samples))
        parts = self.parted(heard, self.classes_of(heard, draw))
        if self.subject.multi_label:
            wanted = alone(parts, len(self.subject.labels))
            inside = F.binary_cross_entropy_with_logits(parts.kept, wanted, reduction="none").sum(1)
        else:
            inside = F.cross_entropy(parts.kept, parts.classes, reduction="none")
        left = heard.classifier.probabilities(parts.removed)[rows, parts.classes]
        return {
            "kept": given.kept * inside.mean(),
            # The slope of a root is infinite at 0.
            "removed": given.removed * left.clamp_min(1e-6).pow(given.exponent).mean(),
            "area": given.area * parts.mask.mean(),
            "smooth": given.smooth * variation(parts.mask),
        }
