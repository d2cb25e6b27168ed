"""Random subspaces: what every learner must beat."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from auricle.concepts.learners.base import Blocks, MomentLearner
from auricle.concepts.learners.orthogonal import haar
from auricle.concepts.moments import Moments
from auricle.concepts.subspaces import Subspaces
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class RandomBlocks(Blocks, MomentLearner):
    """Blocks of a random orthonormal basis, uniform over all of them (Haar measure); moments only order them."""

    name: ClassVar[str] = "random"
    summary: ClassVar[str] = "random subspaces, the control"
    source: ClassVar[str] = "Stewart 1980, The efficient generation of random orthogonal matrices"

    def _find(self, moments: Moments, seed: int) -> Subspaces:
        sizes = self.blocks(len(moments.a))
        return Subspaces(haar(1, len(moments.a), sum(sizes), seed)[0], sizes)
