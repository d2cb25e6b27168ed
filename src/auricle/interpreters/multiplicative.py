"""Multiplicative updates of sparse NMF for the Kullback-Leibler (β = 1) and Itakura-Saito (β = 0) divergences.

H: h ← h (Wᵀ(V Λ^(β-2)) / (WᵀΛ^(β-1) + µ))^γ with γ = 1 and ½, which never raises the cost (Févotte and Idier 2011).
W: the updates that differentiate through the norm of the columns (Eggert and Körner 2004; Le Roux, Weninger and Hershey
2015, "Sparse NMF: half-baked or well done?"); the step is shortened where it would raise the cost.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from auricle.interpreters.descent import Point

FLOORS = {1: 1e-8, 0: 1e-4}
"""Of the model, as a share of the mean of V: a constant component that keeps quotients finite."""
SMALLEST = 1e-12
"""What is smaller is held there: denormal numbers are slow."""
SHORTEST = 1e-3
LARGEST_FACTOR = 5.0
"""By which a value may run ahead."""


class Multiplicative:
    """D_β(V | W H) + µ Σ H for V ``[F, T]``; the first ``fixed`` columns of W stay as they are."""

    def __init__(self, v: Tensor, beta: Literal[0, 1], sparsity: float, fixed: int) -> None:
        self.floor = FLOORS[beta] * float(v.mean())
        self.v = v if beta == 1 else v + self.floor
        self.beta, self.sparsity, self.fixed = beta, sparsity, fixed
        # Of β = 1, Σ V log V - V; of β = 0, -Σ log V - 1.
        part = torch.xlogy(v, v) - v if beta == 1 else -self.v.log() - 1.0
        self.constant = float(part.sum(dtype=torch.float64))

    def model(self, columns: Tensor, codes: Tensor) -> Tensor:
        return (columns @ codes).add_(self.floor)

    def cost(self, model: Tensor, codes: Tensor) -> float:
        logarithm = model.log()
        if self.beta == 1:
            value = model.sum(dtype=torch.float64) - logarithm.mul_(self.v).sum(dtype=torch.float64)
        else:
            value = (self.v / model).sum(dtype=torch.float64) + logarithm.sum(dtype=torch.float64)
        return float(value) + self.constant + self.sparsity * float(codes.sum(dtype=torch.float64))

    def asked(self, model: Tensor) -> tuple[Tensor, Tensor | None]:
        """V Λ^(β-2), and Λ^(β-1), which is None for ones."""
        if self.beta == 1:
            return self.v / model, None
        inverse = model.reciprocal()
        return self.v * inverse.square(), inverse

    def sweep(self, columns: Tensor, codes: Tensor, *, guarded: bool) -> Point:
        up, down = self.asked(self.model(columns, codes))
        less = columns.sum(0).unsqueeze(1) if down is None else columns.T @ down
        codes = (codes * self.step((columns.T @ up) / (less + self.sparsity).clamp_min(SMALLEST))).clamp_min_(SMALLEST)
        model = self.model(columns, codes)
        if self.fixed == columns.shape[1]:
            return Point(columns, codes, self.cost(model, codes))
        now = Point(columns, codes, self.cost(model, codes)) if guarded else None
        up, down = self.asked(model)
        free = codes[self.fixed :]
        more = up @ free.T
        less = free.sum(1).expand_as(more) if down is None else down @ free.T
        factor = self.step(factor_on_the_sphere(columns[:, self.fixed :], more, less))
        length = 1.0
        while length > SHORTEST:
            moved = self.moved(columns, factor if length == 1.0 else factor.pow(length))
            cost = self.cost(self.model(moved, codes), codes)
            if now is None or cost <= now.cost:
                return Point(moved, codes, cost)
            length /= 2
        assert now is not None
        return now

    def step(self, quotient: Tensor) -> Tensor:
        return quotient if self.beta == 1 else quotient.sqrt()

    def moved(self, columns: Tensor, factor: Tensor) -> Tensor:
        free = (columns[:, self.fixed :] * factor).clamp_min_(SMALLEST)
        return torch.cat([columns[:, : self.fixed], free / free.norm(dim=0)], 1)

    def ahead(self, before: Point, now: Point, momentum: float) -> tuple[Tensor, Tensor]:
        # On a logarithmic scale, as updates are factors: nothing that runs ahead gets stuck at zero.
        factors = (
            (here / there.clamp_min(SMALLEST)).clamp_(1 / LARGEST_FACTOR, LARGEST_FACTOR).pow_(momentum)
            for here, there in ((now.columns, before.columns), (now.codes, before.codes))
        )
        return self.moved(now.columns, next(factors)[:, self.fixed :]), now.codes * next(factors)


def factor_on_the_sphere(columns: Tensor, more: Tensor, less: Tensor) -> Tensor:
    """What unit-norm columns ``[F, K]`` are multiplied by, before they get norm one again.

    ``more`` and ``less`` are the two parts of the gradient, (V Λ^(β-2)) Hᵀ and Λ^(β-1) Hᵀ; the other terms are what
    the norm adds to each, so that both sides stay non-negative.
    """
    tiny = torch.finfo(columns.dtype).tiny
    up = more + columns * (columns * less).sum(0)
    down = less + columns * (columns * more).sum(0)
    return (up + tiny) / (down + tiny)
