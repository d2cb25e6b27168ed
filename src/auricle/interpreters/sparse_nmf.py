"""Sparse non-negative matrix factorisation: V ≈ W H with unit-norm columns in W and few codes in H."""

from __future__ import annotations

from dataclasses import dataclass as plain_dataclass
from dataclasses import field as plain_field
from typing import Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError
from auricle.interpreters.descent import Problem, descend
from auricle.interpreters.hals import Euclidean, with_unit_norm
from auricle.interpreters.multiplicative import Multiplicative
from auricle.interpreters.starts import drawn_frames, first_codes, leading_columns
from auricle.settings import Readable, settings

Beta = Literal[0, 1, 2]
FIRST, FIRST_FRAMES, SECOND = 25, 20, 12
"""At first columns are fitted in the Euclidean sense, which is far quicker, for so many iterations to so many frames a
column, spread over V, and, before another divergence is taken, for so many iterations to all."""
LIFT = 1e-4
"""What is added to a start before factors are applied to it, as a share of its scale: a factor cannot raise zero."""


@plain_dataclass(frozen=True, eq=False)
class Factors:
    """columns: W ``[F, K]``, each of norm one. codes: H ``[K, T]``. history: the cost after each iteration."""

    columns: Tensor
    codes: Tensor
    history: list[float] = plain_field(default_factory=list)


