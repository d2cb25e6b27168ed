"""Orthonormal bases ``[..., d, m]``: random ones, the nearest one, and steps that stay orthonormal.

Papers: polar retraction, Absil & Malick 2012; steps along geodesics, Edelman, Arias & Smith 1998.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Retraction = Callable[[Tensor, Tensor], Tensor]
"""(basis, step) to the next basis, all ``[..., d, m]``."""


def haar(starts: int, channels: int, directions: int, seed: int) -> Tensor:
    """``[starts, d, m]`` in float64, uniform over all orthonormal bases (Haar measure)."""
    drawn = torch.randn(
        starts, channels, directions, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    q, r = torch.linalg.qr(drawn)
    # QR alone favours some signs.
    return q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


def polar(w: Tensor) -> Tensor:
    """W (WᵀW)^(-1/2): the nearest basis with orthonormal columns."""
    values, vectors = torch.linalg.eigh(w.mT @ w)
    values = values.clamp_min(torch.finfo(w.dtype).tiny)
    return w @ (vectors * values.rsqrt().unsqueeze(-2)) @ vectors.mT


def tangent(basis: Tensor, step: Tensor) -> Tensor:
    """The part of a step that keeps, to first order, the basis orthonormal: G - U sym(Uᵀ G)."""
    inner = basis.mT @ step
    return step - basis @ (0.5 * (inner + inner.mT))


def polar_step(basis: Tensor, step: Tensor) -> Tensor:
    return polar(basis + step)


def exponential_step(basis: Tensor, step: Tensor) -> Tensor:
    """exp(A) U, where the skew A has A U = the step's tangent part."""
    along = tangent(basis, step)
    half = (along - 0.5 * basis @ (basis.mT @ along)) @ basis.mT
    return torch.linalg.matrix_exp(half - half.mT) @ basis


RETRACTIONS: dict[str, Retraction] = {"polar": polar_step, "matrix-exp": exponential_step}
