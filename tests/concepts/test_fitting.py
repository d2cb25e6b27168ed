"""Concepts of several classes from clips, as one call."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.concepts import Sampling, explain_concepts, fit_concepts
from auricle.concepts.collecting import collect
from auricle.concepts.learners import Learner, build_learner
from auricle.errors import AuricleError
from auricle.methods import build

LAYER = "features.10"


@pytest.fixture(scope="module")
def takes() -> list[tuple[Clip, str]]:
    """Ten takes of each of two bundled words."""
    from auricle import demo, load_clip

    generator = np.random.default_rng(0)
    found = []
    for take in range(10):
        for word in ("seven", "nine"):
            clip = load_clip(demo.clip(word))
            samples = generator.uniform(0.4, 1.0) * clip.samples + generator.normal(0, 2e-3, clip.samples.shape)
            found.append((Clip(samples.astype(np.float32), clip.sample_rate, f"{word}-{take}"), word))
    return found


def test_each_class_gets_its_own_concepts_with_what_is_known_of_them(
    digits: Classifier, takes: list[tuple[Clip, str]]
) -> None:
    found = fit_concepts(digits, takes, layer=LAYER, data="takes")
    assert list(found) == ["seven", "nine"]
    for label in found:
        statistics = found[label].statistics
        assert statistics["clips"] == 10
        assert statistics["relevance"] == sorted(statistics["relevance"], reverse=True)
        assert 0 <= statistics["stability_by_chance"] <= statistics["stability"] <= 1
        assert statistics["held_out"] is not None  # a fifth of the clips chose
    assert found.facts["fitted_on"]["data"] == "takes"
    assert found["seven"].sizes == (20, 20, 20, 20)


def test_prca_takes_the_moments_of_all_positions(digits: Classifier, takes: list[tuple[Clip, str]]) -> None:
    found = fit_concepts(digits, takes, layer=LAYER, learner="prca", sampling=Sampling(per_clip=1, vectors=2))
    everything = collect(
        digits, takes, layer=LAYER, method=build("lrp"), sampling=Sampling(per_clip=400, vectors=100_000)
    )
    a, c = everything["nine"].a, everything["nine"].c
    assert len(a) == 10 * 16 * 25  # each position of each clip
    again = build_learner("prca").fit(a, c)
    mine = found["nine"].basis
    assert torch.allclose((mine.T @ again.basis).abs(), torch.eye(4, dtype=mine.dtype), atol=1e-3)


def test_the_same_seed_gives_the_same_bits(digits: Classifier, takes: list[tuple[Clip, str]]) -> None:
    learner = build_learner("drsa", steps=20)
    first, again, other = (fit_concepts(digits, takes, layer=LAYER, learner=learner, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first["nine"].basis, again["nine"].basis)
    assert not torch.equal(first["nine"].basis, other["nine"].basis)


def test_with_independent_labels_a_clip_is_right_where_its_label_is_heard_as_present(
    digits: Classifier, takes: list[tuple[Clip, str]]
) -> None:
    """A second label that is even surer does not make the first one wrong."""
    network = copy.deepcopy(digits.network)
    with torch.no_grad():  # "two" is heard in everything, and louder than all else
        network.head.weight[digits.target_index("two")] = 0.0
        network.head.bias[digits.target_index("two")] = 100.0
    both = Classifier(
        network, frontend=digits.frontend, labels=digits.labels, length=digits.length, multi_label=True
    )
    found = collect(both, takes[1:4:2], layer=LAYER, method=build("lrp"), labels=["nine"])
    assert found["nine"].clips == 2
    with pytest.raises(AuricleError, match='"three" has no clip that the model gets right'):
        collect(both, [(takes[1][0], "three")], layer=LAYER, method=build("lrp"))


def test_repeats_tell_how_stable_the_concepts_are(digits: Classifier, takes: list[tuple[Clip, str]]) -> None:
    learner = build_learner("dsa", starts=1)
    found = fit_concepts(digits, takes, layer=LAYER, learner=learner, repeats=2, labels=["nine"])
    assert len(found["nine"].statistics["stabilities"]) == 4
    with pytest.raises(AuricleError, match="0 repeats"):
        fit_concepts(digits, takes, layer=LAYER, repeats=0)
    with pytest.raises(AuricleError, match="prca does not search"):
        fit_concepts(digits, takes, layer=LAYER, learner="prca", repeats=2)


def test_concepts_found_with_any_attribution_can_explain_clips(
    digits: Classifier, takes: list[tuple[Clip, str]]
) -> None:
    """Integrated gradients give relevance to the layer's channels, but cannot be followed down from there in parts."""
    found = fit_concepts(digits, takes, layer=LAYER, learner="prca", method=build("ig", steps=4), labels=["nine"])
    assert found.facts["found_with"]["name"] == "ig"
    assert found.method.name == "lrp"
    explained = explain_concepts(takes[1][0], digits, found)
    assert explained.names[-1] == "the rest"


