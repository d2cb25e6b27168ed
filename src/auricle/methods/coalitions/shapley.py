"""Shapley values from coalitions ``[n, K]`` and their values ``[n, Q]``: exactly, by least squares, along orders."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from auricle.methods.coalitions.samplers import Pairs, Seed, everything, generator_of

FEW = 4
"""Pairs of orders that the mean variance of all components counts for."""

Asked = Callable[[Tensor], Tensor]
"""Coalitions ``[n, K]`` in, values ``[n, Q]`` out."""


def shapley_weights(count: int) -> Tensor:
    """How much a marginal contribution to a coalition of |S| others counts: |S|! (K - |S| - 1)! / K!, ``[K]``.

    >>> shapley_weights(3)
    tensor([0.3333, 0.1667, 0.3333], dtype=torch.float64)
    """
    return torch.tensor([1 / (count * math.comb(count - 1, s)) for s in range(count)], dtype=torch.float64)


def exact(values: Tensor) -> Tensor:
    """Shapley values ``[K, Q]`` from the values ``[2^K, Q]`` of all coalitions, in the order of `everything`.

    φ_k = Σ_{S ∌ k} |S|! (K - |S| - 1)! / K! · (v(S ∪ k) - v(S)). Shapley 1953, A Value for n-Person Games.
    """
    count = len(values).bit_length() - 1
    sizes = everything(count).sum(1)
    weights = shapley_weights(count)
    found = []
    for k in range(count):
        halves = values.reshape(2 ** (count - k - 1), 2, 2**k, -1)
        others = sizes.reshape(halves.shape[:3])[:, 0]
        found.append(torch.einsum("abq,ab->q", halves[:, 1] - halves[:, 0], weights[others]))
    return torch.stack(found)


def constrained(coalitions: Tensor, values: Tensor, weights: Tensor, full: Tensor, empty: Tensor) -> Tensor:
    """KernelSHAP: the weighted least-squares line through both end points, ``[K, Q]``.

    Minimises Σ w_S (empty + Σ_{k ∈ S} φ_k - v(S))² where Σ φ = full - empty holds exactly: it holds for the even
    split, and the rest is sought among the vectors that sum to 0. Too few coalitions give the smallest such rest.
    Lundberg & Lee 2017, A Unified Approach to Interpreting Model Predictions.
    """
    even = (full - empty) / coalitions.shape[1]
    design = coalitions.double()
    residual = values - empty - design.sum(1, keepdim=True) * even
    centred = design - design.mean(1, keepdim=True)  # what is left of a row among the vectors that sum to 0
    gram = centred.T @ (weights[:, None] * centred)
    found = torch.linalg.pinv(gram, hermitian=True, rtol=1e-12) @ (centred.T @ (weights[:, None] * residual))
    return settled(even + found, full - empty)


def settled(found: Tensor, total: Tensor) -> Tensor:
    """``found [K, Q]`` with what is missing from the ``total [Q]`` spread evenly."""
    return found + (total - found.sum(0)) / len(found)


def bootstrap(pairs: Pairs, values: Tensor, full: Tensor, empty: Tensor, seed: Seed, draws: int = 100) -> Tensor:
    """Standard errors ``[K, Q]`` of `constrained` on pairs, by drawing the pairs anew, with replacement.

    values ``[2 P, Q]`` in the order of ``pairs.both()``. Coalitions of complete sizes are not drawn: there is no
    chance in them.
    """
    generator = generator_of(seed)
    chance = pairs.sampled.nonzero().flatten()
    if not len(chance):
        return torch.zeros(pairs.coalitions.shape[1], values.shape[1], dtype=torch.float64)
    sizes = pairs.coalitions[chance].sum(1)
    estimates = []
    for _ in range(draws):
        counts = torch.ones(len(pairs.weights), dtype=torch.float64)
        for size in sizes.unique():
            stratum = chance[sizes == size]
            picks = torch.randint(len(stratum), (len(stratum),), generator=generator)
            counts[stratum] = torch.bincount(picks, minlength=len(stratum)).double()
        weights = (pairs.weights * counts).repeat(2)
        estimates.append(constrained(pairs.both(), values, weights, full, empty))
    return torch.stack(estimates).std(0)


def along(ask: Asked, orders: Tensor) -> Tensor:
    """What each component adds when it joins after those before it in each order ``[n, K]``: ``[n, K, Q]``."""
    rows, count = orders.shape
    rank = orders.argsort(1)
    present = rank[:, None, :] < torch.arange(count + 1)[None, :, None]
    values = ask(present.reshape(-1, count)).reshape(rows, count + 1, -1)
    steps = values[:, 1:] - values[:, :-1]
    return steps.gather(1, rank[:, :, None].expand_as(steps))


def mean_of_pairs(marginals: Tensor) -> tuple[Tensor, Tensor | None]:
    """The mean ``[K, Q]`` of marginals ``[2 pairs, K, Q]`` and its standard error over pairs (None: one pair only).

    A variance from few pairs is itself uncertain: the components' mean variance steps in for `FEW` pairs of its own.
    """
    pairs = marginals.reshape(-1, 2, *marginals.shape[1:]).mean(1)
    if len(pairs) < 2:
        return pairs.mean(0), None
    own = pairs.var(0)
    variance = (len(pairs) * own + FEW * own.mean(0)) / (len(pairs) + FEW)
    return pairs.mean(0), (variance / len(pairs)).sqrt()
