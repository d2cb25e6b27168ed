"""How many concepts: the number that tells most about vectors which the fit has not seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.concepts.learners.drsa import DRSA
from auricle.concepts.learners.random_blocks import RandomBlocks
from auricle.concepts.learners.telling import check_vectors
from auricle.concepts.subspaces import Subspaces
from auricle.errors import AuricleError

ENOUGH = 0.95
"""Share of the best score with which a smaller number of concepts is as good."""


@dataclass(frozen=True, eq=False)
class ConceptCount:
    """The chosen number, and per candidate its information in nats, that of random subspaces, and its fit."""

    concepts: int
    information: dict[int, float]
    random: dict[int, float]
    fits: dict[int, Subspaces]


def choose_concepts(
    a: Tensor,
    c: Tensor,
    candidates: Sequence[int] = (2, 4, 8, 16),
    *,
    held_out: tuple[Tensor, Tensor],
    learner: DRSA | None = None,
    draws: int = 5,
    seed: int = 0,
) -> ConceptCount:
    """Fit DRSA (or ``learner`` with its settings) on a, c ``[N, d]`` with each number of concepts; choose by score.

    J cannot be compared between numbers of concepts: shares of more blocks are smaller. The score is the `information`
    that concepts have of held-out vectors, less that of random subspaces of the same sizes (mean of ``draws``): fewer
    concepts than there are cannot tell as many vectors apart; more divide what belongs together, which tells nothing
    new. The smallest number with at least 95 % of the best score is chosen. Where a candidate does not divide d, the
    rest is a residual. held_out should come from other clips than a and c.
    """
    check_vectors(*held_out)
    if not candidates:
        raise AuricleError("no number of concepts was given to choose from; give candidates such as (2, 4, 8)")
    learner = learner or DRSA()
    fitted: dict[int, float] = {}
    random: dict[int, float] = {}
    fits: dict[int, Subspaces] = {}
    for concepts in sorted(set(candidates)):
        # Too many are refused by the learner, in its words.
        size = max(a.shape[1] // max(concepts, 1), 1)
        fits[concepts] = dataclasses.replace(learner, concepts=concepts, size=size, sizes=None).fit(
            a, c, held_out=held_out, seed=seed
        )
        fitted[concepts] = information(fits[concepts], *held_out)
        control = RandomBlocks(concepts=concepts, size=size)
        drawn = [information(control.fit(a, c, seed=seed + draw), *held_out) for draw in range(draws)]
        random[concepts] = sum(drawn) / draws
    gains = {concepts: fitted[concepts] - random[concepts] for concepts in fits}
    best = max(gains.values())
    chosen = next(concepts for concepts, gain in gains.items() if gain >= best - (1 - ENOUGH) * abs(best))
    return ConceptCount(chosen, fitted, random, fits)


def information(subspaces: Subspaces, a: Tensor, c: Tensor) -> float:
    """Mutual information in nats between vector and concept, of vectors a, c ``[N, d]``; 0 to ln K.

    Positive relevance [R_nk]₊, divided by its sum, is their joint distribution: ln K where every vector is relevant by
    one concept only and all concepts share alike, 0 where all vectors look the same.
    """
    parts = [
        subspaces.shares(x, y)[:, : len(subspaces)].relu().double().cpu()
        for x, y in zip(a.split(4096), c.split(4096), strict=True)
    ]
    joint = torch.cat(parts)
    total = joint.sum()
    if float(total) == 0.0:
        return 0.0
    joint = joint / total
    return float(torch.xlogy(joint, joint).sum() - _plogp(joint.sum(0)) - _plogp(joint.sum(1)))


def _plogp(p: Tensor) -> Tensor:
    return torch.xlogy(p, p).sum()
