"""Non-negative parts of activations, as directions that need not be orthogonal."""

from __future__ import annotations

import warnings
from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.concepts.learners.base import Learner
from auricle.concepts.moments import Moments
from auricle.concepts.subspaces import Subspaces, sizes_of
from auricle.errors import AuricleError
from auricle.settings import settings


@dataclass(frozen=True, kw_only=True, config=settings)
class NMF(Learner):
    """A ≈ H W with H, W ≥ 0: each of the K rows of W is one concept, a direction ``[d]`` of length 1.

    The directions are oblique, so what an activation has of them is read by the pseudo-inverse: V = pinv(W)ᵀ, VᵀW = 1.
    What all of them leave is the residual. Contexts only order the concepts.
    """

    name: ClassVar[str] = "nmf"
    summary: ClassVar[str] = "non-negative parts that activations are made of"
    source: ClassVar[str] = "Lee & Seung 1999; for concepts Zhang et al. 2021, Invertible concept-based explanations"

    concepts: int = Field(default=4, ge=1, description="how many concepts (K)")
    steps: int = Field(default=300, ge=1, description="at most so many rounds of coordinate descent")

    def check_channels(self, channels: int) -> None:
        sizes_of(self.concepts, channels, 1)

    def _fit(
        self, a: Tensor, c: Tensor, moments: Moments, held_out: tuple[Tensor, Tensor] | None, seed: int
    ) -> Subspaces:
        from sklearn.decomposition import NMF as Factorisation
        from sklearn.exceptions import ConvergenceWarning

        sizes = sizes_of(self.concepts, a.shape[1], 1)
        if float(a.min()) < 0.0:
            raise AuricleError(
                "nmf needs activations that are not negative, and these are; choose a layer after a ReLU, or prca"
            )
        model = Factorisation(self.concepts, init="nndsvda", random_state=seed, max_iter=self.steps)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(a.double().cpu().numpy())
        basis = torch.as_tensor(model.components_.T.copy(), dtype=torch.float64)
        lengths = basis.norm(dim=0)
        if int(torch.linalg.matrix_rank(basis)) < self.concepts:
            raise AuricleError(
                f"these activations do not have {self.concepts} different non-negative parts; ask for fewer concepts"
            )
        basis = basis / lengths
        return Subspaces(basis, sizes, torch.linalg.pinv(basis).T, {"error": float(model.reconstruction_err_)})
