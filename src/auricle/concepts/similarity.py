"""How alike subspaces are: over seeds, classes, or layers of equal width.

A concept is what its block spans, so concepts are compared by the orthogonal projectors Q_k onto their spans:
tr(Q_k Q'_l) / √(d_k d'_l) is 1 for the same subspace, 0 for orthogonal ones, and √(d_k d'_l) / d on average for random
ones. It is the mean squared cosine of the principal angles where sizes are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from auricle.concepts.learners.orthogonal import haar, polar
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError


@dataclass(frozen=True)
class Stability:
    """How alike repeated fits are.

    mean: similarity of matched concepts, over all pairs of fits. concepts: the same for each concept of the first fit,
    over the others. chance: ``mean`` expected of random subspaces of the same sizes, which matching raises above 0.
    """

    mean: float
    concepts: tuple[float, ...]
    chance: float


def similarity(first: Subspaces, second: Subspaces) -> Tensor:
    """tr(Q_k Q'_l) / √(d_k d'_l), ``[K, K']`` in float64, from 0 to 1; residuals are left out."""
    if first.channels != second.channels:
        raise AuricleError(
            f"subspaces of {first.channels} and of {second.channels} channels cannot be compared; take layers of equal "
            "width, or compare what they explain at the input with: auricle concepts compare"
        )
    squares = (_spans(first).T @ _spans(second)).square()
    rows = torch.stack([block.sum(0) for block in squares.split(list(first.sizes), dim=0)])
    both = torch.stack([block.sum(1) for block in rows.split(list(second.sizes), dim=1)], 1)
    sizes = torch.outer(torch.tensor(first.sizes).double(), torch.tensor(second.sizes).double())
    return both / sizes.sqrt()


def check_as_many(first: Subspaces, second: Subspaces) -> None:
    """Raise `AuricleError` unless both have equally many concepts."""
    if len(first) != len(second):
        raise AuricleError(f"{len(first)} concepts cannot be matched with {len(second)}; fit both with equally many")


def matching(alike: Tensor) -> list[int]:
    """The column of every row of ``alike [K, K]`` in the one-to-one matching of the largest sum (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    return [int(k) for k in linear_sum_assignment(alike.numpy(), maximize=True)[1]]


def match(first: Subspaces, second: Subspaces) -> tuple[list[int], list[float]]:
    """For each concept of ``first`` its partner in ``second``, and how alike the two are.

    The matching with the largest sum (Hungarian algorithm), so ``second.ordered(order)`` is in the order of ``first``.
    Both need equally many concepts.
    """
    check_as_many(first, second)
    each = similarity(first, second)
    order = matching(each)
    return order, [float(each[k, partner]) for k, partner in enumerate(order)]


def stability(fits: Sequence[Subspaces], *, draws: int = 20, seed: int = 0) -> Stability:
    """Mean matched similarity over all pairs of fits, beside chance from ``draws`` pairs of random subspaces."""
    _several(fits)
    pairs = [match(a, b)[1] for a, b in combinations(fits, 2)]
    first = torch.tensor(pairs[: len(fits) - 1])
    seeds = range(seed, seed + 2 * draws, 2)
    chance = [match(_random_like(fits[0], each), _random_like(fits[1], each + 1))[1] for each in seeds]
    mean, expected = (float(torch.tensor(each).mean()) for each in (pairs, chance))
    return Stability(mean, tuple(first.mean(0).tolist()), expected)


def consensus(fits: Sequence[Subspaces]) -> Subspaces:
    """What fits agree on: per concept the top d_k eigenvectors of its mean projector, made jointly orthonormal.

    Concepts are matched with the fit that is most like all others, whose order and sizes the consensus has. Its
    statistics say how much each concept is agreed on (``agreement``: mean similarity to its partners).
    """
    _several(fits)
    alike = torch.tensor([[sum(match(a, b)[1]) for b in fits] for a in fits])
    middle = fits[int(alike.sum(1).argmax())]
    partners = [fit.ordered(match(middle, fit)[0]) for fit in fits]
    blocks = []
    for k, size in enumerate(middle.sizes):
        spans = [_span(fit.block(k)) for fit in partners]
        mean = torch.stack([q @ q.T for q in spans]).mean(0)
        blocks.append(torch.linalg.eigh(mean).eigenvectors.flip(1)[:, :size])
    together = torch.cat(blocks, 1)
    if float(torch.linalg.svdvals(together)[-1]) < 1e-3:
        raise AuricleError("these fits agree on too little for a consensus; fit more vectors, or fewer concepts")
    found = Subspaces(polar(together), middle.sizes)
    agreement = torch.tensor([similarity(found, fit).diagonal().tolist() for fit in partners]).mean(0).tolist()
    return Subspaces(found.basis, found.sizes, statistics={"agreement": agreement, "fits": len(fits)})


def _several(fits: Sequence[Subspaces]) -> None:
    if len(fits) < 2:
        raise AuricleError(f"{len(fits)} fit cannot be compared with another; give at least 2")


def _random_like(fit: Subspaces, seed: int) -> Subspaces:
    return Subspaces(haar(1, fit.channels, sum(fit.sizes), seed)[0], fit.sizes)


def _spans(subspaces: Subspaces) -> Tensor:
    return torch.cat([_span(subspaces.block(k)) for k in range(len(subspaces))], 1)


def _span(block: Tensor) -> Tensor:
    """An orthonormal basis of what a block spans, ``[d, d_k]``."""
    return torch.linalg.qr(block.detach().double().cpu())[0]
