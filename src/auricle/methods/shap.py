"""Shapley values of components: by regression on pairs (KernelSHAP), along random orders, and exactly."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError
from auricle.methods.coalitions import odd
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.method import CoalitionMethod, Weighed
from auricle.methods.coalitions.sampled import SampledMethod, budget_of, exactness, pairs_of_orders, precision
from auricle.methods.coalitions.samplers import everything, kernel_pairs, permutations
from auricle.methods.coalitions.shapley import along, bootstrap, constrained, exact, mean_of_pairs, settled
from auricle.settings import settings

MOST = 16
"""Components whose coalitions are all asked about: 65 536."""

LARGEST = 4096
"""Pairs above which interactions are not learned any more: that takes the cube of their number."""


@dataclass(frozen=True, kw_only=True, config=settings)
class KernelShap(SampledMethod):
    """Shapley values from a regression on coalitions and their complements.

    φ_k is component k's share of score(clip) - score(baseline): what it adds, averaged over all orders in which the
    components can appear. With a budget for all coalitions the values are exact; otherwise coalitions are drawn in
    pairs, small sizes completely, and the regression knows interactions (see ``coalitions/odd.py``), which makes it a
    good deal more precise than KernelSHAP's line. The values always add up.
    """

    name: ClassVar[str] = "kernel-shap"
    summary: ClassVar[str] = "each component's fair share of the score, from a regression on pairs of coalitions"
    source: ClassVar[str] = "Lundberg & Lee 2017; Covert & Lee 2021 (pairs); Fumagalli, Witter & Musco 2026, PolySHAP"

    budget: int | None = Field(None, ge=3, description="coalitions that may be asked about; None: max(512, 64·K)")

    def _weigh(self, game: Game, seed: int) -> Weighed:
        count, budget = game.count, budget_of(self.budget, game.count)
        if 2**count <= budget:
            return _exact(game)
        if budget < count + 2:
            raise AuricleError(
                f"a budget of {budget} is too small for {count} components: give at least {count + 2}, better "
                f"{budget_of(None, count)}, or ask for fewer components"
            )
        pairs = kernel_pairs((budget - 2) // 2, count, self._seed(seed))
        values = game(pairs.both())
        asked = 2 + len(values)
        if len(pairs.coalitions) <= LARGEST:
            weights, errors = odd.estimate(pairs, values, game.full, game.empty)
        else:
            weights = constrained(pairs.both(), values, pairs.weights.repeat(2), game.full, game.empty)
            errors = bootstrap(pairs, values, game.full, game.empty, self._seed(seed))
        remedy = f"raise budget to {4 * budget} or ask for fewer components"
        return Weighed(weights, errors, additive=True, checks=[precision(weights, errors, asked, remedy)])


@dataclass(frozen=True, kw_only=True, config=settings)
class PermutationShap(SampledMethod):
    """Shapley values by adding the components one by one in random orders, each order also backwards.

    Unbiased at any budget; slower to settle than kernel-shap, but easy to reason about.
    """

    name: ClassVar[str] = "permutation-shap"
    summary: ClassVar[str] = "each component's fair share of the score, averaged over random orders"
    source: ClassVar[str] = "Castro, Gómez & Tejada 2009; Mitchell et al. 2022 (antithetic orders)"

    budget: int | None = Field(None, ge=3, description="coalitions that may be asked about; None: max(512, 64·K)")

    def _weigh(self, game: Game, seed: int) -> Weighed:
        count, budget = game.count, budget_of(self.budget, game.count)
        if count == 1:
            return _exact(game)
        return walk(game, permutations(pairs_of_orders(budget, count), count, self._seed(seed)), budget)


@dataclass(frozen=True, kw_only=True, config=settings)
class ExactShap(CoalitionMethod):
    """Shapley values by their definition, from all 2^K coalitions.

    φ_k = Σ_{S ∌ k} |S|! (K - |S| - 1)! / K! · (v(S ∪ k) - v(S)), with v(S) the score when only S sounds.
    """

    name: ClassVar[str] = "exact-shap"
    summary: ClassVar[str] = "each component's fair share of the score, from all combinations of components"
    source: ClassVar[str] = "Shapley 1953, A Value for n-Person Games"

    def _weigh(self, game: Game, seed: int) -> Weighed:
        if game.count > MOST:
            raise AuricleError(
                f"exact-shap would need 2^{game.count} coalitions for {game.count} components; ask for at most {MOST} "
                "components, or use kernel-shap"
            )
        return _exact(game)


def _exact(game: Game) -> Weighed:
    weights = settled(exact(game(everything(game.count))), game.full - game.empty)
    return Weighed(weights, torch.zeros_like(weights), additive=True, checks=[exactness(2**game.count)])


def walk(game: Game, orders: Tensor, budget: int) -> Weighed:
    """Mean marginal contributions along pairs of orders ``[2 pairs, K]``."""
    weights, errors = mean_of_pairs(along(game, orders))
    weights = settled(weights, game.full - game.empty)
    asked = 2 + len(orders) * (game.count - 1)
    check = precision(weights, errors, asked, f"raise budget to {4 * budget} or ask for fewer components")
    return Weighed(weights, errors, additive=True, checks=[check])
