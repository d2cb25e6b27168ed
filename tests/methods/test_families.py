"""Every family of audio transformers by every method: what works keeps its promise, what does not says why."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from families import FAMILIES, family, sound
from oracles import difference, without_biases
from test_every_method import assert_same, state_of

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import LRP, METHODS, build
from auricle.methods.coalitions.method import CoalitionMethod

REFUSED = {("clap", "attention-rollout"): "attends within windows"}
COLUMNS = [[name for name in FAMILIES if name not in ("ast", "whisper", "clap")], ["ast", "whisper"], ["clap"]]
"""Of the table in docs/methods.md."""

SETTINGS: dict[str, dict[str, Any]] = {
    "ig": {"steps": 512}, "smoothgrad": {"draws": 4}, "gradient-shap": {"draws": 8},
}  # fmt: skip
EXACT = {"lrp": 1e-6, "deeplift": 1e-9, "deepshap": 1e-9, "ig": 0.03}
"""By how much of it the promised sum may be missed."""


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("kind", [name for name, each in METHODS.items() if not issubclass(each, CoalitionMethod)])
def test_methods_that_look_into_the_network(kind: str, name: str) -> None:
    classifier, samples = family(name), sound(name, 1)
    method = build(kind, **SETTINGS.get(kind, {}))
    if (name, kind) in REFUSED:
        with pytest.raises(AuricleError, match=REFUSED[name, kind]):
            method(classifier, samples)
        return
    found = method(classifier, samples, "a")
    assert found.relevance.shape == samples.shape
    assert torch.isfinite(found.relevance).all()
    # Deep Taylor leaves negative scores alone, and a map of what speaks for a class may be empty.
    assert found.relevance.any() or kind in ("deep-taylor", "grad-cam", "grad-cam++", "layer-cam", "guided-grad-cam")
    assert not found.unruled
    if kind in EXACT:
        assert float(found.gap()) < EXACT[kind]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("kind", [name for name, each in METHODS.items() if issubclass(each, CoalitionMethod)])
def test_methods_that_remove_parts_of_the_sound(kind: str, name: str) -> None:
    classifier, samples = family(name), sound(name, 1)
    found = build(kind, components="time:6")(classifier, samples, "a")
    assert torch.isfinite(found.relevance).all()
    assert found.relevance.any()
    if found.expected is not None:
        assert float(found.gap()) < 1e-9


@pytest.mark.parametrize("composite", ["epsilon", "epsilon-gamma", "epsilon-plus", "epsilon-gamma-box"])
@pytest.mark.parametrize("name", FAMILIES)
def test_without_biases_lrp_hands_back_the_whole_score(name: str, composite: str) -> None:
    classifier = family(name)
    classifier = Classifier(
        without_biases(classifier.network), frontend=classifier.frontend, labels=classifier.labels
    )
    found = LRP(composite=composite)(classifier, sound(name, 3), ["a", "b", "c"])
    assert not found.unruled
    assert ((found.relevance.sum(1) - found.score).abs() / found.score.abs()).max() < 1e-5


@pytest.mark.parametrize("name", FAMILIES)
def test_with_biases_each_clip_books_its_own(name: str) -> None:
    samples, targets = sound(name, 3), ["a", "b", "c"]
    together = LRP()(family(name), samples, targets)
    assert together.gap().max() < 1e-6
    alone = LRP()(family(name), samples[1:2], "b")
    assert torch.allclose(alone.relevance[0], together.relevance[1])
    assert torch.allclose(alone.absorbed[0], together.absorbed[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("kind", ["lrp", "deeplift", "layer-cam", "attention-rollout"])
@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "clap"])
def test_the_gpu_says_what_the_cpu_says(name: str, kind: str) -> None:
    classifier, samples = family(name), sound(name)
    cuda = Classifier(
        copy.deepcopy(classifier.network).cuda(), frontend=classifier.frontend, labels=classifier.labels
    )
    found, expected = (build(kind)(each, samples, "a").relevance.cpu() for each in (cuda, classifier))
    assert difference(found, expected) < 1e-5


@pytest.mark.parametrize("kind", ["layer-cam", "attention-rollout", "lrp"])
def test_a_transformer_in_training_is_left_as_it_was(kind: str) -> None:
    network = copy.deepcopy(family("ast").network).train()
    classifier = Classifier(network, frontend=family("ast").frontend, labels=["a", "b", "c"])
    before, randomness = state_of(network), torch.get_rng_state()
    build(kind)(classifier, sound("ast"))
    assert_same(before, state_of(network))
    assert torch.equal(randomness, torch.get_rng_state())


def test_the_table_of_families_is_what_was_tested() -> None:
    page = (Path(__file__).parents[2] / "docs" / "methods.md").read_text()
    cell = r"(yes|no: [^|]+) \|"
    said: dict[str, tuple[str, ...]] = {}
    for names, *cells in re.findall(rf"^\| ([^|]+) \| {cell} {cell} {cell} {cell} {cell} {cell}$", page, re.M):
        said |= dict.fromkeys(re.findall("`([^`]+)`", names), tuple(cells[:3]))  # the others: tests/adapters
    assert sorted(said) == sorted(METHODS)
    for name, cells in said.items():
        refused = [any((family, name) in REFUSED for family in families) for families in COLUMNS]
        assert [cell.startswith("no") for cell in cells] == refused, name
