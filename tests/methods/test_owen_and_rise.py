"""Owen values are the mean over the orders that keep groups together; RISE is a difference of means."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from games import FunctionGame, by_definition, curved, linear

from auricle.components import Component
from auricle.errors import AuricleError
from auricle.methods.coalitions.samplers import everything
from auricle.methods.owen import Owen, Tree, consistent_orders, orders_of, terms, tree_of
from auricle.methods.rise import Rise
from auricle.methods.shap import ExactShap


def weigh(method: Any, game: Any, seed: int = 0) -> Any:
    return method._weigh(game, seed)


def tiles(times: int, bands: int) -> list[Component]:
    return [Component(f"{t} {b}", t, t + 1.0, 100.0 * b, 100.0 * (b + 1)) for t in range(times) for b in range(bands)]


def every_order(tree: Tree) -> list[list[int]]:
    if isinstance(tree, int):
        return [[tree]]
    found = []
    for turn in itertools.permutations(tree):
        for parts in itertools.product(*[every_order(each) for each in turn]):
            found.append([k for part in parts for k in part])
    return found


def test_components_are_grouped_by_time_then_within() -> None:
    assert tree_of(tuple(tiles(2, 3)), "slices") == ((0, 1, 2), (3, 4, 5))
    assert tree_of(tuple(tiles(4, 1)), "slices") == (0, 1, 2, 3)
    assert tree_of(tuple(tiles(4, 1)), "halves") == ((0, 1), (2, 3))
    assert tree_of(tuple(tiles(1, 3)), "halves") == (0, 1, 2)
    assert tree_of(tuple(tiles(2, 2)), "flat") == (0, 1, 2, 3)
    assert tree_of(tuple(tiles(1, 1)), "halves") == 0


@pytest.mark.parametrize(("times", "bands"), [(2, 3), (3, 2), (7, 1), (1, 5), (2, 2), (1, 1)])
@pytest.mark.parametrize("structure", ["halves", "slices", "flat"])
def test_values_are_the_definition(times: int, bands: int, structure: Any) -> None:
    count = times * bands
    components, value = tiles(times, bands), curved(count)
    tree = tree_of(tuple(components), structure)
    orders = every_order(tree)
    assert len(orders) == consistent_orders(tree)
    found = weigh(Owen(structure=structure), FunctionGame(count, value, components))
    assert torch.allclose(found.weights, by_definition(count, value, orders), atol=1e-9)
    assert found.checks[0].passed


def test_without_groups_they_are_shapley_values() -> None:
    game = FunctionGame(7, curved(7))
    assert torch.allclose(weigh(Owen(structure="flat"), game).weights, weigh(ExactShap(), game).weights, atol=1e-9)
    assert torch.allclose(weigh(Owen(structure="slices"), game).weights, weigh(ExactShap(), game).weights, atol=1e-9)


def test_halves_need_few_coalitions_to_be_exact() -> None:
    game = FunctionGame(64, curved(64))
    found = weigh(Owen(), game)
    assert terms(tree_of(game.components.each, "halves")) == 64**2
    assert len(game.seen) <= 64 * 64
    assert float(found.errors.max()) == 0
    assert torch.allclose(found.weights.sum(0), game.full - game.empty, atol=1e-9)


def test_sampled_values_are_near_and_add_up() -> None:
    components, value = tiles(2, 5), curved(10)
    truth = weigh(Owen(budget=4000), FunctionGame(10, value, components))
    game = FunctionGame(10, value, components)
    found = weigh(Owen(budget=120), game)
    assert len(game.seen) <= 120
    assert torch.allclose(found.weights.sum(0), game.full - game.empty, atol=1e-9)
    ratio = (found.weights - truth.weights).square().mean().sqrt() / found.errors.square().mean().sqrt()
    assert 0.3 < float(ratio) < 2
    value, weights = linear(10)
    assert torch.allclose(weigh(Owen(budget=60), FunctionGame(10, value, components)).weights, weights, atol=1e-9)
    with pytest.raises(AuricleError, match="give 640"):
        weigh(Owen(budget=15, structure="flat"), FunctionGame(10, value))


def test_orders_keep_groups_together() -> None:
    tree = tree_of(tuple(tiles(4, 3)), "halves")
    orders = orders_of(tree, 50, 0)
    assert torch.equal(orders[1::2], orders[::2].flip(1))
    assert torch.equal(orders, orders_of(tree, 50, 0))
    for order in orders.tolist():
        slices = [k // 3 for k in order]
        assert [len(list(run)) for _, run in itertools.groupby(slices)] == [3] * 4
        assert {frozenset(slices[:6]), frozenset(slices[6:])} == {frozenset({0, 1}), frozenset({2, 3})}


def test_owen_agrees_with_shaps_partition_explainer() -> None:
    shap = pytest.importorskip("shap")
    import numpy as np

    value = curved(4, columns=1)
    clustering = np.array([[0, 1, 0.1, 2], [2, 3, 0.1, 2], [4, 5, 0.5, 4.0]])
    masker = shap.maskers.Partition(np.zeros((1, 4)), clustering=clustering)
    explainer = shap.PartitionExplainer(
        lambda z: value(torch.as_tensor(np.asarray(z), dtype=torch.float64))[:, 0].numpy(), masker
    )
    theirs = explainer(np.ones((1, 4)), max_evals=1000, silent=True).values[0]
    assert np.allclose(weigh(Owen(), FunctionGame(4, value)).weights[:, 0], theirs, atol=1e-6)


def test_rise_with_all_coalitions_is_its_formula() -> None:
    value = curved(6)
    rows = everything(6)
    values = value(rows.double())
    game = FunctionGame(6, value)
    found = weigh(Rise(samples=64), game)
    assert len(game.seen) == 64
    expected = torch.stack([values[rows[:, k]].mean(0) - values.mean(0) for k in range(6)])
    assert torch.allclose(found.weights, expected, atol=1e-12)
    assert not found.additive
    loud = weigh(Rise(samples=64, keep=0.8), FunctionGame(6, lambda z: z[:, :2]))
    assert torch.allclose(loud.weights[:2], 0.2 * torch.eye(2).double(), atol=1e-12)


def test_rise_of_a_linear_game_is_its_coefficients_share() -> None:
    value, weights = linear(9)
    found = weigh(Rise(samples=600), FunctionGame(9, value))
    assert torch.allclose(found.weights, weights / 2, atol=1e-12)


def test_rise_is_near_with_samples_and_knows_how_near() -> None:
    value = curved(12)
    truth = weigh(Rise(samples=4096), FunctionGame(12, value)).weights
    ratios = []
    for seed in range(8):
        found = weigh(Rise(samples=500, seed=seed), FunctionGame(12, value))
        ratios.append(float(((found.weights - truth) / found.errors).square().mean().sqrt()))
    assert 0.7 < sum(ratios) / 8 < 1.4
    first, again = (weigh(Rise(samples=500), FunctionGame(12, value), 3).weights for _ in range(2))
    assert torch.equal(first, again)
    with pytest.raises(AuricleError, match="set keep nearer"):
        weigh(Rise(samples=20, keep=0.999), FunctionGame(12, value))


def test_a_dummy_gets_nothing_from_rise() -> None:
    found = weigh(Rise(samples=600), FunctionGame(9, lambda z: z[:, 0] * z[:, 1]))
    assert torch.allclose(found.weights[2:], torch.zeros(7, 1).double(), atol=1e-12)
