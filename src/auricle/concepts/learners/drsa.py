"""Disentangled relevant subspace analysis, and the same search without the model: subspaces found by climbing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.concepts.learners.base import Blocks, Learner
from auricle.concepts.learners.climbing import Path, adam, ascent, lbfgs
from auricle.concepts.learners.grouping import grouped_start
from auricle.concepts.learners.objective import Objective, scaled
from auricle.concepts.learners.orthogonal import RETRACTIONS, haar, polar
from auricle.concepts.learners.search import Climb, Stop, climb
from auricle.concepts.moments import Moments
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError
from auricle.settings import settings

RATES = {"ascent": 1.0, "adam": 0.01}


@dataclass(frozen=True, kw_only=True, config=settings)
class DRSA(Blocks, Learner):
    """Subspaces of which each carries much relevance for some of the vectors, and none carries little.

    Maximises J(U) = M^½_k M²_n [R_nk]₊, R_nk = (U_kᵀa_n)ᵀ(U_kᵀc_n), over orthonormal U; M^p is the power mean, a soft
    maximum over vectors (p = 2) inside a soft minimum over concepts (p = ½). a and c are first divided by their root
    mean square and by d^¼. J knows no order of the concepts and no rotation within them.

    J does not see negative shares, so a concept may collect them; ``garbage`` tells of it. With ``signed`` they cost:
    J - M²_nk [-R_nk]₊, where the root mean square over all shares weighs one concept full of them more than a little in
    each. It equals J where no share is negative, is as smooth, and has the same invariances.

    ``lbfgs`` needs some hundred steps where the published gradient ascent (``ascent`` at rate 1, 2000 steps, tolerance
    0) needs thousands. Random starts end in local maxima, so one of its starts is put together from single directions
    (``grouping``).
    """

    name: ClassVar[str] = "drsa"
    summary: ClassVar[str] = "subspaces that are relevant at different times: the model's own concepts"
    source: ClassVar[str] = "Chormai et al. 2022, Disentangled explanations of neural network predictions, 2212.14855"

    softmin_order: float = Field(default=2.0, ge=1, description="q of the mean M^(1/q) over concepts; 1: plain mean")
    signed: bool = Field(default=False, description="negative shares count against a concept")
    optimiser: Literal["lbfgs", "adam", "ascent"] = Field(default="lbfgs", description="ascent is the published one")
    orthogonality: Literal["polar", "matrix-exp"] = Field(default="polar", description="how a step stays orthonormal")
    starts: int = Field(default=3, ge=1, description="starts that climb at once; the best is kept")
    grouped: bool = Field(default=True, description="the first start of lbfgs is put together from directions")
    steps: int = Field(default=500, ge=1, description="at most so many")
    rate: float | None = Field(default=None, gt=0, description="step size; None is 1 for ascent, 0.01 for adam")
    tolerance: float = Field(default=1e-4, ge=0, description="stop where 10 steps gain less than this share of J")
    batch: int | None = Field(default=None, ge=2, description="vectors in a step of adam or ascent; None takes all")
    patience: int = Field(default=10, ge=1, description="looks, every 10 steps, without held-out gain before it stops")

    def __post_init__(self) -> None:
        if self.optimiser == "lbfgs":
            for setting in ("batch", "rate"):
                if getattr(self, setting) is not None:
                    raise AuricleError(f"lbfgs has no use for {setting}; take optimiser=adam, or leave {setting} out")

    def _fit(
        self, a: Tensor, c: Tensor, moments: Moments, held_out: tuple[Tensor, Tensor] | None, seed: int
    ) -> Subspaces:
        sizes = self.blocks(a.shape[1])
        objective = Objective(*scaled(a, c), sizes, self.softmin_order, self.signed)
        checked = None
        if held_out is not None:
            others = scaled(held_out[0].to(a), held_out[1].to(c), like=(a, c))
            checked = Objective(*others, sizes, self.softmin_order, self.signed)
        found = self._climbed(objective, checked, seed)
        values = objective(found.bases)
        best = int((values if found.held_out is None else found.held_out).argmax())
        # Rounding of many steps is taken away at the end.
        basis = polar(found.bases[best].cpu().double())
        told = {
            **_agreement([Subspaces(polar(each.cpu().double()), sizes) for each in found.bases], best, seed),
            "objective": float(values[best]),
            "held_out": None if found.held_out is None else float(found.held_out[best]),
            "history": {**found.history(best), "starts": values.tolist()},
        }
        return Subspaces(basis, sizes, statistics=told)

    def _climbed(self, objective: Objective, held_out: Objective | None, seed: int) -> Climb:
        retract = RETRACTIONS[self.orthogonality]
        # J of one batch beside that of another says nothing of the gain.
        stop = Stop(self.steps, 0.0 if self.batch else self.tolerance, self.patience)
        bases = haar(self.starts, objective.a.shape[1], sum(objective.sizes), seed)
        bases = bases.to(objective.a.device, objective.working_type)
        if self.optimiser == "lbfgs" and self.grouped:
            bases = torch.cat([grouped_start(objective, seed), bases[1:]])
        if self.optimiser == "lbfgs":
            path: Path = lbfgs(objective, bases, retract)
        else:
            step = ascent if self.optimiser == "ascent" else adam
            batches = None if self.batch is None else _batches(objective.a, self.batch, seed)
            path = step(objective, bases, retract, self.rate or RATES[self.optimiser], batches)
        return climb(path, stop, held_out)


@dataclass(frozen=True, kw_only=True, config=settings)
class DSA(DRSA):
    """DRSA with activations in place of contexts: what the network sees, not what it uses. The control of DRSA."""

    name: ClassVar[str] = "dsa"
    summary: ClassVar[str] = "subspaces that are active at different times, whatever the model makes of them"

    def _fit(
        self, a: Tensor, c: Tensor, moments: Moments, held_out: tuple[Tensor, Tensor] | None, seed: int
    ) -> Subspaces:
        return super()._fit(a, a, moments, None if held_out is None else (held_out[0], held_out[0]), seed)


def _agreement(fits: list[Subspaces], best: int, seed: int) -> dict[str, Any]:
    """How alike the starts ended, the best one's concepts first."""
    from auricle.concepts.similarity import stability  # which is made of these learners' projections

    if len(fits) < 2:
        return {}
    found = stability([fits[best], *fits[:best], *fits[best + 1 :]], seed=seed)
    return {
        "stability": found.mean,
        "stability_by_chance": found.chance,
        "stabilities": list(found.concepts),
    }


def _batches(a: Tensor, size: int, seed: int) -> Iterator[Tensor]:
    """Endless shuffled batches of row numbers, no vector twice in a round; what does not fill a batch waits."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        for index in torch.randperm(len(a), generator=generator).split(size):
            if len(index) == min(size, len(a)):
                yield index.to(a.device)
