"""LIME agrees with the lime package and with Captum on the same coalitions, and says how far to trust it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from games import FunctionGame, curved, linear

from auricle.errors import AuricleError
from auricle.methods.coalitions.ridge import cosine_distance, fit, locality
from auricle.methods.coalitions.stability import settling, stability
from auricle.methods.lime import PRESETS, Lime, preset


def weigh(method: Lime, game: Any, seed: int = 0) -> Any:
    return method._weigh(game, seed)


@pytest.mark.parametrize(
    ("selection", "theirs", "features"),
    [
        ("auto", "auto", 4),
        ("auto", "auto", 9),
        ("forward", "forward_selection", 8),
        ("highest", "highest_weights", 5),
        ("lasso", "lasso_path", 5),
        ("none", "none", 3),
        ("auto", "auto", None),
    ],
)
@pytest.mark.parametrize("sampler", ["bernoulli", "uniform-size"])
def test_weights_are_those_of_the_lime_package(selection: Any, theirs: str, features: int | None, sampler: Any) -> None:
    base = pytest.importorskip("lime.lime_base")
    game = FunctionGame(12, curved(12, columns=3))
    method = Lime(samples=400, selection=selection, features=features, sampler=sampler)
    found = weigh(method, game)
    coalitions = method.draw(12, 0)
    values, data = game(coalitions).numpy(), coalitions.double().numpy()
    distances = cosine_distance(coalitions).numpy()
    explainer = base.LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)), random_state=0)
    for column in range(3):
        _, pairs, score, _ = explainer.explain_instance_with_data(
            data, values, distances, column, features or 100_000, feature_selection=theirs
        )
        expected = np.zeros(12)
        for k, weight in pairs:
            expected[k] = weight
        assert np.allclose(found.weights[:, column], expected, atol=1e-6)
        if column == 0:
            assert f"({score:.2f} on its own)" in found.checks[0].text


@pytest.mark.parametrize(("penalty", "theirs", "alpha"), [("ridge", "Ridge", 1.0), ("lasso", "Lasso", 0.01)])
def test_weights_are_those_of_captum(penalty: Any, theirs: str, alpha: float) -> None:
    captum = pytest.importorskip("captum.attr")
    from captum._utils.models.linear_model import SkLearnLinearModel
    from captum.attr._core.lime import get_exp_kernel_similarity_function

    value = curved(10, columns=1)
    method = Lime(samples=200, penalty=penalty, alpha=alpha, width=0.7)
    coalitions = iter(method.draw(10, 0).float())
    other = captum.LimeBase(
        lambda z: value(z.double())[:, 0],
        SkLearnLinearModel(f"linear_model.{theirs}", alpha=alpha),
        similarity_func=get_exp_kernel_similarity_function("cosine", 0.7),
        perturb_func=lambda _: next(coalitions)[None],
        perturb_interpretable_space=True,
        from_interp_rep_transform=lambda z, *_: z,
        to_interp_rep_transform=None,
    )
    expected = other.attribute(torch.ones(1, 10), n_samples=200)[0]
    found = weigh(method, FunctionGame(10, value)).weights[:, 0]
    assert torch.allclose(found.float(), expected.flatten(), atol=1e-6 if penalty == "ridge" else 1e-4)


def test_distance_between_sounds_needs_only_energies() -> None:
    generator = torch.Generator().manual_seed(0)
    parts = torch.zeros(5, 50, dtype=torch.float64)
    for k in range(5):
        parts[k, 10 * k : 10 * k + 10] = torch.randn(10, generator=generator, dtype=torch.float64)
    coalitions = torch.rand(20, 5, generator=generator) < 0.5
    coalitions[0] = False
    sounds = coalitions.double() @ parts
    expected = 1 - torch.cosine_similarity(sounds, parts.sum(0)[None])
    assert torch.allclose(cosine_distance(coalitions, parts.square().sum(1)), expected)
    kept = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]]).bool()
    assert torch.allclose(cosine_distance(kept), torch.tensor([1 - 0.5**0.5, 1.0, 0.0]).double())
    assert torch.allclose(locality(cosine_distance(kept), 0.25)[1], torch.tensor(3.3546e-4).double(), rtol=1e-4)


def test_a_linear_game_gives_back_its_coefficients() -> None:
    value, weights = linear(8)
    found = weigh(Lime(alpha=0.0), FunctionGame(8, value))
    assert torch.allclose(found.weights, weights, atol=1e-9)
    assert not found.additive
    assert found.checks[0].value == pytest.approx(1.0)
    dummy = weigh(Lime(alpha=0.0), FunctionGame(6, lambda z: z[:, 0] - z[:, 1])).weights
    assert torch.allclose(dummy[2:], torch.zeros(4, 1).double(), atol=1e-12)


def test_every_combination_is_symmetric_and_leaves_nothing_to_chance() -> None:
    game = FunctionGame(6, lambda z: torch.sin(z.sum(1)))
    found = weigh(Lime(sampler="all"), game)
    assert len(game.seen) == 64
    assert torch.allclose(found.weights, found.weights[0].expand(6, 1), atol=1e-12)
    assert float(found.errors.max()) == 0


def test_standard_errors_are_of_the_scatters_size() -> None:
    value = curved(8)
    found = [weigh(Lime(samples=300, seed=seed), FunctionGame(8, value)) for seed in range(30)]
    scatter = torch.stack([each.weights for each in found]).std(0)
    errors = torch.stack([each.errors for each in found]).mean(0)
    assert 0.6 < float((scatter / errors).mean()) < 1.4


def test_fidelity_is_told_but_is_no_seal() -> None:
    checks = {c.name: c for c in weigh(Lime(samples=200), FunctionGame(10, curved(10))).checks}
    assert checks["fidelity"].passed is None
    assert "Haunschmid" in checks["fidelity"].text
    generator = torch.Generator().manual_seed(0)
    noise = FunctionGame(30, lambda z: torch.randn(len(z), generator=generator, dtype=torch.float64))
    checks = {c.name: c for c in weigh(Lime(samples=60), noise).checks}
    assert float(checks["fidelity"].value) < 0.2
    assert checks["precision"].passed is False
    assert "raise samples to 240" in checks["precision"].text


def test_settings_that_cannot_work_are_said() -> None:
    with pytest.raises(AuricleError, match="give at least 14"):
        weigh(Lime(samples=13), FunctionGame(12, curved(12)))
    with pytest.raises(AuricleError, match="at most 16"):
        weigh(Lime(sampler="all"), FunctionGame(17, lambda z: z.sum(1)))
    with pytest.raises(AuricleError, match='did you mean "slime-time"'):
        preset("slime-tim")


def test_draws_follow_the_seed() -> None:
    game = FunctionGame(9, curved(9))
    first, again, other = (weigh(Lime(samples=99), game, seed).weights for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(weigh(Lime(samples=99, seed=1), game, 5).weights, first)
    assert bool(Lime(samples=99).draw(9, 0)[0].all())


def test_presets_are_settings_of_lime() -> None:
    known = {field.name for field in dataclasses.fields(Lime)}
    assert {"slime-time", "slime-frequency", "slime-tiles", "audiolime", "coughlime-nmf", "image-lime"} <= set(PRESETS)
    for name, each in PRESETS.items():
        assert set(each.settings) <= known, name
        assert each.summary
        assert each.source
    assert preset("slime-time", samples=20).samples == 20


def test_stability_counts_the_union_of_the_top() -> None:
    found = stability([[5, 4, 3, 0, 0.0], [5, 4, 0, 3, 0], [5, 3, 4, 0, 0]], top=3)
    assert found.unions == (1, 3, 4)
    assert stability([[3, 2, 1.0]] * 4).unions == (1, 2, 3)
    assert stability([[3, 2, 1.0]] * 4).kendall == pytest.approx(1.0)
    assert stability([[3, 2, 1.0], [1, 2, 3.0]]).spearman == pytest.approx(-1.0)
    assert stability([[1, 1, 1.0], [1, 1, 1.0]]).kendall == 1.0


def test_settling_finds_when_the_top_stands() -> None:
    weights = torch.tensor([3, 2, 1, 0, 0, 0.0]).double()
    generator = torch.Generator().manual_seed(0)
    coalitions = Lime(samples=2000).draw(6, 0)
    values = coalitions.double() @ weights + 1.5 * torch.randn(2000, generator=generator, dtype=torch.float64)

    def estimate(z: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return fit(z, v[:, None], locality(cosine_distance(z), 0.25)).coefficients[:, 0]

    found = settling(coalitions, values, estimate)
    assert found.rule == 1800
    assert found.needed is not None
    assert found.needed > min(found.unions)
    assert all(found.unions[size] == 3 for size in found.unions if size >= found.needed)
    noise = settling(coalitions, torch.randn(2000, generator=generator, dtype=torch.float64), estimate)
    assert noise.needed is None
