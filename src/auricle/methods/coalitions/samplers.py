"""Which coalitions to ask about. Every sampler returns booleans, True for a component that is present.

Each takes a seed or a `torch.Generator`; the same seed gives the same bits.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

Seed = int | torch.Generator


def generator_of(seed: Seed) -> torch.Generator:
    """The generator itself, or a new one with that seed."""
    return seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)


def everything(count: int) -> Tensor:
    """All ``2^K`` coalitions; row i holds the binary digits of i, the first component's first.

    >>> everything(2).int().tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (torch.arange(2**count)[:, None] >> torch.arange(count) & 1).bool()


def bernoulli(rows: int, count: int, seed: Seed, keep: float = 0.5) -> Tensor:
    """Each component is present with probability ``keep``, on its own: ``[rows, K]``."""
    return torch.rand(rows, count, generator=generator_of(seed), dtype=torch.float64) < keep


def uniform_size(rows: int, count: int, seed: Seed) -> Tensor:
    """How many are absent is drawn evenly from 1…K, then which ones: ``[rows, K]``. LIME's sampler for text."""
    generator = generator_of(seed)
    absent = torch.randint(1, count + 1, (rows, 1), generator=generator)
    return ranks(rows, count, generator) >= absent


def ranks(rows: int, count: int, generator: torch.Generator) -> Tensor:
    """Random permutations of 0…K-1, ``[rows, K]``."""
    return torch.rand(rows, count, generator=generator, dtype=torch.float64).argsort(1)


def permutations(pairs: int, count: int, seed: Seed) -> Tensor:
    """Orders of the components, ``[2 pairs, K]``: each is followed by its reverse (antithetic).

    >>> permutations(1, 4, 0).tolist()[0] == permutations(1, 4, 0).tolist()[1][::-1]
    True
    """
    orders = ranks(pairs, count, generator_of(seed))
    return torch.stack([orders, orders.flip(1)], 1).reshape(-1, count)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Coalitions that stand for themselves and their complements.

    coalitions ``[P, K]``: no two alike, and none another's complement. weights ``[P]``: the share of the Shapley
    kernel that each stands for. sampled ``[P]``: False where all coalitions of that size are there.
    """

    coalitions: Tensor
    weights: Tensor
    sampled: Tensor

    def both(self) -> Tensor:
        """The coalitions, then their complements, ``[2 P, K]``."""
        return torch.cat([self.coalitions, ~self.coalitions])


def kernel_pairs(pairs: int, count: int, seed: Seed) -> Pairs:
    """Coalitions and their complements in proportion to the Shapley kernel (K - 1) / (|S| (K - |S|)) of their sizes.

    Small sizes have few coalitions: they are complete before the larger ones begin to be sampled, without
    replacement. Pairing: Covert & Lee 2021, Improving KernelSHAP; complete sizes: Lundberg & Lee 2017; without
    replacement: Musco & Witter 2025, Leverage SHAP.
    """
    generator = generator_of(seed)
    sizes = range(1, count // 2 + 1)
    # The middle size is its own complement: half of it makes all its pairs.
    limits = [math.comb(count, s) // (2 if 2 * s == count else 1) for s in sizes]
    masses = [(count - 1) / (s * (count - s)) * (1 if 2 * s == count else 2) for s in sizes]
    chosen, weights, sampled = [], [], []
    for size, wanted, limit, mass in zip(sizes, _share(pairs, masses, limits, generator), limits, masses, strict=True):
        if wanted:
            chosen.append(subsets(wanted, size, count, generator))
            weights += [mass / wanted] * wanted
            sampled += [wanted < limit] * wanted
    return Pairs(torch.cat(chosen), torch.tensor(weights, dtype=torch.float64), torch.tensor(sampled))


def _share(total: int, masses: list[float], limits: list[int], generator: torch.Generator) -> list[int]:
    """``total`` shared out in proportion to masses, none above its limit; fractions are settled by one draw."""
    total = min(total, sum(limits))
    wanted = [0.0] * len(masses)
    open_ = set(range(len(masses)))
    left = float(total)
    while open_:
        scale = left / sum(masses[i] for i in open_)
        filled = {i for i in open_ if masses[i] * scale >= limits[i]}
        for i in filled or open_:
            wanted[i] = float(limits[i]) if filled else masses[i] * scale
        if not filled:
            break
        left -= sum(limits[i] for i in filled)
        open_ -= filled
    # Rounding the running sum keeps the total, and each share is right on average.
    start = float(torch.rand((), generator=generator, dtype=torch.float64)) if open_ else 0.0
    edges = [math.floor(edge + start + 1e-9) for edge in itertools.accumulate(wanted, initial=0.0)]
    found = [min(b - a, limit) for a, b, limit in zip(edges[:-1], edges[1:], limits, strict=True)]
    for i in sorted(open_, key=lambda i: limits[i], reverse=True):
        found[i] += min(total - sum(found), limits[i] - found[i])
    return found


def subsets(wanted: int, size: int, count: int, generator: torch.Generator) -> Tensor:
    """Different random subsets of one size, ``[wanted, K]``; of the middle size, those with the first part."""
    middle = 2 * size == count
    limit = math.comb(count, size) // (2 if middle else 1)
    if 2 * wanted >= limit:
        members = torch.tensor(list(itertools.islice(itertools.combinations(range(count), size), limit)))
        members = members[torch.randperm(limit, generator=generator)[:wanted]]
        return torch.zeros(wanted, count, dtype=torch.bool).scatter_(1, members, True)
    found: dict[bytes, Tensor] = {}
    while len(found) < wanted:
        drawn = ranks(wanted, count, generator) < size
        if middle:
            drawn ^= ~drawn[:, :1]
        for row in drawn:
            found.setdefault(row.numpy().tobytes(), row)
    return torch.stack(list(found.values())[:wanted])
