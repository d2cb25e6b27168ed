"""Columns that say the same twice: how many there are, and what is done about them."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from auricle.errors import AuricleError
from auricle.interpreters.sparse_nmf import Factors, SparseNMF, codes
from auricle.interpreters.starts import drawn_frames

ROUNDS = 3
NEVER_USED = 1e-6
"""A column whose codes sum to less of the largest sum is of no use."""


def cosines(columns: Tensor) -> Tensor:
    """The cosine of each pair of columns ``[F, K]``, as ``[K (K - 1) / 2]``; 0 to 1, as columns are non-negative."""
    scaled = columns / columns.norm(dim=0).clamp_min(torch.finfo(columns.dtype).tiny)
    above = torch.triu_indices(columns.shape[1], columns.shape[1], 1)
    return (scaled.T @ scaled)[above[0], above[1]]


def distinct(columns: Tensor, threshold: float, importance: Tensor | None = None) -> list[int]:
    """Which columns stay if of two with a cosine above ``threshold`` the less important one (``[K]``) goes.

    Without ``importance`` the later one goes.

    >>> distinct(torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.1, 1.0]]), 0.9)
    [0, 2]
    """
    if not 0 < threshold <= 1:
        raise AuricleError(f"threshold is {threshold}; give a cosine above 0 and at most 1")
    count = columns.shape[1]
    order = range(count) if importance is None else importance.argsort(descending=True, stable=True).tolist()
    scaled = columns / columns.norm(dim=0).clamp_min(torch.finfo(columns.dtype).tiny)
    alike = (scaled.T @ scaled > threshold).cpu()
    kept: list[int] = []
    for k in order:
        if not alike[k, kept].any():
            kept.append(k)
    return sorted(kept)


def fit_distinct(nmf: SparseNMF, v: Tensor, threshold: float = 0.9) -> Factors:
    """`SparseNMF.fit` of V ``[F, T]`` without two columns whose cosine is above ``threshold``.

    Of two such columns the one with the smaller codes goes, and so does one without codes; a frame from what the others
    leave unexplained takes its place, and learning goes on. After three rounds those still alike are left out, so there
    may be fewer than ``nmf.components``. The history is that of all rounds; it may rise where one begins.
    """
    found = nmf.fit(v)
    history, rounds = list(found.history), 0
    while len(kept := _kept(found, threshold)) < found.columns.shape[1]:
        start = found.columns[:, kept]
        missing, rounds = found.columns.shape[1] - len(kept), rounds + 1
        if rounds <= ROUNDS:
            model = start @ codes(v, start, beta=nmf.beta, sparsity=nmf.sparsity)
            left = (v - model).clamp_min(0)
            start = torch.cat([start, drawn_frames(left if left.any() else v, missing, nmf.seed + rounds)], 1)
        found = replace(nmf, components=start.shape[1]).fit(v, start=start)
        history += found.history
    return Factors(found.columns, found.codes, history)


def _kept(found: Factors, threshold: float) -> list[int]:
    used = found.codes.sum(1)
    return [k for k in distinct(found.columns, threshold, used) if used[k] > NEVER_USED * used.max()]
