"""What DRSA makes as large as it can: every concept should carry much relevance for some of the vectors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

CHUNK = {"cpu": 2**18}
"""Numbers per intermediate result: on a CPU one that fits the cache is several times faster."""
CHUNK_ELSEWHERE = 2**25


@dataclass(frozen=True, eq=False)
class Objective:
    """J(U) = M^½_k M²_n [R_nk]₊ of shares R_nk = (U_kᵀ a_n)ᵀ (U_kᵀ c_n), M^p the power mean (Chormai et al. 2022).

    a, c: ``[N, d]``, see `scaled`. sizes: d_k of the blocks, Σ d_k = m. softmin_order: q of the mean M^(1/q) over
    concepts; 2 as published, 1 the plain mean. signed: see `DRSA`. Bases are ``[S, d, m]``, S starts at once.
    """

    a: Tensor
    c: Tensor
    sizes: tuple[int, ...]
    softmin_order: float = 2.0
    signed: bool = False

    @property
    def working_type(self) -> torch.dtype:
        """That of the bases: double wherever the device has it, as they are small."""
        return torch.float32 if self.a.device.type == "mps" else torch.float64

    def rows(self, index: Tensor) -> Objective:
        """The objective over some of the vectors."""
        return replace(self, a=self.a[index], c=self.c[index])

    def __call__(self, u: Tensor) -> Tensor:
        """J ``[S]`` in the type of the bases."""
        return self._visit(u, gradient=False)[0]

    def value_and_gradient(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """J ``[S]`` and ∂J/∂U ``[S, d, m]``.

        ∂J/∂R_nk is [R_nk]₊ times a factor of the concept, so one visit to the vectors gives both: the factors, known
        at its end, scale the columns of Aᵀ([R]₊ ⊙ CU) + Cᵀ([R]₊ ⊙ AU).
        """
        return self._visit(u, gradient=True)

    def _visit(self, u: Tensor, gradient: bool) -> tuple[Tensor, Tensor]:
        starts, d, m = u.shape
        count, concepts = len(self.a), len(self.sizes)
        columns = u.permute(1, 0, 2).reshape(d, starts * m).to(self.a)
        member = torch.block_diag(*[torch.ones(size, 1) for size in self.sizes]).to(self.a)
        parts = (1.0, -1.0) if self.signed else (1.0,)
        squares = u.new_zeros(len(parts), starts, concepts)
        slopes = self.a.new_zeros(len(parts), d, starts * m)
        step = max(CHUNK.get(self.a.device.type, CHUNK_ELSEWHERE) // (starts * m), 1)
        for first in range(0, count, step):
            a, c = self.a[first : first + step], self.c[first : first + step]
            h, g = a @ columns, c @ columns
            shares = (h * g).view(-1, m) @ member
            for i, sign in enumerate(parts):
                kept = (sign * shares).relu_()
                squares[i] += kept.square().view(-1, starts, concepts).sum(0)
                if gradient:
                    weight = (kept @ member.T).view_as(h)
                    slopes[i].addmm_(a.T, weight * g).addmm_(c.T, weight.mul_(h))
        means = (squares / count).clamp_min(torch.finfo(u.dtype).tiny ** 0.25)
        value, factors = self._reduced(means)
        if not gradient:
            return value, slopes
        each = slopes.to(u).view(len(parts), d, starts, m).permute(0, 2, 1, 3)
        wide = (factors / count) @ member.to(u).T
        return value, (each * wide.unsqueeze(-2)).sum(0)

    def _reduced(self, means: Tensor) -> tuple[Tensor, Tensor]:
        """J ``[S]`` from mean squares ``[parts, S, K]``, and the factors ∂J/∂R_nk = factor · N⁻¹ [±R_nk]₊."""
        p = 1.0 / self.softmin_order
        softmax = means[0].sqrt()
        value = softmax.pow(p).mean(-1).pow(1.0 / p)
        factor = value.unsqueeze(-1).pow(1.0 - p) * softmax.pow(p - 2.0) / softmax.shape[-1]
        if not self.signed:
            return value, factor.unsqueeze(0)
        loss = means[1].mean(-1).sqrt()
        # R falls where [-R]₊ grows: two minus signs make a plus.
        rise = (1.0 / (loss * softmax.shape[-1])).unsqueeze(-1).expand_as(factor)
        return value - loss, torch.stack([factor, rise])


def scaled(a: Tensor, c: Tensor, like: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
    """a and c ``[N, d]``, each divided by its root mean square over all entries and by d^¼.

    So a gradient step of 1 has a sensible length whatever the layer. ``like``: the vectors whose size counts, for
    held-out ones those of the fit.
    """
    scale = [(x.double().square().mean().sqrt() * x.shape[1] ** 0.25).to(x) for x in (like or (a, c))]
    return a / scale[0], c / scale[1]