def test_the_number_of_concepts_can_be_chosen_by_held_out_clips(
    digits: Classifier, takes: list[tuple[Clip, str]]
) -> None:
    learner = build_learner("drsa", starts=1, grouped=False, steps=20)
    found = fit_concepts(digits, takes, layer=LAYER, learner=learner, choose=(2, 4), labels=["nine"])["nine"]
    gains = found.statistics["information_above_random"]
    assert set(gains) == {"2", "4"}
    assert len(found) == (2 if gains["2"] >= 0.95 * gains["4"] else 4)
    with pytest.raises(AuricleError, match="3 clips are too few to choose"):
        fit_concepts(digits, takes[:6], layer=LAYER, learner=learner, choose=(2, 4))


def test_numbers_of_concepts_that_a_narrow_layer_cannot_hold_are_no_choice(
    digits: Classifier, takes: list[tuple[Clip, str]]
) -> None:
    learner = build_learner("drsa", starts=1, grouped=False, steps=5)
    found = fit_concepts(digits, takes, layer=LAYER, learner=learner, choose=(2, 81), labels=["nine"])["nine"]
    assert set(found.statistics["information_above_random"]) == {"2"}
    with pytest.raises(AuricleError, match="80 channels cannot hold 81 concepts"):
        fit_concepts(digits, takes, layer=LAYER, learner=learner, choose=(81,), labels=["nine"])


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        (build_learner("prca"), "chosen for drsa and dsa only, not for prca"),
        (build_learner("drsa", size=10), "size says how large concepts are"),
        (build_learner("drsa", sizes=(40, 20)), "sizes says how large concepts are"),
    ],
)
def test_what_cannot_be_chosen_is_told_before_any_clip_is_heard(
    digits: Classifier, takes: list[tuple[Clip, str]], learner: Learner, said: str
) -> None:
    heard: list[Clip] = []
    with pytest.raises(AuricleError, match=said):
        fit_concepts(digits, takes, layer=LAYER, learner=learner, choose=(2, 4), on_clip=heard.append)
    assert heard == []


def test_each_class_is_told_when_its_search_begins(digits: Classifier, takes: list[tuple[Clip, str]]) -> None:
    told: list[str] = []
    fit_concepts(digits, takes, layer=LAYER, learner="prca", on_class=told.append)
    assert told == ["seven", "nine"]


@pytest.mark.parametrize("learner", ["drsa", "prca", "nmf", "random"])
def test_too_many_concepts_are_told_by_the_first_clip(
    digits: Classifier, takes: list[tuple[Clip, str]], learner: str
) -> None:
    """Not after all of them were heard, which may take hours."""
    heard: list[Clip] = []
    with pytest.raises(AuricleError, match="80 channels cannot hold 81 concepts"):
        fit_concepts(
            digits, takes, layer=LAYER, learner=build_learner(learner, concepts=81), on_clip=heard.append
        )
    assert heard == []


def test_a_sentence_names_the_class_that_cannot_be_fitted(digits: Classifier, takes: list[tuple[Clip, str]]) -> None:
    with pytest.raises(AuricleError, match="7 concepts do not share 80 channels"):
        fit_concepts(digits, takes, layer=LAYER, learner=build_learner("drsa", concepts=7))
    wrong = [(clip, "two") for clip, _ in takes[:2]]
    with pytest.raises(AuricleError, match='"two" has no clip that the model gets right; all 2 were taken'):
        fit_concepts(digits, wrong, layer=LAYER)
    kept = fit_concepts(digits, wrong, layer=LAYER, learner="pca", correct=False)
    assert kept["two"].statistics["clips"] == 2
