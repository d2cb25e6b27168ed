"""The Euclidean case of sparse NMF, β = 2: each row of H and each column of W in turn, exactly.

With unit-norm columns both have closed forms: with R the rest that the other components leave, the best row is
h_k = max(0, w_kᵀ R - µ) and the best column max(0, R h_kᵀ), scaled to norm one (hierarchical alternating least squares:
Cichocki and Phan 2009; several rounds on one product pay, Gillis and Glineur 2012).
"""

from __future__ import annotations

import torch
from torch import Tensor

from auricle.interpreters.descent import Point

ROUNDS = 2
"""Of columns, on one product V Hᵀ."""


class Euclidean:
    """½ ‖V - W H‖² + µ Σ H for V ``[F, T]``; the first ``fixed`` columns of W stay as they are."""

    def __init__(self, v: Tensor, sparsity: float, fixed: int) -> None:
        self.v, self.sparsity, self.fixed = v, sparsity, fixed
        self.energy = 0.5 * float((v * v).sum(dtype=torch.float64))

    def sweep(self, columns: Tensor, codes: Tensor, *, guarded: bool) -> Point:
        gram, seen = columns.T @ columns, columns.T @ self.v
        codes = rows_in_turn(codes, gram, seen - self.sparsity)
        if self.fixed < columns.shape[1]:
            seen, among = codes @ self.v.T, codes @ codes.T
            rows = columns_in_turn(columns.T.contiguous(), seen, among, self.fixed)
            columns, gram = rows.T.contiguous(), rows @ rows.T
            explained = (seen * rows).sum(dtype=torch.float64) - 0.5 * (gram * among).sum(dtype=torch.float64)
        else:
            explained = (seen * codes).sum(dtype=torch.float64)
            explained = explained - 0.5 * (gram @ codes * codes).sum(dtype=torch.float64)
        cost = self.energy - float(explained) + self.sparsity * float(codes.sum(dtype=torch.float64))
        return Point(columns, codes, max(cost, 0.0))

    def ahead(self, before: Point, now: Point, momentum: float) -> tuple[Tensor, Tensor]:
        columns, codes = (
            (here + momentum * (here - there)).clamp_min_(0.0)
            for here, there in ((now.columns, before.columns), (now.codes, before.codes))
        )
        return with_unit_norm(columns, now.columns, self.fixed), codes


def rows_in_turn(codes: Tensor, gram: Tensor, seen: Tensor) -> Tensor:
    """H ``[K, T]`` with each row in turn at its best, from WᵀW ``[K, K]`` and WᵀV - µ ``[K, T]``."""
    codes = codes.clone()
    scale = gram.diagonal().clamp_min(torch.finfo(gram.dtype).tiny)
    gram, seen = gram / scale.unsqueeze(1), seen / scale.unsqueeze(1)
    for k, row in enumerate(codes):
        already = gram[k] @ codes
        row.add_(seen[k]).sub_(already).clamp_min_(0.0)
    return codes


def columns_in_turn(rows: Tensor, seen: Tensor, among: Tensor, fixed: int) -> Tensor:
    """Wᵀ ``[K, F]`` with each column in turn at its best on the unit sphere, from H Vᵀ and H Hᵀ; changes ``rows``."""
    for _ in range(ROUNDS):
        for k in range(fixed, len(rows)):
            wanted = (seen[k] - among[k] @ rows + among[k, k] * rows[k]).clamp_min_(0.0)
            norm = wanted.norm()
            # A component without any code is not asked for anything: it stays as it is.
            rows[k] = torch.where(norm > 0, wanted / norm.clamp_min(torch.finfo(rows.dtype).tiny), rows[k])
    return rows


def with_unit_norm(columns: Tensor, otherwise: Tensor, fixed: int = 0) -> Tensor:
    """Columns of norm one, those after the first ``fixed``; one that is all zero is taken from ``otherwise``."""
    norm = columns.norm(dim=0)
    tiny = torch.finfo(columns.dtype).tiny
    scaled = torch.where(norm > 0, columns / norm.clamp_min(tiny), otherwise)
    return torch.cat([otherwise[:, :fixed], scaled[:, fixed:]], 1) if fixed else scaled
