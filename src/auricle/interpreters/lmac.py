"""L-MAC: masks drawn from the classifier's own layers, listenable maps (Paissan, Ravanelli and Subakan 2024)."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional as F

from auricle.frontends.listening import spectrum_of
from auricle.interpreters.base import Subject
from auricle.interpreters.decoder import MaskDecoder
from auricle.interpreters.heard import Heard
from auricle.interpreters.masked import MaskInterpreter, MaskSettings, Parted, alone, variation
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class LMACSettings(MaskSettings):
    """Weights of the losses as published; that of the area is the published one at its batch of 16, where 0.4 times the
    sum over the batch is 6.4 times the mean."""

    masked_in: float = Field(4.0, ge=0, description="weight of what the kept part is taken for")
    masked_out: float = Field(0.2, ge=0, description="weight of what the removed part is not to be taken for")
    area: float = Field(6.4, ge=0, description="weight of the mean of the mask (L1)")
    smooth: float = Field(0.0, ge=0, description="weight of the mask's squared differences (TV)")
    guided: float = Field(
        0.0, ge=0, description="fine-tuning with noise: weight of likeness to the clean clip's loud part"
    )
    guided_from: int = Field(0, ge=0, description="epoch in which fine-tuning begins, from 0")
    guided_likeness: float = Field(0.6, description="of kept part and clean clip (cosine), from which a clip is guided")
    guided_level: float = Field(0.35, gt=0, lt=1, description="share of the loudest bin, log(1 + |X|), that is loud")


class LMAC(MaskInterpreter):
    """Minimises ``masked_in · CE(f(kept), c) - masked_out · CE(f(removed), c) + area · mean M + smooth · TV(M)``.

    c is what the classifier says of the clip. With several labels, c is one that is said, drawn anew for every step,
    both are sums of binary cross-entropies, and the removed part should be taken for all that is said but c: then
    nothing is unbounded below. All means are per clip, so weights do not depend on the size of a batch.

    Where clips are trained with noise, ``guided`` adds the fine-tuning that was published: of clips whose kept part is
    like the clean clip, the mask should be 1 where the clean clip is loud and 0 elsewhere (binary cross-entropy), and
    neither area nor smoothness counts.
    """

    kind: ClassVar[str] = "lmac"
    summary: ClassVar[str] = "a mask drawn from the classifier's layers, learnt so that the kept part decides alone"
    source: ClassVar[str] = "Paissan, Ravanelli & Subakan 2024, Listenable Maps for Audio Classifiers"
    Settings = LMACSettings
    reads: ClassVar[int] = 5
    settings: LMACSettings

    def __init__(self, subject: Subject, settings: LMACSettings) -> None:
        super().__init__(subject, settings)
        self.decoder = MaskDecoder(subject.readings, len(subject.labels), settings.width)

    def drawn(self, heard: Heard, size: tuple[int, int]) -> Tensor:
        return self.decoder(heard.maps, size)

    def terms(self, heard: Heard, draw: torch.Generator, epoch: int) -> dict[str, Tensor]:
        given = self.settings
        parts = self.parted(heard, self.classes_of(heard, draw))
        inside, outside = self._said(heard, parts)
        terms = {"masked_in": given.masked_in * inside.mean(), "masked_out": given.masked_out * outside.mean()}
        own = torch.ones(len(parts.mask), dtype=torch.bool, device=parts.mask.device)
        # Epochs can be compared by their validation loss only if it is of the same terms all along.
        begun = epoch >= given.guided_from or not self.training
        if given.guided and begun and heard.clean is not None:
            guided, loss = self._guided(heard, parts)
            own = ~guided
            terms["guided"] = given.guided * loss
        kept = parts.mask * own[:, None, None]
        terms["area"] = given.area * kept.mean()
        if given.smooth:
            terms["smooth"] = given.smooth * variation(kept)
        return terms

    def _said(self, heard: Heard, parts: Parted) -> tuple[Tensor, Tensor]:
        """Both losses of each clip, ``[B]``."""
        if not self.subject.multi_label:
            return (
                F.cross_entropy(parts.kept, parts.classes, reduction="none"),
                -F.cross_entropy(parts.removed, parts.classes, reduction="none"),
            )
        wanted = alone(parts, len(self.subject.labels))
        others = (heard.probabilities >= 0.5).to(wanted) * (1.0 - wanted)
        return (
            F.binary_cross_entropy_with_logits(parts.kept, wanted, reduction="none").sum(1),
            F.binary_cross_entropy_with_logits(parts.removed, others, reduction="none").sum(1),
        )

    def _guided(self, heard: Heard, parts: Parted) -> tuple[Tensor, Tensor]:
        """Which clips are guided ``[B]``, and their loss."""
        assert heard.clean is not None
        clean = torch.log1p(spectrum_of(heard.clean, self.subject.grid).abs())
        keep, _ = self.gains(heard, parts.gain)
        kept = torch.log1p((keep * heard.spectrum.abs()).detach())
        likeness = F.cosine_similarity(kept.flatten(1), clean.flatten(1))
        guided = likeness >= self.settings.guided_likeness
        loud = (clean >= self.settings.guided_level * clean.amax((1, 2), keepdim=True)).to(parts.gain)
        loss = F.binary_cross_entropy(parts.gain.clamp(1e-6, 1 - 1e-6), loud, reduction="none").mean((1, 2))
        return guided, (loss * guided).mean()
