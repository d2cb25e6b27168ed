"""Concepts of layers that have no directions in common are compared by what they explain of the same clips."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip, load_clip
from auricle.concepts import Concepts, Subspaces, fit_concepts, similarity
from auricle.concepts.evaluation import Heard, hear, input_similarity, random_like
from auricle.concepts.learners import build_learner
from auricle.concepts.learners.orthogonal import haar
from auricle.errors import AuricleError
from auricle.frontends import STFT, Spectrogram
from auricle.methods import build
from auricle.methods.gradients import InputXGradient

FSDD = Path(__file__).parents[2] / "../shared/data/fsdd/recordings"
LAYER, DEEPER = "features.10", "features.14"  # of 80 and of 160 channels
WORDS = ("five", "nine", "seven", "three")


def some(classifier: Classifier, layer: str, channels: int, size: int = 20, seed: int = 0) -> Concepts:
    each = Subspaces(haar(1, channels, 3 * size, seed)[0].float(), (size,) * 3)
    return Concepts.of(classifier, layer, build("lrp"), dict.fromkeys(WORDS, each))


@pytest.fixture(scope="module")
def spoken(digits: Classifier) -> Heard:
    from auricle import demo

    return hear(digits, [(load_clip(demo.clip(word)), word) for word in WORDS])


def test_the_same_concepts_in_another_basis_and_order_are_one(digits: Classifier, spoken: Heard) -> None:
    first = some(digits, LAYER, 80)
    turned = torch.block_diag(*[haar(1, 20, 20, seed)[0].float() for seed in range(3)])
    other = {
        word: Subspaces(each.basis @ turned, each.sizes).ordered([2, 0, 1]) for word, each in first.subspaces.items()
    }
    seen: list[int] = []
    found = input_similarity(
        digits, spoken, first, Concepts.of(digits, LAYER, build("lrp"), other), draws=2, on_clips=seen.append
    )
    assert list(found) == list(WORDS)
    assert sum(seen) == 4
    for each in found.values():
        assert each.partners == (1, 2, 0)
        assert each.concepts == pytest.approx([1.0] * 3, abs=1e-4)
        assert each.mean == pytest.approx(1.0, abs=1e-4)
        assert each.chance.shape == (2, 3)
        assert each.chance.mean() < 0.6


def test_another_model_whose_channels_only_stand_in_another_order_is_the_same(
    digits: Classifier, spoken: Heard
) -> None:
    """Nothing of it shows in the directions: the projectors of the two models are unlike."""
    order = torch.randperm(80, generator=torch.Generator().manual_seed(0))
    network = copy.deepcopy(digits.network)
    parameters = dict(network.named_parameters()) | dict(network.named_buffers())
    with torch.no_grad():
        for name, value in parameters.items():
            if name.startswith(("features.8.", "features.9.")) and value.ndim:
                value.copy_(value[order])
        parameters["features.12.weight"].copy_(parameters["features.12.weight"][:, order])
    other = Classifier(network, frontend=digits.frontend, labels=digits.labels, length=digits.length, name="reordered")
    torch.testing.assert_close(other.logits(spoken.samples), digits.logits(spoken.samples), rtol=1e-4, atol=1e-4)
    first = some(digits, LAYER, 80)
    moved = {word: Subspaces(each.basis[order], each.sizes) for word, each in first.subspaces.items()}
    second = Concepts.of(other, LAYER, build("lrp"), moved)
    found = input_similarity(digits, spoken, first, second, second_classifier=other, draws=1)
    for word, each in found.items():
        assert each.concepts == pytest.approx([1.0] * 3, abs=1e-3)
        assert similarity(first[word], second[word]).max() < 0.5


def test_random_subspaces_are_like_others_by_chance(digits: Classifier, spoken: Heard) -> None:
    deeper = some(digits, DEEPER, 160, size=50)
    (unrelated,) = random_like(deeper, draws=1, seed=77)
    for each in input_similarity(digits, spoken, some(digits, LAYER, 80), unrelated, draws=8).values():
        draws = each.chance.mean(1)
        assert abs(each.mean - draws.mean()) < 4 * draws.std()
        assert draws.mean() > 0, "matching takes the best of what there is"


class FourBands(nn.Module):
    """Four channels, each hearing a band; then twelve, three of which hear the same one, and one that is dead."""

    def __init__(self) -> None:
        super().__init__()
        self.bands = nn.Conv2d(1, 4, (24, 1), bias=False)
        self.wide = nn.Conv2d(4, 13, 1, bias=False)
        self.last = nn.Linear(13, 2, bias=False)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.zero_()
            for k in range(4):
                self.bands.weight[k, 0, 6 * k : 6 * k + 6] = 1.0
                self.wide.weight[3 * k : 3 * k + 3, k] = 1.0 + torch.rand(3, 1, 1, generator=generator)
            self.last.weight[0, :12] = 1.0
            self.last.weight[1, :12] = -1.0

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.last(self.wide(self.bands(features)).mean((2, 3)))


def test_what_two_layers_of_other_widths_both_keep_apart_is_found() -> None:
    front = Spectrogram(sample_rate=1000, stft_settings=STFT(n_fft=46, hop=10))
    model = Classifier(FourBands().eval(), frontend=front, labels=["a", "b"], length=Length(seconds=1.0))
    generator = np.random.default_rng(0)
    clips = [(Clip(generator.normal(size=1000).astype(np.float32), 1000, f"{n}"), "a") for n in range(3)]
    narrow = Concepts.of(model, "bands", InputXGradient(), {"a": Subspaces(torch.eye(4), (1,) * 4)})
    blocks = Subspaces(torch.eye(13)[:, :12], (3,) * 4)
    wide = Concepts.of(model, "wide", InputXGradient(), {"a": blocks.ordered([3, 1, 0, 2])})
    heard = hear(model, clips, correct=False)
    found = input_similarity(model, heard, narrow, wide)["a"]
    assert found.partners == (2, 1, 3, 0)
    assert found.concepts == pytest.approx([1.0] * 4, abs=1e-5)
    assert found.chance.mean() < 0.8
    # A concept that explains nothing is like no other.
    dead = Subspaces(torch.eye(13)[:, [*range(9), 12]], (3, 3, 3, 1))
    found = input_similarity(model, heard, narrow, Concepts.of(model, "wide", InputXGradient(), {"a": dead}))["a"]
    assert (found.cosines[:, :, 3] == 0).all()
    assert found.concepts[:3] == pytest.approx([1.0] * 3, abs=1e-5)


def test_what_is_found_in_two_layers_is_more_alike_than_chance(digits: Classifier) -> None:
    learn, held_out = (sorted(FSDD.glob(f"9_*_[{takes}].wav")) for takes in ("5-9", "0-2"))
    if not learn:
        pytest.skip(f"{FSDD} is not there; FSDD's recordings are needed for this test")
    clips = [(load_clip(path), "nine") for path in learn]
    narrow = fit_concepts(digits, clips, layer=LAYER, learner=build_learner("prca", size=20))
    wide = fit_concepts(digits, clips, layer=DEEPER, learner=build_learner("prca", size=40))
    found = input_similarity(digits, hear(digits, [(load_clip(path), "nine") for path in held_out]), narrow, wide)
    assert found["nine"].mean > 2 * found["nine"].chance.mean(1).max()


def test_what_cannot_be_compared_is_told(digits: Classifier, spoken: Heard) -> None:
    first = some(digits, LAYER, 80)

    def against(subspaces: Subspaces) -> Concepts:
        return Concepts.of(digits, DEEPER, build("lrp"), dict.fromkeys(WORDS, subspaces))

    with pytest.raises(AuricleError, match="3 concepts cannot be matched with 2"):
        input_similarity(digits, spoken, first, against(Subspaces(torch.eye(160)[:, :2], (1, 1))))
    one = against(Subspaces(torch.eye(160), (160,)))
    with pytest.raises(AuricleError, match="five has a single concept, which is the whole explanation; fit at least 2"):
        input_similarity(digits, spoken, one, one)
    fewer = Concepts.of(digits, LAYER, build("lrp"), {"nine": first["nine"]})
    with pytest.raises(AuricleError, match='no concepts were fitted for "five"'):
        input_similarity(digits, spoken, first, fewer)
    longer = Classifier(digits.network, frontend=digits.frontend, labels=digits.labels, length=Length(seconds=2.0))
    second = some(longer, LAYER, 80)
    with pytest.raises(AuricleError, match="found in another model"):
        input_similarity(digits, spoken, first, second)
    with pytest.raises(AuricleError, match="do not hear the same input: their front ends or lengths differ"):
        input_similarity(digits, spoken, first, second, second_classifier=longer)
