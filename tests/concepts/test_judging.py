"""Concepts of a real model judged on clips: flipping beside controls, between classes, how far they differ."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.concepts import Concepts, Subspaces
from auricle.concepts.evaluation import Cells, ConceptFlipping, between_classes, flipped, hear, random_like, told_apart
from auricle.concepts.evaluation.judging import PLAIN, RANDOM, shares_of
from auricle.errors import AuricleError
from auricle.methods import build

LAYER = "features.10"
WORDS = ("five", "nine", "seven", "three")


@pytest.fixture(scope="module")
def spoken() -> list[tuple[Clip, str]]:
    from auricle import demo, load_clip

    return [(load_clip(demo.clip(word)), word) for word in WORDS]


@pytest.fixture(scope="module")
def concepts(digits: Classifier) -> Concepts:
    generator = torch.Generator().manual_seed(0)
    subspaces = {
        word: Subspaces(torch.linalg.qr(torch.randn(80, 60, generator=generator))[0], (20, 20, 20)) for word in WORDS
    }
    return Concepts.of(digits, LAYER, build("lrp"), subspaces)


def test_only_clips_that_the_model_gets_right_are_heard(digits: Classifier, spoken: list[tuple[Clip, str]]) -> None:
    heard = hear(digits, [*spoken, (spoken[0][0], "six")], groups=["a", "a", "b", "b", "c"])
    assert heard.labels == WORDS
    assert heard.groups == ("a", "a", "b", "b")
    assert len(hear(digits, [(spoken[0][0], "six")], correct=False).labels) == 1
    with pytest.raises(AuricleError, match="none of these clips right"):
        hear(digits, [(spoken[0][0], "six")])


def test_maps_are_those_of_the_concepts_without_the_residual(
    digits: Classifier, spoken: list[tuple[Clip, str]], concepts: Concepts
) -> None:
    heard = hear(digits, spoken)
    maps, whole = shares_of(digits, concepts, heard.samples, "nine", concepts["nine"])
    assert maps.shape[1] == 3
    assert not torch.allclose(maps.sum(1), whole, atol=1e-3)  # the residual has a share, too
    full = Subspaces(torch.eye(80), (80,))
    maps, whole = shares_of(digits, concepts, heard.samples, "nine", full)
    torch.testing.assert_close(maps[:, 0], whole, atol=1e-5, rtol=1e-4)


def test_one_concept_that_is_everything_flips_like_the_plain_explanation(
    digits: Classifier, spoken: list[tuple[Clip, str]], concepts: Concepts
) -> None:
    everything = Concepts.of(digits, LAYER, build("lrp"), {word: Subspaces(torch.eye(80), (80,)) for word in WORDS})
    flip = ConceptFlipping(patch=Cells(16, 16), fill="silence")
    found = flipped(digits, hear(digits, spoken), {"all": everything, "some": concepts}, draws=2, flipping=flip)
    np.testing.assert_allclose(found["all"], found[PLAIN], rtol=1e-4)
    assert found[RANDOM].shape == (2, 4)
    # A random subspace of everything is everything.
    np.testing.assert_allclose(found[RANDOM], np.tile(found[PLAIN], (2, 1)), rtol=1e-4)
    assert not np.allclose(found["some"], found[PLAIN])


def test_random_controls_have_the_same_sizes_and_differ(concepts: Concepts) -> None:
    first, second = random_like(concepts, draws=2)
    assert first["nine"].sizes == second["nine"].sizes == concepts["nine"].sizes
    assert not torch.allclose(first["nine"].basis, second["nine"].basis)
    assert not torch.allclose(first["nine"].basis, first["five"].basis)


def test_the_matrix_between_classes_has_a_row_and_a_column_for_each(
    digits: Classifier, spoken: list[tuple[Clip, str]], concepts: Concepts
) -> None:
    flip = ConceptFlipping(patch=Cells(16, 16), fill="silence")
    found = between_classes(digits, hear(digits, spoken), concepts, draws=1, flipping=flip)
    assert found.labels == ("three", "five", "seven", "nine")  # as the model's outputs
    assert found.matrix.shape == (4, 4)
    own = flipped(digits, hear(digits, spoken), {"own": concepts}, draws=1, flipping=flip)
    gains = own[PLAIN] - own["own"]
    np.testing.assert_allclose(sorted(np.diag(found.matrix)), sorted(gains), rtol=1e-4)


def test_classes_with_different_numbers_of_concepts_are_not_compared(
    digits: Classifier, spoken: list[tuple[Clip, str]], concepts: Concepts
) -> None:
    """More maps take more away: a column of eight would win by their number."""
    more = {**concepts.subspaces, "nine": Subspaces(torch.eye(80), (10,) * 8)}
    mixed = Concepts.of(digits, LAYER, build("lrp"), more)
    with pytest.raises(AuricleError, match=r"different numbers of concepts \(five 3, nine 8, seven 3, three 3\)"):
        between_classes(digits, hear(digits, spoken), mixed, draws=1)
    without_nine = hear(digits, [each for each in spoken if each[1] in ("five", "seven")])
    flip = ConceptFlipping(patch=Cells(16, 16), fill="silence")
    assert between_classes(digits, without_nine, mixed, draws=1, flipping=flip).matrix.shape == (2, 2)


def test_how_far_concepts_differ_is_told_for_every_clip(
    digits: Classifier, spoken: list[tuple[Clip, str]], concepts: Concepts
) -> None:
    found = told_apart(digits, hear(digits, spoken), concepts)
    assert found.separability.shape == (4,)
    assert (found.separability > 0).all()
