"""Owen values: Shapley values that respect which components belong together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.components import Component
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.method import Weighed
from auricle.methods.coalitions.sampled import SampledMethod, budget_of, exactness, pairs_of_orders
from auricle.methods.coalitions.samplers import Seed, generator_of
from auricle.methods.coalitions.shapley import settled, shapley_weights
from auricle.methods.shap import walk
from auricle.settings import settings

Structure = Literal["halves", "slices", "flat"]
Tree = int | tuple["Tree", ...]
"""A component, or a group of trees."""

AT_ONCE = 4096
"""Terms whose coalitions are asked about together."""


@dataclass(frozen=True, kw_only=True, config=settings)
class Owen(SampledMethod):
    """Shapley values over orders that keep what belongs together together.

    Components that sound at the same time make a group, and so do neighbouring slices of time: with ``halves`` time
    is halved again and again, with ``slices`` the slices are equals, and ``flat`` knows no groups (Shapley values).
    Groups appear in any order, but a group that has begun is completed before the next begins. Far fewer coalitions
    matter: with ``halves`` about K² instead of 2^K, so that the values are usually exact. They always add up.
    """

    name: ClassVar[str] = "owen"
    summary: ClassVar[str] = "fair shares of the score, with neighbours in time and sound kept together"
    source: ClassVar[str] = "Owen 1977; Winter 1989 (levels); Lundberg's PartitionExplainer in shap"

    structure: Structure = Field("halves", description="what belongs together: halves of time, slices of time, nothing")
    budget: int | None = Field(None, ge=3, description="coalitions that may be asked about; None: max(512, 64·K)")

    def _weigh(self, game: Game, seed: int) -> Weighed:
        count, budget = game.count, budget_of(self.budget, game.count)
        tree = tree_of(game.components.each, self.structure)
        needed = 2 * terms(tree)
        if needed <= 8 * budget:  # many terms share coalitions: count those
            needed = len(torch.cat([row for row, _ in _coalitions(tree, count)]).unique(dim=0))
        if needed <= budget:
            weights = settled(owen(game, tree, count), game.full - game.empty)
            return Weighed(weights, torch.zeros_like(weights), additive=True, checks=[exactness(needed)])
        return walk(game, orders_of(tree, pairs_of_orders(budget, count), self._seed(seed)), budget)


def tree_of(components: tuple[Component, ...], structure: Structure) -> Tree:
    """Components grouped by when they sound (and by frequency and source within), slices by ``structure``."""
    if structure == "flat":
        return tuple(range(len(components)))
    slices: dict[tuple[float, float], list[int]] = {}
    for k in sorted(range(len(components)), key=lambda k: (components[k].start, components[k].end)):
        slices.setdefault((components[k].start, components[k].end), []).append(k)
    groups = [_alone(tuple(each)) for each in slices.values()]
    return _halved(groups) if structure == "halves" else _alone(tuple(groups))


def _alone(trees: tuple[Tree, ...]) -> Tree:
    return trees[0] if len(trees) == 1 else trees


def _halved(trees: list[Tree]) -> Tree:
    """Neighbours in pairs of pairs.

    >>> _halved([0, 1, 2, 3, 4])
    ((0, 1), (2, (3, 4)))
    """
    if len(trees) == 1:
        return trees[0]
    middle = len(trees) // 2
    return (_halved(trees[:middle]), _halved(trees[middle:]))


def leaves(tree: Tree) -> list[int]:
    """The components of a tree, in its order."""
    return [tree] if isinstance(tree, int) else [k for each in tree for k in leaves(each)]


def terms(tree: Tree) -> int:
    """How many marginal contributions the exact values of a tree average, over all components.

    >>> terms(((0, 1), (2, 3))), terms((0, 1, 2, 3))
    (16, 32)
    """
    return 1 if isinstance(tree, int) else 2 ** (len(tree) - 1) * sum(terms(each) for each in tree)


def contexts(tree: Tree, present: list[int], weight: float) -> Iterator[tuple[int, list[int], float]]:
    """Each component with every set that may precede it, and the probability of that set."""
    if isinstance(tree, int):
        yield tree, present, weight
        return
    shares = shapley_weights(len(tree)).tolist()
    for i, each in enumerate(tree):
        others = [leaves(other) for j, other in enumerate(tree) if j != i]
        for size in range(len(tree)):
            for before in itertools.combinations(others, size):
                yield from contexts(each, [*present, *itertools.chain(*before)], weight * shares[size])


def _coalitions(tree: Tree, count: int) -> Iterator[tuple[Tensor, tuple[Tensor, Tensor]]]:
    """Coalitions without, then with a component ``[2 n, K]``; the component and the weight of each term ``[n]``."""
    every = contexts(tree, [], 1.0)
    while batch := list(itertools.islice(every, AT_ONCE)):
        rows = torch.zeros(2, len(batch), count, dtype=torch.bool)
        for i, (k, present, _) in enumerate(batch):
            rows[:, i, present] = True
            rows[1, i, k] = True
        joins = torch.tensor([k for k, _, _ in batch])
        yield rows.flatten(0, 1), (joins, torch.tensor([w for _, _, w in batch], dtype=torch.float64))


def owen(game: Game, tree: Tree, count: int) -> Tensor:
    """Exact Owen values ``[K, Q]``: the mean marginal contributions over all orders that keep the tree's groups."""
    found = torch.zeros(count, len(game.full), dtype=torch.float64)
    for rows, (joins, weights) in _coalitions(tree, count):
        without, with_ = game(rows).chunk(2)
        found.index_add_(0, joins, weights[:, None] * (with_ - without))
    return found


def orders_of(tree: Tree, pairs: int, seed: Seed) -> Tensor:
    """Random orders that keep the tree's groups together, each followed by its reverse: ``[2 pairs, K]``."""
    generator = generator_of(seed)

    def order(each: Tree) -> list[int]:
        if isinstance(each, int):
            return [each]
        turns = torch.randperm(len(each), generator=generator).tolist()
        return [k for turn in turns for k in order(each[turn])]

    drawn = torch.tensor([order(tree) for _ in range(pairs)])
    return torch.stack([drawn, drawn.flip(1)], 1).flatten(0, 1)


def consistent_orders(tree: Tree) -> int:
    """How many orders keep the tree's groups together.

    >>> consistent_orders(((0, 1), (2, 3)))
    8
    """
    if isinstance(tree, int):
        return 1
    return math.factorial(len(tree)) * math.prod(consistent_orders(each) for each in tree)