@dataclass(frozen=True, kw_only=True, config=settings)
class SparseNMF(metaclass=Readable):
    """The minimum of D_β(V | W H) + µ Σ H over non-negative W and H, where each column of W has norm one.

    Without that constraint sparsity could be had for nothing by making W large. D_β is half the squared distance for
    β = 2, the generalised Kullback-Leibler divergence for β = 1 and Itakura-Saito's for β = 0 (Le Roux, Weninger and
    Hershey 2015). β = 2 is solved by exact updates in turn, at first on a sample of frames, the others by
    multiplicative updates from its solution, all with momentum. The cost never rises. For β = 0, which has no value at
    zero, V and W H are lifted by 80 dB below the mean of V. Device and dtype follow V.

    >>> v = torch.rand(20, 50)
    >>> found = SparseNMF(components=4).fit(v)
    >>> tuple(found.columns.shape), tuple(found.codes.shape)
    ((20, 4), (4, 50))
    """

    components: int = Field(default=100, ge=1, description="K, how many columns")
    beta: Beta = Field(default=1, description="divergence: 2 Euclidean, 1 Kullback-Leibler, 0 Itakura-Saito")
    sparsity: float = Field(
        default=0.1, ge=0, allow_inf_nan=False, description="µ, the price of codes, in units of V^(β-1)"
    )
    start: Literal["singular", "frames"] = Field(
        default="singular", description="first columns: from singular vectors, or frames drawn by the seed"
    )
    iterations: int = Field(default=200, ge=1, description="at most")
    tolerance: float = Field(
        default=1e-3, ge=0, description="end where ten iterations lower the cost by less than this share"
    )
    seed: int = Field(default=0, ge=0, description="of drawn frames")

    def fit(self, v: Tensor, *, start: Tensor | None = None, fixed: Tensor | None = None) -> Factors:
        """Factors of V ``[F, T]``, non-negative. Raises `AuricleError` for a V that has none.

        start: columns ``[F, components]`` to begin with (warm start). fixed: columns ``[F, J]`` that are there too and
        stay as they are; they come first in the result, which then has J + ``components`` columns.
        """
        checked(v)
        known = v.new_zeros(len(v), 0) if fixed is None else columns_checked(fixed, v)
        if start is None:
            columns, codes = self._started(v, known)
        else:
            if start.shape[1:] != (self.components,):
                raise AuricleError(
                    f"a start of shape {tuple(start.shape)} does not fit components={self.components}; give "
                    f"[{len(v)}, {self.components}]"
                )
            columns = torch.cat([known, columns_checked(start, v).clamp_min(1e-6)], 1)
            columns = with_unit_norm(columns, columns, known.shape[1])
            codes = first_codes(v, columns)
        problem = problem_of(v, self.beta, self.sparsity, known.shape[1])
        point, history = descend(problem, columns, codes, iterations=self.iterations, tolerance=self.tolerance)
        return Factors(point.columns, point.codes, history)

    def codes(self, v: Tensor, columns: Tensor) -> Tensor:
        """`codes` with this β and µ."""
        return codes(v, columns, beta=self.beta, sparsity=self.sparsity)

    def _started(self, v: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        few = v[:, :: max(1, v.shape[1] // (FIRST_FRAMES * self.components))]
        few = few.contiguous() if few.any() else v
        drawn = (leading_columns if self.start == "singular" else drawn_frames)(few, self.components, self.seed)
        columns = torch.cat([known, drawn], 1)
        price = self.sparsity if self.beta == 2 else 0.0
        problem = Euclidean(few, price, known.shape[1])
        point, _ = descend(problem, columns, first_codes(few, columns), iterations=FIRST, tolerance=self.tolerance)
        if self.beta == 2:
            return point.columns, point.codes if few.shape == v.shape else first_codes(v, point.columns)
        if few.shape != v.shape:
            problem, codes = Euclidean(v, price, known.shape[1]), first_codes(v, point.columns)
            point, _ = descend(problem, point.columns, codes, iterations=SECOND, tolerance=self.tolerance)
        lifted = with_unit_norm(point.columns + LIFT, point.columns, known.shape[1])
        return lifted, point.codes + 10 * LIFT * point.codes.mean()


def codes(v: Tensor, columns: Tensor, *, beta: Beta = 1, sparsity: float = 0.0, iterations: int = 100) -> Tensor:
    """H ``[K, T]`` of V ``[F, T]`` for known columns W ``[F, K]``: the minimum of D_β(V | W H) + µ Σ H.

    The problem is convex for β = 1 and 2. Silent frames have codes of zero. Raises `AuricleError` for a V that is
    negative or not finite.
    """
    checked(v, silent=True)
    columns = columns_checked(columns, v)
    if not v.any():
        return v.new_zeros(columns.shape[1], v.shape[1])
    problem = problem_of(v, beta, sparsity, columns.shape[1])
    point, _ = descend(problem, columns, first_codes(v, columns), iterations=iterations, tolerance=1e-5)
    return point.codes * v.any(0)


def problem_of(v: Tensor, beta: Beta, sparsity: float, fixed: int) -> Problem:
    return Euclidean(v, sparsity, fixed) if beta == 2 else Multiplicative(v, beta, sparsity, fixed)


def checked(v: Tensor, *, silent: bool = False) -> None:
    """Raise `AuricleError` unless V can be factorised."""
    if v.ndim != 2 or 0 in v.shape or not v.is_floating_point():
        raise AuricleError(f"V is {v.dtype} of shape {tuple(v.shape)}; give magnitudes [frequencies, frames] as floats")
    if not v.isfinite().all():
        raise AuricleError(f"V has {int((~v.isfinite()).sum())} values of NaN or infinity; repair the sounds it is of")
    if (v < 0).any():
        raise AuricleError(f"V has negative values (the least is {float(v.min()):.3g}); give magnitudes, not decibels")
    if not silent and not v.any():
        raise AuricleError("V is zero everywhere, so there is nothing to learn; give clips that are not silent")


def columns_checked(columns: Tensor, v: Tensor) -> Tensor:
    """Columns on V's device and in its dtype, or an `AuricleError` if they do not fit it."""
    if columns.ndim != 2 or len(columns) != len(v):
        raise AuricleError(
            f"columns of shape {tuple(columns.shape)} do not fit V of shape {tuple(v.shape)}; both need the same "
            "frequencies"
        )
    if not columns.isfinite().all() or (columns < 0).any():
        raise AuricleError("columns have negative values, NaN or infinity; give non-negative spectra")
    return columns.to(v)
