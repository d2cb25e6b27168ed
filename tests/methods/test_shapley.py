"""Shapley values: axioms, the definition, the peers, and how far a small budget is off."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from games import FunctionGame, by_definition, curved, linear
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.methods.coalitions import Game, table
from auricle.methods.coalitions.samplers import everything, kernel_pairs
from auricle.methods.coalitions.shapley import bootstrap, constrained, exact, mean_of_pairs
from auricle.methods.shap import ExactShap, KernelShap, PermutationShap

METHODS: list[Any] = [KernelShap(budget=60), KernelShap(), PermutationShap(budget=60), ExactShap()]


def weigh(method: Any, game: Any, seed: int = 0) -> Any:
    return method._weigh(game, seed)


@pytest.mark.parametrize("count", [2, 3, 5, 7])
def test_the_exact_values_are_the_definition(count: int) -> None:
    value = curved(count)
    found = exact(value(everything(count).double()))
    assert torch.allclose(found, by_definition(count, value), atol=1e-12)
    assert torch.allclose(weigh(ExactShap(), FunctionGame(count, value)).weights, found, atol=1e-12)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.describe())
def test_a_linear_game_gives_back_its_coefficients(method: Any) -> None:
    value, weights = linear(9)
    found = weigh(method, FunctionGame(9, value))
    assert torch.allclose(found.weights, weights, atol=1e-9)
    assert float(found.errors.max()) < 1e-9


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.describe())
@pytest.mark.parametrize("count", [1, 2, 3, 5, 10])
def test_values_add_up(method: Any, count: int) -> None:
    game = FunctionGame(count, curved(count))
    found = weigh(method, game)
    assert found.additive
    assert torch.allclose(found.weights.sum(0), game.full - game.empty, rtol=0, atol=1e-9)


def test_dummies_and_symmetry() -> None:
    def value(z: Tensor) -> Tensor:
        return (z[:, 0] * z[:, 1] * z[:, 2] + torch.sin(z[:, 3] + z[:, 4]) + z[:, 0] * z[:, 1])[:, None]

    found = weigh(ExactShap(), FunctionGame(7, value)).weights[:, 0]
    assert torch.allclose(found[[5, 6]], torch.zeros(2).double(), atol=1e-12)
    assert float(found[0] - found[1]) == pytest.approx(0, abs=1e-12)
    assert float(found[3] - found[4]) == pytest.approx(0, abs=1e-12)
    sampled = weigh(KernelShap(budget=100), FunctionGame(7, value)).weights[:, 0]
    assert torch.allclose(sampled, found, atol=1e-4)


def test_regression_on_all_coalitions_is_exact() -> None:
    value = curved(8)
    pairs = kernel_pairs(127, 8, 0)
    game = FunctionGame(8, value)
    found = constrained(pairs.both(), game(pairs.both()), pairs.weights.repeat(2), game.full, game.empty)
    assert torch.allclose(found, exact(value(everything(8).double())))
    assert float(bootstrap(pairs, game(pairs.both()), game.full, game.empty, 0, draws=5).max()) == 0


def test_kernel_shap_with_all_but_two_coalitions_is_nearly_exact() -> None:
    value = curved(8)
    found = weigh(KernelShap(budget=255), FunctionGame(8, value))
    assert torch.allclose(found.weights, exact(value(everything(8).double())), atol=1e-3)


def test_the_number_of_coalitions() -> None:
    for method, asked in ((KernelShap(budget=100), 100), (KernelShap(budget=101), 100), (KernelShap(), 768)):
        game = FunctionGame(12, curved(12))
        weigh(method, game)
        assert len(game.seen) == asked
        assert game.asked == asked
    game = FunctionGame(12, curved(12))
    weigh(PermutationShap(budget=100), game)
    assert len(game.seen) <= 2 + 4 * 22
    for method in (KernelShap(), ExactShap()):
        game = FunctionGame(8, curved(8))
        weigh(method, game)
        assert len(game.seen) == 256


def test_draws_follow_the_seed() -> None:
    game = FunctionGame(12, curved(12))
    for kind in (KernelShap, PermutationShap):
        first, again, other = (weigh(kind(budget=60), game, seed).weights for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)
        assert torch.equal(weigh(kind(budget=60, seed=1), game, 7).weights, first)


@pytest.mark.parametrize(
    ("method", "count", "words"),
    [
        (KernelShap(budget=13), 12, "give at least 14"),
        (PermutationShap(budget=20), 12, "give 768"),
        (ExactShap(), 17, "use kernel-shap"),
    ],
)
def test_too_small_a_budget_is_said(method: Any, count: int, words: str) -> None:
    with pytest.raises(AuricleError, match=words):
        weigh(method, FunctionGame(count, lambda z: z.sum(1)))


def relative(found: Tensor, truth: Tensor) -> float:
    return float((found - truth).abs().mean() / truth.abs().mean())


@pytest.mark.filterwarnings("ignore")
def test_kernel_shap_is_closer_than_its_peers(digits: Classifier, clips: list[Clip]) -> None:
    """At 12 components and 200 coalitions of real clips: a third of Captum's error, half of shap's."""
    captum = pytest.importorskip("captum.attr")
    shap = pytest.importorskip("shap")
    errors = []
    for clip, target in itertools.product(clips, ("predicted", "zero", "four", "seven")):
        logits = digits.logits(digits.windows(clip).samples[:1])
        game = Game(table(digits, clip, "time:12"), digits.target_weights(target, logits)[0])
        truth = weigh(ExactShap(), game).weights[:, 0]
        ours = weigh(KernelShap(budget=200), game).weights[:, 0]

        def value(z: Any, game: Game = game) -> Tensor:
            return game(torch.as_tensor(z) > 0.5)[:, 0]

        torch.manual_seed(0)
        captums = captum.KernelShap(value).attribute(
            torch.ones(1, 12), baselines=torch.zeros(1, 12), n_samples=200, perturbations_per_eval=50
        )[0].double()
        explainer = shap.KernelExplainer(lambda z, value=value: value(z).numpy(), np.zeros((1, 12)))
        shaps = []
        for selection in (False, "num_features(10)"):
            np.random.seed(0)  # noqa: NPY002
            found = explainer.shap_values(np.ones((1, 12)), nsamples=200, l1_reg=selection, silent=True)
            shaps.append(torch.as_tensor(found[0]))
        errors.append([relative(found, truth) for found in (ours, captums, *shaps)])
    ours, captums, plain, few = np.mean(errors, axis=0)
    assert len(errors) == 20
    assert ours < captums / 3
    assert ours < min(plain, few) / 2


def test_exact_values_agree_with_shap() -> None:
    shap = pytest.importorskip("shap")
    value = curved(6, columns=1)
    explainer = shap.ExactExplainer(lambda z: value(torch.as_tensor(z, dtype=torch.float64))[:, 0].numpy(),
                                    shap.maskers.Independent(np.zeros((1, 6))))
    theirs = explainer(np.ones((1, 6))).values[0]
    assert np.allclose(weigh(ExactShap(), FunctionGame(6, value)).weights[:, 0], theirs, atol=1e-6)


@pytest.mark.parametrize("kind", [KernelShap, PermutationShap])
def test_standard_errors_are_of_the_errors_size(kind: Any) -> None:
    ratios = []
    for seed in range(6):
        value = curved(10, seed)
        truth = exact(value(everything(10).double()))
        found = weigh(kind(budget=150, seed=seed), FunctionGame(10, value))
        ratios.append(float((found.weights - truth).square().mean().sqrt() / found.errors.square().mean().sqrt()))
    assert 0.5 < np.mean(ratios) < 1.7


def test_the_bootstrap_is_of_the_errors_size() -> None:
    ratios = []
    for seed in range(6):
        value = curved(10, seed)
        game, pairs = FunctionGame(10, value), kernel_pairs(100, 10, seed)
        values = game(pairs.both())
        found = constrained(pairs.both(), values, pairs.weights.repeat(2), game.full, game.empty)
        errors = bootstrap(pairs, values, game.full, game.empty, seed)
        off = found - exact(value(everything(10).double()))
        ratios.append(float(off.square().mean().sqrt() / errors.square().mean().sqrt()))
    assert 0.4 < np.mean(ratios) < 1.7


def test_imprecision_is_a_failed_check_with_a_remedy() -> None:
    def value(z: Tensor) -> Tensor:
        return torch.sin(7 * z @ torch.arange(1.0, 13).double())[:, None]

    check = weigh(KernelShap(budget=30), FunctionGame(12, value)).checks[0]
    assert check.passed is False
    assert "raise budget to 120" in check.text
    check = weigh(KernelShap(budget=400), FunctionGame(12, curved(12))).checks[0]
    assert check.passed
    check = weigh(KernelShap(), FunctionGame(6, curved(6))).checks[0]
    assert check.passed
    assert check.value == 0


def test_a_column_does_not_depend_on_the_others() -> None:
    value = curved(11, columns=4)
    both = weigh(KernelShap(budget=150), FunctionGame(11, value)).weights
    alone = weigh(KernelShap(budget=150), FunctionGame(11, lambda z: value(z)[:, :1])).weights
    assert relative(both[:, 0], alone[:, 0]) < 0.05


def test_errors_from_few_pairs_lean_on_those_of_all_components():
    """A component's variance v over two pairs becomes (2 v + 4 times the mean of all v) / 6."""
    marginals = torch.tensor([[0.0, 1.0], [0.0, 7.0], [2.0, 2.0], [2.0, 2.0]], dtype=torch.float64)[..., None]
    mean, errors = mean_of_pairs(marginals)
    own = torch.tensor([2.0, 2.0], dtype=torch.float64)  # of (0, 2) and of (4, 2)
    torch.testing.assert_close(mean[:, 0], torch.tensor([1.0, 3.0], dtype=torch.float64))
    torch.testing.assert_close(errors[:, 0], ((2 * own + 4 * own.mean()) / 6 / 2).sqrt())
    steady = torch.cat([marginals[:, :1], torch.ones_like(marginals[:, :1])], dim=1)  # the second never varies
    torch.testing.assert_close(mean_of_pairs(steady)[1][:, 0] ** 2 * 2, torch.tensor([8 / 6, 4 / 6]).double())
    assert mean_of_pairs(marginals[:2])[1] is None
