"""Learning columns from batches of frames, one after the other, in constant memory.

What batches say of the columns is kept as sums that fade, so that each sum is the majorising function of all codes
found so far: V Hᵀ and H Hᵀ for β = 2 (Mairal, Bach, Ponce and Sapiro 2010), the parts of the multiplicative update for
the others (Lefèvre, Bach and Févotte 2011).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.errors import AuricleError
from auricle.interpreters.hals import columns_in_turn
from auricle.interpreters.multiplicative import SMALLEST, Multiplicative, factor_on_the_sphere
from auricle.interpreters.sparse_nmf import SparseNMF, checked, codes, problem_of

FADING = 0.9
"""What a sum keeps of itself when the next batch comes: ten batches count."""
CODING = 30
"""Iterations for the codes of a batch."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """columns: W ``[F, K]``. history: what each batch cost a frame, before the columns learnt from it."""

    columns: Tensor
    history: list[float]


def fit_batches(
    nmf: SparseNMF, batches: Iterable[Tensor], *, start: Tensor | None = None, fixed: Tensor | None = None
) -> Learnt:
    """The columns of a `SparseNMF` of all batches ``[F, T]`` (T may differ), each of which is seen once.

    The first batch is factorised by `SparseNMF.fit`, from ``start`` where one is given; ``fixed`` is as there. Silent
    batches are passed over. Raises `AuricleError` if nothing sounds.
    """
    columns, sums, history = None, None, list[float]()
    kept = 0 if fixed is None else fixed.shape[1]
    for batch in batches:
        checked(batch, silent=True)
        if not batch.any():
            continue
        if columns is None:
            found = nmf.fit(batch, start=start, fixed=fixed)
            columns, of_batch = found.columns, found.codes
            history.append(found.history[-1] / batch.shape[1])
        else:
            of_batch = codes(batch, columns, beta=nmf.beta, sparsity=nmf.sparsity, iterations=CODING)
            problem = problem_of(batch, nmf.beta, nmf.sparsity, columns.shape[1])
            history.append(problem.sweep(columns, of_batch, guarded=True).cost / batch.shape[1])
        said = said_of(nmf, batch, columns, of_batch)
        sums = said if sums is None else (FADING * sums[0] + said[0], FADING * sums[1] + said[1])
        columns = learnt(nmf, columns, sums, kept)
    if columns is None:
        raise AuricleError("no clip sounds, so there is nothing to learn; give clips that are not silent")
    return Learnt(columns, history)


def said_of(nmf: SparseNMF, v: Tensor, columns: Tensor, of_batch: Tensor) -> tuple[Tensor, Tensor]:
    """What a batch says of the columns: H Vᵀ and H Hᵀ, or the two parts of their gradient, the first times W^(2-β)."""
    if nmf.beta == 2:
        return of_batch @ v.T, of_batch @ of_batch.T
    problem = Multiplicative(v, nmf.beta, nmf.sparsity, 0)
    up, down = problem.asked(problem.model(columns, of_batch))
    more = columns.pow(2 - nmf.beta) * (up @ of_batch.T)
    return more, of_batch.sum(1).expand_as(more) if down is None else down @ of_batch.T


def learnt(nmf: SparseNMF, columns: Tensor, sums: tuple[Tensor, Tensor], fixed: int) -> Tensor:
    """Columns ``[F, K]`` after one update from the sums; the first ``fixed`` stay."""
    if nmf.beta == 2:
        return columns_in_turn(columns.T.contiguous(), *sums, fixed).T.contiguous()
    free, more, less = columns[:, fixed:], sums[0][:, fixed:], sums[1][:, fixed:]
    factor = factor_on_the_sphere(free, more / free.clamp_min(SMALLEST).pow(2 - nmf.beta), less)
    moved = (free * (factor if nmf.beta == 1 else factor.sqrt())).clamp_min(SMALLEST)
    return torch.cat([columns[:, :fixed], moved / moved.norm(dim=0)], 1)
