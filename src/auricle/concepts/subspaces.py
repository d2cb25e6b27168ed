"""Concepts as subspaces of a layer: blocks of directions among its d channels.

A block of directions U_k ``[d, d_k]`` takes from an activation vector a the part h_k = V_kᵀ a and gives it back as
U_k h_k, where V_k = U_k for an orthonormal basis. With the context c (relevance in gradient form, R = a ⊙ c) its share
of the relevance is R_k = h_kᵀ (U_kᵀ c) = aᵀ P_k c, with P_k = V_k U_kᵀ (Chormai et al. 2022, arXiv 2212.14855).
What a concept *is* is P_k: any rotation within its block is the same concept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from auricle.errors import AuricleError


@dataclass(frozen=True, eq=False)
class Subspaces:
    """K blocks of directions of a layer with d channels.

    basis: ``[d, m]``, the columns of the first block first. sizes: d_k of every block, Σ d_k = m ≤ d. analysis:
    ``[d, m]`` with analysisᵀ basis = 1; None where the basis is orthonormal and so its own. statistics: what is known
    of the fit, as plain values. Where m < d the rest of the space is one more block, the residual.
    """

    basis: Tensor
    sizes: tuple[int, ...]
    analysis: Tensor | None = None
    statistics: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        d, m = self.basis.shape
        if sum(self.sizes) != m or m > d or min(self.sizes, default=0) < 1:
            raise AuricleError(f"blocks of {list(self.sizes)} directions do not fit a basis of shape {(d, m)}")

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def channels(self) -> int:
        return self.basis.shape[0]

    @property
    def has_residual(self) -> bool:
        return self.basis.shape[1] < self.basis.shape[0]

    @property
    def dual(self) -> Tensor:
        """V ``[d, m]``."""
        return self.basis if self.analysis is None else self.analysis

    def block(self, k: int) -> Tensor:
        """U_k ``[d, d_k]``."""
        return self.basis[:, self._place(k)]

    def _place(self, k: int) -> slice:
        start = sum(self.sizes[:k])
        return slice(start, start + self.sizes[k])

    def projectors(self) -> Tensor:
        """P_k = V_k U_kᵀ, ``[K, d, d]``; where there is a residual it comes last, and all sum to the identity."""
        each = [self.dual[:, self._place(k)] @ self.block(k).T for k in range(len(self))]
        if self.has_residual:
            each.append(torch.eye(self.channels).to(self.basis) - torch.stack(each).sum(0))
        return torch.stack(each)

    def split(self, context: Tensor) -> Tensor:
        """P_k c for ``[..., d]``: ``[K, ..., d]``, the residual last; the sum over concepts is c."""
        return torch.einsum("kij,...j->k...i", self.projectors().to(context), context)

    def shares(self, activation: Tensor, context: Tensor) -> Tensor:
        """R_k = aᵀ P_k c of vectors ``[..., d]``, as ``[..., K]`` with the residual last."""
        return torch.einsum("...i,kij,...j->...k", activation, self.projectors().to(activation), context)

    def strength(self, activation: Tensor) -> Tensor:
        """‖V_kᵀ a‖ of vectors ``[..., d]``, as ``[..., K]``: how much of a concept there is, whatever its use."""
        each = [(activation @ self.dual[:, self._place(k)].to(activation)).norm(dim=-1) for k in range(len(self))]
        return torch.stack(each, -1)

    def ordered(self, order: Sequence[int]) -> Subspaces:
        """The same blocks in another order; statistics that are lists of K numbers follow."""
        if sorted(order) != list(range(len(self))):
            raise AuricleError(f"{list(order)} is no order of {len(self)} concepts")
        columns = torch.cat([torch.arange(self.basis.shape[1])[self._place(k)] for k in order])
        statistics = {
            key: [value[k] for k in order] if isinstance(value, list) and len(value) == len(self) else value
            for key, value in self.statistics.items()
        }
        return replace(
            self,
            basis=self.basis[:, columns],
            sizes=tuple(self.sizes[k] for k in order),
            analysis=None if self.analysis is None else self.analysis[:, columns],
            statistics=statistics,
        )


def sizes_of(concepts: int, channels: int, size: int | None = None) -> tuple[int, ...]:
    """d_k of ``concepts`` equal blocks among ``channels``; ``size`` leaves the rest to a residual.

    >>> sizes_of(4, 64), sizes_of(4, 64, 10)
    ((16, 16, 16, 16), (10, 10, 10, 10))
    """
    if channels < 2:
        raise AuricleError("the layer has a single channel, so it has no subspaces; choose another layer")
    if not 1 <= concepts <= channels:
        raise AuricleError(f"{channels} channels cannot hold {concepts} concepts; ask for 1 to {channels}")
    if size is not None:
        if size < 1 or concepts * size > channels:
            raise AuricleError(
                f"{concepts} concepts of {size} directions do not fit {channels} channels; take a size of 1 to "
                f"{channels // concepts}"
            )
        return (size,) * concepts
    if channels % concepts:
        fitting = [k for k in range(1, channels + 1) if channels % k == 0]
        near = sorted(fitting, key=lambda k: (abs(k - concepts), k))[:2]
        raise AuricleError(
            f"{concepts} concepts do not share {channels} channels equally; ask for {' or '.join(map(str, near))}, or "
            f"for blocks of {channels // concepts} directions with size={channels // concepts}, which leaves "
            f"{channels - concepts * (channels // concepts)} to a residual"
        )
    return (channels // concepts,) * concepts
