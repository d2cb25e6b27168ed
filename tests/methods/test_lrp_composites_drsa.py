"""DRSA-audio's composites: each layer of its networks has the published rule, and relevance is what zennit says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from oracles import difference, noise, on_samples, relevance_of, seeded, zennit_module, zennit_relevance
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.methods import COMPOSITES, LRP
from auricle.methods.lrp import Composite
from auricle.methods.rules import Call, Epsilon, Flat, Gamma, Rule, WSquare
from auricle.models.melcnn import TOY, MelCNN

TINY = {"bands": 32, "frames": 32, "dropout": 0.0}
"""The smallest maps that five poolings leave something of: no rule depends on their size."""
NETWORKS: dict[str, dict[str, Any]] = {"toy": {**TOY, **TINY}, "gtzan": TINY}
DENSE = {name: Epsilon(1e-7) for name in ("classifier.0", "classifier.2", "classifier.4")}
PUBLISHED: dict[str, dict[str, Rule]] = {
    "toy": {"features.0": Flat(), **{f"features.{at}": Gamma(0.8) for at in (3, 6, 9, 12)}, **DENSE},
    "gtzan": {
        "features.0": WSquare(), "features.3": Gamma(0.4), "features.6": Gamma(0.4), "features.9": Gamma(0.2),
        "features.12": Gamma(0.1), **DENSE,
    },
}  # fmt: skip


def case(name: str) -> tuple[Classifier, Tensor, Tensor]:
    network = seeded(lambda: MelCNN(**NETWORKS[name]))
    classifier = on_samples(network, (1, 32, 32), classes=network.settings["classes"])
    weights = torch.eye(len(classifier.labels), dtype=torch.float64)[:2]
    return classifier, noise(2, 32 * 32), weights


def noting(composite: Composite, chosen: dict[str, Rule]) -> Composite:
    """The same, that writes down the rule of every weight."""

    class Noting(Composite):
        def chooser(self) -> Any:
            choose = composite.chooser()

            def noted(call: Call) -> Rule:
                rule = choose(call)
                if call.name is not None:
                    chosen[call.name.removeprefix("1.").removesuffix(".weight")] = rule
                return rule

            return noted

    return Noting(composite.conv, composite.dense)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_has_the_published_rule(name: str) -> None:
    classifier, samples, weights = case(name)
    chosen: dict[str, Rule] = {}
    relevance_of(classifier, samples, weights, noting(COMPOSITES[f"drsa-audio-{name}"][1](1e-9, 0.25), chosen))
    assert chosen == PUBLISHED[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_relevance_is_what_zennit_says(name: str) -> None:
    rules = zennit_module().rules
    theirs = {
        Flat: lambda rule: rules.Flat(stabilizer=1e-9),
        WSquare: lambda rule: rules.WSquare(stabilizer=1e-9, zero_params=["bias"]),  # it squares biases, too
        Gamma: lambda rule: rules.Gamma(gamma=rule.gamma, stabilizer=1e-9),
        Epsilon: lambda rule: rules.Epsilon(epsilon=rule.epsilon),
    }
    layers = [([f"1.{layer}"], theirs[type(rule)](rule)) for layer, rule in PUBLISHED[name].items()]
    classifier, samples, weights = case(name)
    expected = zennit_relevance(classifier, samples, weights, zennit_module().composites.NameMapComposite(layers))
    found = LRP(composite=f"drsa-audio-{name}", baseline="zero")(classifier, samples, weights).relevance
    assert difference(found, expected) < 1e-4


def test_a_network_of_other_names_has_them_by_position() -> None:
    network = seeded(lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3), nn.Flatten()))
    chosen: dict[str, Rule] = {}
    classifier = on_samples(network, (1, 5, 6), classes=4)
    composite = noting(COMPOSITES["drsa-audio-gtzan"][1](1e-9, 0.25), chosen)
    relevance_of(classifier, noise(1, 30), torch.ones(1, 4, dtype=torch.float64), composite)
    assert chosen == {"0": WSquare(), "2": Gamma(0.4)}
