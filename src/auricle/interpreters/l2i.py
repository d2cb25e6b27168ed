"""L2I, Listen to Interpret: decisions told in the columns of a dictionary of spectra (Parekh et al. 2022)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.interpreters.base import Subject
from auricle.interpreters.componentwise import ComponentInterpreter, ComponentSettings
from auricle.interpreters.dictionary import Dictionary
from auricle.interpreters.heard import Heard
from auricle.interpreters.imitation import imitation_loss
from auricle.interpreters.interpretation import share_of
from auricle.interpreters.sparse_nmf import SparseNMF
from auricle.interpreters.theta import Pooling, Theta
from auricle.settings import settings

DOUBLED_FROM = 19
"""The epoch, from 0, from which fidelity weighs twice as much."""


@dataclass(frozen=True, kw_only=True, config=settings)
class L2ISettings(ComponentSettings):
    """As published for ESC-50, but for width and learning rate."""

    components: int = Field(100, ge=1, description="K, columns of the dictionary")
    groups: Literal["all", "class"] = Field(
        "all", description="columns are learnt from all clips together, or as many from those of each class"
    )
    noise: int = Field(0, ge=0, description="how many of the columns are learnt first, from clips without a label")
    pooling: Pooling = Field(
        "max", description="of codes over time: max, which imitates best here, attention or mean"
    )
    reconstruction: float = Field(5.0, ge=0, description="weight of the mean squared error of log(1 + |X|)")
    sparsity: float = Field(0.4, ge=0, description="weight of the mean of the codes")
    fidelity: float = Field(0.5, ge=0, description="weight of imitating the classifier; doubled from epoch 20 on")
    dropout: float = Field(
        0.3, ge=0, lt=1, description="of pooled codes, or of what the attention reads (published for it: 0.4)"
    )


class L2I(ComponentInterpreter):
    """Ψ turns the classifier's layers into codes H of a fixed dictionary W; Θ imitates the classifier from H alone.

    Minimises ``reconstruction · MSE(log(1 + |X|), W H) + sparsity · mean H + fidelity · CE(Θ(H), f)``. So H says what
    sounds when, in terms that can be heard, and Θ what each component is worth for each class. With several labels the
    cross-entropy is the binary one.
    """

    kind: ClassVar[str] = "l2i"
    summary: ClassVar[str] = "parts of the sound from a dictionary of spectra whose codes imitate the classifier"
    source: ClassVar[str] = "Parekh et al. 2022, Listen to Interpret: Post-hoc Interpretability for Audio Networks"
    Settings = L2ISettings
    settings: L2ISettings
    columns: Tensor

    def __init__(self, subject: Subject, settings: L2ISettings) -> None:
        super().__init__(subject, settings, settings.components)
        self.theta = Theta(
            settings.components, len(subject.labels), pooling=settings.pooling, dropout=settings.dropout
        )
        self.register_buffer("columns", torch.zeros(subject.grid.n_fft // 2 + 1, settings.components))

    # --- the dictionary -------------------------------------------------------------------------------------

    def with_dictionary(self, dictionary: Dictionary) -> L2I:
        """Speak in these columns from now on. Raises `AuricleError` unless rate, STFT, domain and number fit."""
        dictionary.check(self.subject.grid, self.subject.sample_rate)
        if dictionary.domain != "log1p":
            raise AuricleError(
                f"this dictionary was learnt on |X| ({dictionary.domain}) and L2I adds up log(1 + |X|); learn one with "
                "domain=log1p"
            )
        if len(dictionary) != self.settings.components:
            raise AuricleError(
                f"this dictionary has {len(dictionary)} columns and the interpreter {self.settings.components}; train "
                f"it with components={len(dictionary)}"
            )
        columns = dictionary.columns / dictionary.columns.norm(dim=0).clamp_min(1e-12)
        self.columns = columns.to(self.columns)
        self.facts["dictionary"] = {
            "sample_rate": dictionary.sample_rate,
            "stft": asdict(dictionary.grid),
            "domain": dictionary.domain,
            "groups": list(dictionary.groups),
            "nmf": asdict(dictionary.nmf),
        }
        return self

    @property
    def dictionary(self) -> Dictionary:
        """Its columns, with what there is to know of them. Raises `AuricleError` before it has any."""
        card = self._card()
        return Dictionary(
            self.columns.detach().cpu(),
            tuple(card["groups"]),
            STFT(**card["stft"]),
            card["sample_rate"],
            card["domain"],
            SparseNMF(**card["nmf"]),
        )

    def prepare(
        self,
        clips: Iterable[tuple[Clip, tuple[str, ...]]],
        *,
        dictionary: Path | None = None,
        on_clip: Callable[[], None] | None = None,
    ) -> None:
        from auricle.interpreters.l2i_training import dictionary_for

        self.with_dictionary(dictionary_for(self, clips, folder=dictionary, on_clip=on_clip))

    def _card(self) -> dict[str, Any]:
        if "dictionary" not in self.facts:
            raise AuricleError("this interpreter has no dictionary yet; learn one with prepare, or give it one")
        found: dict[str, Any] = self.facts["dictionary"]
        return found

    # --- the network ----------------------------------------------------------------------------------------

    def terms(self, heard: Heard, draw: torch.Generator, epoch: int) -> dict[str, Tensor]:
        given = self.settings
        codes = self.codes(heard)
        _, scores = self.read(codes)
        # Epochs can be compared by their validation loss only if its weights stay the same.
        doubled = epoch >= DOUBLED_FROM or not self.training
        return {
            "reconstruction": given.reconstruction * self.error(heard, codes).mean(),
            "sparsity": given.sparsity * codes.mean(),
            "fidelity": given.fidelity * (2 if doubled else 1) * imitation_loss(scores, heard),
        }

    def codes(self, heard: Heard) -> Tensor:
        self._card()
        return super().codes(heard)

    @property
    def worth(self) -> Tensor:
        return self.theta.weight

    def read(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        pooled, scores = self.theta(codes)
        return pooled, scores

    def rebuilt(self, codes: Tensor) -> Tensor:
        return torch.einsum("fk,bkt->bft", self.columns, codes)

    def share(self, codes: Tensor, chosen: Tensor) -> Tensor:
        part = torch.einsum("fk,bnk,bkt->bnft", self.columns, chosen.to(codes), codes)
        return share_of(part, self.rebuilt(codes).unsqueeze(1))
