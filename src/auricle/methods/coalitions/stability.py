"""Does an explanation come out the same when its random draws are repeated?

Mishra, Benetos, Sturm & Dixon 2020, Reliable Local Explanations for Machine Listening, counted the different
components among the top n of several repeats; Melchiorre et al. 2021, LEMONS, chose the number of samples by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import kendalltau, rankdata
from torch import Tensor

RULE = 300
"""Samples per component that gave LIME a fully stable top 3 in simulations."""

Estimate = Callable[[Tensor, Tensor], Tensor]
"""Coalitions ``[n, K]`` and values ``[n]`` in, weights ``[K]`` out."""


@dataclass(frozen=True)
class Stability:
    """Agreement of repeats: unions[n - 1] is U_n, and rank correlations (1: the same order every time)."""

    unions: tuple[int, ...]
    kendall: float
    spearman: float


def stability(rows: Tensor | np.ndarray | Sequence[Sequence[float]], top: int = 3) -> Stability:
    """How well repeated weights ``[R, K]``, ``R ≥ 2``, agree on the strongest ``top`` components and on the order.

    >>> stability([[3, 2, 1, 0], [3, 1, 2, 0]], top=3).unions
    (1, 3, 3)
    """
    weights = np.asarray(rows, dtype=np.float64)
    first = [(i, j) for i in range(len(weights)) for j in range(i)]
    ranks = rankdata(weights, axis=1)
    return Stability(
        unions=tuple(union(weights, n) for n in range(1, min(top, weights.shape[1]) + 1)),
        kendall=float(np.mean([_kendall(weights[i], weights[j]) for i, j in first])),
        spearman=float(np.mean([_pearson(ranks[i], ranks[j]) for i, j in first])),
    )


def union(weights: np.ndarray, top: int) -> int:
    """U_n: how many different components are among the ``top`` of any repeat; ``top`` at best."""
    order = np.argsort(-weights, axis=1, kind="stable")[:, :top]
    return len(np.unique(order))


def _kendall(a: np.ndarray, b: np.ndarray) -> float:
    found = float(kendalltau(a, b).statistic)
    return found if np.isfinite(found) else float(np.array_equal(a, b))


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else float(np.array_equal(a, b))


@dataclass(frozen=True)
class Settling:
    """How the top settles as samples grow.

    unions: samples → U_n over repeats. needed: the fewest samples from which U_n stays at its best, None where that
    did not happen within the samples at hand. rule: what the rule of thumb says.
    """

    unions: dict[int, int]
    needed: int | None
    rule: int


def settling(
    coalitions: Tensor, values: Tensor, estimate: Estimate, *, top: int = 3, repeats: int = 5, seed: int = 0
) -> Settling:
    """From coalitions ``[n, K]`` and values ``[n]`` at hand: how many samples make the top stable?

    The weights are estimated anew from random subsets of growing size, up to half (larger ones share too many rows to
    differ). No coalition is asked about again.
    """
    rows, count = coalitions.shape
    generator = torch.Generator().manual_seed(seed)
    sizes = [size for size in (rows // 2**k for k in range(6, 0, -1)) if size > count]
    top = min(top, count)
    unions = {}
    for size in sizes:
        picks = [torch.randperm(rows, generator=generator)[:size] for _ in range(repeats)]
        weights = torch.stack([estimate(coalitions[pick], values[pick]) for pick in picks])
        unions[size] = union(weights.numpy(), top)
    needed = None
    for size in reversed(sizes):
        if unions[size] > top:
            break
        needed = size
    return Settling(unions, needed, RULE * count)
