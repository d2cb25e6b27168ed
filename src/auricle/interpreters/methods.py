"""The methods that interpreters are, by the kind of the interpreter."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.interpreters.base import Interpreter
from auricle.interpreters.componentwise import By, ComponentInterpreter
from auricle.interpreters.flint import FLINT
from auricle.interpreters.heard import Heard
from auricle.interpreters.interpretation import Normalise
from auricle.interpreters.l2i import L2I
from auricle.interpreters.lmac import LMAC
from auricle.interpreters.masked import Domain
from auricle.interpreters.method import LearntMethod
from auricle.interpreters.saliency import AmortisedMask
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class ListenableMaps(LearntMethod):
    """The mask that an L-MAC interpreter draws from the classifier's layers; write ``lmac:FOLDER``."""

    name: ClassVar[str] = LMAC.kind
    summary: ClassVar[str] = LMAC.summary
    source: ClassVar[str] = LMAC.source


@dataclass(frozen=True, kw_only=True, config=settings)
class Amortised(LearntMethod):
    """The mask that a network draws from the classifier's input alone; write ``mask:FOLDER``."""

    name: ClassVar[str] = AmortisedMask.kind
    summary: ClassVar[str] = AmortisedMask.summary
    source: ClassVar[str] = AmortisedMask.source


@dataclass(frozen=True, kw_only=True, config=settings)
class InComponents(LearntMethod):
    """The components that speak for the target, of an interpreter in components.

    Where no component passes the threshold the mask is zero and nothing is heard.
    """

    by: ClassVar[By] = "relevance"

    top: int | None = Field(5, ge=1, description="components at most; null: all that pass the threshold")
    threshold: float = Field(
        0.2, ge=0, le=1, description="relevance above which one is heard; published: 0.3 with several labels"
    )
    normalise: Normalise = Field("abs", description="relevance over its largest magnitude, or as published its maximum")
    domain: Domain = Field(
        "magnitude", description="what the mask weighs: |X|, so that both parts add up, or as published log(1 + |X|)"
    )

    def _relevance(self, interpreter: Interpreter, heard: Heard, weights: Tensor, seed: int) -> Tensor:
        assert isinstance(interpreter, ComponentInterpreter)
        found = interpreter.interpretation(
            heard,
            weights,
            top=self.top,
            threshold=self.threshold,
            normalise=self.normalise,
            domain=self.domain,
            by=self.by,
            seed=seed,
        )
        return interpreter.laid(heard, found.gain)


@dataclass(frozen=True, kw_only=True, config=settings)
class ListenToInterpret(InComponents):
    """The components of an L2I interpreter that speak for the target; write ``l2i:FOLDER``."""

    name: ClassVar[str] = L2I.kind
    summary: ClassVar[str] = L2I.summary
    source: ClassVar[str] = L2I.source

    @property
    def kind(self) -> str:
        return L2I.kind


@dataclass(frozen=True, kw_only=True, config=settings)
class RandomComponents(ListenToInterpret):
    """As many components of an L2I interpreter as it would choose, drawn; write ``l2i-random:FOLDER``."""

    name: ClassVar[str] = "l2i-random"
    summary: ClassVar[str] = "a control for l2i: as many components, drawn at random"
    by: ClassVar[By] = "random"


@dataclass(frozen=True, kw_only=True, config=settings)
class LoudestComponents(ListenToInterpret):
    """As many components of an L2I interpreter as it would choose, the loudest; write ``l2i-energy:FOLDER``."""

    name: ClassVar[str] = "l2i-energy"
    summary: ClassVar[str] = "a control for l2i: as many components, those of most energy in the clip"
    by: ClassVar[By] = "energy"


@dataclass(frozen=True, kw_only=True, config=settings)
class Attributes(InComponents):
    """What the attributes of a FLINT interpreter that speak for the target sound like; write ``flint:FOLDER``."""

    name: ClassVar[str] = FLINT.kind
    summary: ClassVar[str] = FLINT.summary
    source: ClassVar[str] = FLINT.source


LEARNT: dict[str, type[LearntMethod]] = {
    each.name: each
    for each in (ListenToInterpret, RandomComponents, LoudestComponents, Attributes, ListenableMaps, Amortised)
}
