"""Concepts as eigenvectors of second moments: one eigen-decomposition, no search.

Blocks of several directions take eigenvectors one after the other from the largest eigenvalue down: the first block the
first d_k of them, and so on. No moment is centred unless it says so. Eigenvectors point to the mean activation.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.concepts.learners.base import Blocks, MomentLearner
from auricle.concepts.moments import Moments
from auricle.concepts.subspaces import Subspaces
from auricle.settings import settings

SUBDISTILL = "a variant of PRCA in the SubDistill code of its authors"


@dataclass(frozen=True, kw_only=True, config=settings)
class EigenLearner(Blocks, MomentLearner):
    """The top eigenvectors of a symmetric matrix of moments."""

    size: int | None = Field(default=1, ge=1, description="directions of a concept; None shares channels equally")

    @abstractmethod
    def matrix(self, moments: Moments) -> Tensor:
        """What is decomposed, ``[d, d]``."""

    def _find(self, moments: Moments, seed: int) -> Subspaces:
        sizes = self.blocks(len(moments.a))
        values, vectors = torch.linalg.eigh(self.matrix(moments))
        # eigh sorts from the smallest up.
        values, vectors = values.flip(0)[: sum(sizes)], vectors.flip(1)[:, : sum(sizes)]
        vectors = torch.where(moments.a @ vectors < 0, -vectors, vectors)
        eigenvalues = [block.tolist() for block in values.split(list(sizes))]
        return Subspaces(vectors, sizes, statistics={"eigenvalues": eigenvalues})


@dataclass(frozen=True, kw_only=True, config=settings)
class PRCA(EigenLearner):
    """Principal relevant component analysis: of all bases of m directions, the one that keeps most relevance.

    max E[(Uᵀa)ᵀ(Uᵀc)] over UᵀU = 1 are the top eigenvectors of Σ = E[acᵀ + caᵀ]. Half an eigenvalue is the expected
    relevance along its direction; those of directions that speak against the target are negative.
    """

    name: ClassVar[str] = "prca"
    summary: ClassVar[str] = "the directions that keep most of the relevance"
    source: ClassVar[str] = "Chormai et al. 2022, Disentangled explanations of neural network predictions, 2212.14855"

    def matrix(self, moments: Moments) -> Tensor:
        return (moments.ac + moments.ac.T) / moments.count


@dataclass(frozen=True, kw_only=True, config=settings)
class PositivePRCA(EigenLearner):
    """PRCA whose matrix is positive definite, so that what speaks against the target has large eigenvalues too.

    Σ + 2 √(tr C / tr A) A + 2 √(tr A / tr C) C, with A = E[aaᵀ] and C = E[ccᵀ].
    """

    name: ClassVar[str] = "prca-positive"
    summary: ClassVar[str] = "PRCA that also counts how much directions vary"
    source: ClassVar[str] = SUBDISTILL

    centred: bool = Field(default=False, description="A is the covariance of activations, about their mean")

    def matrix(self, moments: Moments) -> Tensor:
        a, c = moments.aa / moments.count, moments.cc / moments.count
        if self.centred:
            mean = moments.a / moments.count
            a = a - torch.outer(mean, mean)
        ratio = (c.trace() / a.trace().clamp_min(torch.finfo(a.dtype).tiny)).sqrt()
        return (moments.ac + moments.ac.T) / moments.count + 2 * ratio * a + 2 / ratio * c


@dataclass(frozen=True, kw_only=True, config=settings)
class PCA(EigenLearner):
    """Top eigenvectors of E[aaᵀ]: the directions in which activations are large, whatever the model makes of them."""

    name: ClassVar[str] = "pca"
    summary: ClassVar[str] = "the directions of largest activation"
    source: ClassVar[str] = "Pearson 1901; about zero, not the mean, as the baseline of Chormai et al. 2022"

    def matrix(self, moments: Moments) -> Tensor:
        return moments.aa / moments.count


@dataclass(frozen=True, kw_only=True, config=settings)
class GradientPCA(EigenLearner):
    """Top eigenvectors of E[ccᵀ]: the directions to which the output responds most, whether or not they are active."""

    name: ClassVar[str] = "gradient-pca"
    summary: ClassVar[str] = "the directions of largest response"
    source: ClassVar[str] = "Constantine et al. 2014, Active subspace methods"

    def matrix(self, moments: Moments) -> Tensor:
        return moments.cc / moments.count
