"""Every LRP rule is its formula, on explicit matrices, and agrees with zennit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from oracles import difference, noise, on_samples, relevance_of, seeded, zennit_module, zennit_relevance
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import LRP
from auricle.methods.lrp import Composite
from auricle.methods.rules import AlphaBeta, Box, Epsilon, Flat, Gamma, Rule, WSquare, rule

SHAPES = {"conv1d": (6, 12), "conv2d": (6, 6, 5), "dense": (20,)}


def layer(kind: str, *, bias: bool) -> nn.Module:
    if kind == "conv1d":
        return nn.Conv1d(6, 3, 3, stride=2, padding=1, bias=bias)
    if kind == "conv2d":
        return nn.Conv2d(6, 3, (3, 2), padding=1, dilation=(2, 1), bias=bias)
    return nn.Linear(20, 6, bias=bias)


def one_layer(kind: str, *, bias: bool = True) -> tuple[Classifier, int]:
    """One linear layer whose outputs are the logits, and the number of its inputs."""
    network = seeded(lambda: nn.Sequential(layer(kind, bias=bias), nn.Flatten()), seed=3)
    inputs = int(torch.tensor(SHAPES[kind]).prod())
    classes = network(torch.zeros(1, *SHAPES[kind])).shape[1]
    return on_samples(network, SHAPES[kind], classes=classes), inputs


# --- independent formulas: W, b, connections as matrices; [J, I] contributions of one clip --------------------------


def matrices(classifier: Classifier, inputs: int) -> tuple[Tensor, Tensor, Tensor]:
    network, zero = classifier.network, torch.zeros(1, inputs, dtype=torch.float64)
    weight = torch.autograd.functional.jacobian(lambda x: network(x)[0], zero)[:, 0]
    return weight, network(zero)[0].detach(), (weight != 0).double()


def sign(z: Tensor) -> Tensor:
    return torch.where(z < 0, -1.0, 1.0).to(z)


def by_epsilon(epsilon: float) -> Callable[..., Tensor]:
    def formula(a: Tensor, w: Tensor, b: Tensor, linked: Tensor, r: Tensor) -> Tensor:
        z = w @ a + b
        return ((w * a).T / (z + epsilon * sign(z)) * r).sum(1)

    return formula


def by_gamma(gamma: float) -> Callable[..., Tensor]:
    def formula(a: Tensor, w: Tensor, b: Tensor, linked: Tensor, r: Tensor) -> Tensor:
        shares = torch.zeros_like(w)
        for j in range(len(w)):
            parts, z = w[j] * a, w[j] @ a + b[j]
            keep = (lambda v: v.clamp(min=0)) if z > 0 else (lambda v: v.clamp(max=0))
            boosted = parts + gamma * keep(parts)
            shares[j] = boosted / (boosted.sum() + b[j] + gamma * keep(b[j])) * r[j]
        return shares.sum(0)

    return formula


def by_alpha_beta(alpha: float) -> Callable[..., Tensor]:
    def formula(a: Tensor, w: Tensor, b: Tensor, linked: Tensor, r: Tensor) -> Tensor:
        up, down = (w * a).clamp(min=0), (w * a).clamp(max=0)
        up = up / (up.sum(1) + b.clamp(min=0))[:, None]
        down = down / (down.sum(1) + b.clamp(max=0))[:, None] if alpha > 1 else 0.0
        return ((alpha * up - (alpha - 1) * down) * r[:, None]).sum(0)

    return formula


def by_w_square(a: Tensor, w: Tensor, b: Tensor, linked: Tensor, r: Tensor) -> Tensor:
    return ((w.square().T / w.square().sum(1)) * r).sum(1)


def by_flat(a: Tensor, w: Tensor, b: Tensor, linked: Tensor, r: Tensor) -> Tensor:
    return ((linked.T / linked.sum(1)) * r).sum(1)


def by_box(low: float, high: float) -> Callable[..., Tensor]:
    def formula(a: Tensor, w: Tensor, b: Tensor, linked: Tensor, r: Tensor) -> Tensor:
        parts = w * a - low * w.clamp(min=0) - high * w.clamp(max=0)
        return ((parts / parts.sum(1, keepdim=True)) * r[:, None]).sum(0)

    return formula


FORMULAS: dict[str, tuple[Rule, Callable[..., Tensor]]] = {
    "zero": (Epsilon(0.0), by_epsilon(0.0)),
    "epsilon": (Epsilon(0.3), by_epsilon(0.3)),
    "gamma": (Gamma(0.4), by_gamma(0.4)),
    "large gamma": (Gamma(10.0), by_gamma(10.0)),
    "alpha 2, beta 1": (AlphaBeta(2, 1), by_alpha_beta(2)),
    "z-plus": (AlphaBeta(1, 0), by_alpha_beta(1)),
    "w-square": (WSquare(), by_w_square),
    "flat": (Flat(), by_flat),
    "box": (Box(-3.0, 4.0), by_box(-3.0, 4.0)),
}


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", FORMULAS)
def test_a_rule_is_its_formula(name: str, kind: str, signed: bool) -> None:
    ours, formula = FORMULAS[name]
    classifier, inputs = one_layer(kind)
    samples = noise(2, inputs, signed=signed)
    w, b, linked = matrices(classifier, inputs)
    weights = noise(2, len(b), seed=1)
    expected = [formula(a, w, b, linked, row * (w @ a + b)) for a, row in zip(samples, weights, strict=True)]
    found = relevance_of(classifier, samples, weights, ours)
    assert difference(found, torch.stack(expected)) < 1e-6


def zennit_rules() -> dict[str, tuple[Rule, Any]]:
    rules = zennit_module().rules
    tiny = 1e-9
    bound = torch.ones(1, 1, dtype=torch.float64)
    return {
        "epsilon": (Epsilon(0.01), rules.Epsilon(epsilon=0.01)),
        "gamma": (Gamma(0.25), rules.Gamma(gamma=0.25, stabilizer=tiny)),
        "alpha 2, beta 1": (AlphaBeta(2, 1), rules.AlphaBeta(alpha=2, beta=1, stabilizer=tiny)),
        "z-plus": (AlphaBeta(1, 0), rules.ZPlus(stabilizer=tiny)),
        "w-square": (WSquare(), rules.WSquare(stabilizer=tiny, zero_params=["bias"])),  # it squares the biases, too
        "flat": (Flat(), rules.Flat(stabilizer=tiny)),
        "box": (Box(-3.0, 4.0), rules.ZBox(low=-3 * bound, high=4 * bound, stabilizer=tiny)),
    }


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", ["epsilon", "gamma", "alpha 2, beta 1", "z-plus", "w-square", "flat", "box"])
def test_a_rule_agrees_with_zennit(name: str, kind: str, signed: bool) -> None:
    ours, theirs = zennit_rules()[name]
    if name == "box":
        shape = (1,) * (len(SHAPES[kind]) + 1)
        theirs = zennit_module().rules.ZBox(low=torch.full(shape, -3.0).double(), high=torch.full(shape, 4.0).double())
    classifier, inputs = one_layer(kind)
    samples = noise(2, inputs, signed=signed)
    weights = noise(2, len(classifier.labels), seed=1)
    composites = zennit_module().composites
    everywhere = composites.LayerMapComposite([((nn.Conv1d, nn.Conv2d, nn.Linear), theirs)])
    expected = zennit_relevance(classifier, samples, weights, everywhere)
    assert difference(relevance_of(classifier, samples, weights, ours), expected) < 1e-4


def cnn(dimensions: int, shape: tuple[int, ...]) -> nn.Module:
    """Wide enough that every output has contributions of both signs, for there the two αβ rules agree."""
    conv, pool = (nn.Conv1d, nn.MaxPool1d) if dimensions == 1 else (nn.Conv2d, nn.MaxPool2d)
    network = nn.Sequential(
        conv(6, 16, 3, padding=1), nn.ReLU(), conv(16, 8, 3), nn.ReLU(), pool(2), conv(8, 12, 2), nn.ReLU(),
        nn.Flatten(), nn.LazyLinear(10), nn.ReLU(), nn.Linear(10, 3),
    )  # fmt: skip
    network(torch.zeros(1, *shape))  # the lazy layer learns its size
    return network


@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("name", ["EpsilonPlus", "EpsilonPlusFlat", "EpsilonAlpha2Beta1", "EpsilonGammaBox"])
def test_a_composite_agrees_with_zennit(name: str, dimensions: int, signed: bool) -> None:
    shape = (6, 40) if dimensions == 1 else (6, 9, 8)
    network = seeded(lambda: cnn(dimensions, shape))
    samples = noise(3, int(torch.tensor(shape).prod()), signed=signed)
    classifier = on_samples(network, shape)
    theirs: dict[str, Any] = {"stabilizer": 1e-9}
    if name == "EpsilonGammaBox":
        bound = torch.ones(1, *[1] * len(shape), dtype=torch.float64)
        theirs |= {"low": -4 * bound, "high": 4 * bound}
    ours = {
        "EpsilonPlus": Composite(AlphaBeta(1, 0), Epsilon(1e-6)),
        "EpsilonPlusFlat": Composite(AlphaBeta(1, 0), Epsilon(1e-6), first=Flat()),
        "EpsilonAlpha2Beta1": Composite(AlphaBeta(2, 1), Epsilon(1e-6)),
        "EpsilonGammaBox": Composite(Gamma(0.25), Epsilon(1e-6), first=Box(-4.0, 4.0)),
    }[name]
    weights = torch.eye(3, dtype=torch.float64)
    composite = getattr(zennit_module().composites, name)(epsilon=1e-6, **theirs)
    expected = zennit_relevance(classifier, samples, weights, composite)
    assert difference(relevance_of(classifier, samples, weights, ours), expected) < 1e-4


def test_the_named_composites_are_the_rules_they_name() -> None:
    network = seeded(lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9 * 6, 3)))
    classifier = on_samples(network, (1, 11, 8))
    samples, weights = noise(2, 88), torch.eye(3, dtype=torch.float64)[:2]
    named = {
        "epsilon": Composite(Epsilon(0.02), Epsilon(0.02)),
        "epsilon-plus": Composite(AlphaBeta(1, 0), Epsilon(0.02)),
        "epsilon-plus-flat": Composite(AlphaBeta(1, 0), Epsilon(0.02), first=Flat()),
        "epsilon-alpha2-beta1": Composite(AlphaBeta(2, 1), Epsilon(0.02)),
        "epsilon-gamma-box": Composite(Gamma(0.7), Epsilon(0.02), first=Box()),
        "preset-a": Composite(AlphaBeta(1, 0), Epsilon(0.1)),
        "preset-b": Composite(AlphaBeta(2, 1), Epsilon(0.1)),
    }
    for name, composite in named.items():
        found = LRP(composite=name, epsilon=0.02, gamma=0.7)(classifier, samples, weights).relevance
        assert torch.equal(found, relevance_of(classifier, samples, weights, composite)), name


def test_a_rule_can_be_given_to_a_layer_by_name() -> None:
    network = seeded(lambda: nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 18, 3)))
    classifier = on_samples(network, (1, 20))
    samples, weights = noise(2, 20), torch.eye(3, dtype=torch.float64)[:2]
    found = LRP(composite="epsilon", rules={"1.0": "flat", "*3": "gamma:0.5"})(classifier, samples, weights)
    assert torch.equal(found.relevance, relevance_of(classifier, samples, weights, Composite(Flat(), Gamma(0.5))))


def test_alpha_beta_conserves_where_an_output_has_contributions_of_one_sign_only() -> None:
    dense = nn.Linear(2, 3, bias=False)
    dense.weight.data = torch.tensor([[1.0, 3.0], [-1.0, -3.0], [2.0, -1.0]])
    classifier = on_samples(nn.Sequential(nn.Flatten(), dense), (2,))
    samples = torch.ones(3, 2, dtype=torch.float64)
    found = relevance_of(classifier, samples, torch.eye(3, dtype=torch.float64), AlphaBeta(2, 1))
    # z = 4: all positive. z = -4: all negative. z = 1: twice the positive part less the negative part.
    expected = torch.tensor([[1.0, 3.0], [-1.0, -3.0], [2.0, -1.0]], dtype=torch.float64)
    assert torch.allclose(found, expected, atol=1e-6)


def test_gamma_runs_from_epsilon_to_z_plus() -> None:
    classifier, inputs = one_layer("conv2d", bias=False)
    samples = noise(2, inputs, signed=False)
    logits = classifier.network(samples).detach()
    weights = (logits > 0).double()  # z⁺ and γ → ∞ agree where the output is positive
    none = relevance_of(classifier, samples, weights, Gamma(0.0))
    assert difference(none, relevance_of(classifier, samples, weights, Epsilon(0.0))) < 1e-6
    much = relevance_of(classifier, samples, weights, Gamma(1e6))
    assert difference(much, relevance_of(classifier, samples, weights, AlphaBeta(1, 0))) < 1e-5


def test_flat_and_box_and_w_square_give_relevance_to_exact_zeros() -> None:
    classifier, inputs = one_layer("conv1d")
    samples = noise(2, inputs)
    samples[:, 3:7] = 0.0
    weights = torch.ones(2, len(classifier.labels), dtype=torch.float64)
    for each in (Flat(), WSquare(), Box(-3.0, 4.0)):
        found = relevance_of(classifier, samples, weights, each)
        nudged = relevance_of(classifier, samples + 1e-10, weights, each)
        assert (found[:, 3:7] != 0).all()
        assert difference(found, nudged) < 1e-6


@pytest.mark.parametrize(
    ("text", "named"),
    [("gama", "gamma"), ("epsilon:much", "gamma:0.25"), ("alpha-beta:0.5", "α - β = 1"), ("zplus", "z-plus")],
)
def test_a_rule_that_cannot_be_says_what_can(text: str, named: str) -> None:
    with pytest.raises(AuricleError, match=named):
        rule(text)
