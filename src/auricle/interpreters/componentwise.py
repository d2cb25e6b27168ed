"""Interpreters that take sound apart into components, and imitate the classifier from these alone."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.classifier import Level
from auricle.interpreters.base import Interpreter, InterpreterSettings, Subject
from auricle.interpreters.heard import Heard
from auricle.interpreters.imitation import imitation_figures
from auricle.interpreters.interpretation import Interpretation, Normalise, as_many, relevance_of, relevant
from auricle.interpreters.masked import Domain, in_log1p
from auricle.interpreters.plane import plane
from auricle.interpreters.psi import Psi
from auricle.interpreters.taps import Reading
from auricle.settings import settings

By = Literal["relevance", "energy", "random"]


@dataclass(frozen=True, kw_only=True, config=settings)
class ComponentSettings(InterpreterSettings):
    """Settings of interpreters in components."""

    reads: Literal["layers", "input"] = Field(
        "layers", description="what is read: the classifier's layers, or as a control the spectrogram of the sound"
    )
    width: int = Field(64, ge=1, description="channels to which each layer is brought")
    level: Literal["peak", "own"] = Field(
        "peak", description="sound is scaled to a peak of 1 before log(1 + |X|), or taken as it is"
    )
    epochs: int = Field(35, ge=1, description="passes over the training clips")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam; published: 0.0002")


class ComponentInterpreter(Interpreter):
    """Ψ turns layers into codes H ``[B, K, T]``; from these log(1 + |X|) is rebuilt, and class scores are read."""

    reads: ClassVar[int] = 5
    settings: ComponentSettings

    def __init__(self, subject: Subject, settings: ComponentSettings, components: int) -> None:
        super().__init__(subject, settings)
        bins = subject.grid.n_fft // 2 + 1
        read = subject.readings if settings.reads == "layers" else (Reading("input", bins),)
        self.psi = Psi(read, components, settings.width)

    @property
    @abstractmethod
    def worth(self) -> Tensor:
        """What each component is worth for each class, ``[C, K]``."""

    @abstractmethod
    def read(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Codes pooled over time ``[B, K]`` and class scores ``[B, C]``."""

    @abstractmethod
    def rebuilt(self, codes: Tensor) -> Tensor:
        """log(1 + |X|) made of codes, ``[B, F, T]``."""

    @abstractmethod
    def share(self, codes: Tensor, chosen: Tensor) -> Tensor:
        """What part of what is rebuilt the chosen components ``[B, N, K]`` are, 0 to 1, ``[B, N, F, T]``."""

    def magnitude(self, heard: Heard) -> Tensor:
        """|X| of the listening STFT ``[B, F, T]``, at the level at which it is taken apart."""
        magnitude = heard.spectrum.abs()
        if self.settings.level == "own":
            return magnitude
        peak = heard.samples.abs().amax(1)
        return magnitude / torch.where(peak > 0, peak, torch.ones_like(peak))[:, None, None]

    def codes(self, heard: Heard) -> Tensor:
        """H ``[B, K, T]`` on the frames of the listening STFT."""
        maps = heard.maps
        if self.settings.reads == "input":
            maps = (self.magnitude(heard).log1p().unsqueeze(2),)  # frequencies as channels
        found: Tensor = self.psi(maps, heard.spectrum.shape[-1])
        return found

    def error(self, heard: Heard, codes: Tensor) -> Tensor:
        """Mean squared error of log(1 + |X|), ``[B]``."""
        return (self.magnitude(heard).log1p() - self.rebuilt(codes)).square().mean((1, 2))

    def figures(self, heard: Heard) -> dict[str, Tensor]:
        """How well it imitates, see `imitation_figures`, and the mean squared error of log(1 + |X|)."""
        codes = self.codes(heard)
        _, scores = self.read(codes)
        return {**imitation_figures(scores, heard), "reconstruction_error": self.error(heard, codes)}

    # --- interpreting ---------------------------------------------------------------------------------------

    @property
    def level(self) -> Level:
        return "stft"

    def interpretation(
        self,
        heard: Heard,
        weights: Tensor,
        *,
        top: int | None = 5,
        threshold: float = 0.2,
        normalise: Normalise = "abs",
        domain: Domain = "magnitude",
        by: By = "relevance",
        seed: int = 0,
    ) -> Interpretation:
        """What it says of a batch, for targets as weights over the logits: ``[B, C]``, or several ``[B, N, C]``.

        Taken are the ``top`` components of highest relevance (None: all) that are above ``threshold``; where there is
        none, the gain is zero. ``by`` takes as many, but those of most energy, or drawn ones, as controls. normalise:
        see `relevance_of`. domain: what the chosen components' share weighs; of log(1 + |X|) it is the published one.
        """
        codes = self.codes(heard)
        pooled, scores = self.read(codes)
        relevance = relevance_of(pooled, self.worth, weights, normalise)
        chosen = relevant(relevance, top, threshold)
        if by == "energy":
            energy = codes.square().sum(-1)
            chosen = as_many(chosen, energy if weights.ndim == 2 else energy.unsqueeze(1))
        elif by == "random":
            draw = torch.Generator().manual_seed(seed)
            chosen = as_many(chosen, torch.rand(codes.shape[1], generator=draw).to(codes))
        gain = self.share(codes, chosen if chosen.ndim == 3 else chosen.unsqueeze(1))
        if domain == "log1p":
            gain = in_log1p(gain, self.magnitude(heard).unsqueeze(1))
        return Interpretation(codes, pooled, scores, relevance, chosen, gain if chosen.ndim == 3 else gain.squeeze(1))

    def relevance(self, heard: Heard, weights: Tensor) -> Tensor:
        return self.laid(heard, self.interpretation(heard, weights).gain)

    def laid(self, heard: Heard, gain: Tensor) -> Tensor:
        """A gain of the listening STFT ``[B, F, T]`` on the bins where an explanation lies."""
        return plane(heard.classifier.frontend, heard.samples.shape[-1]).on_stft(gain)
