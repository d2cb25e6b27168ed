"""Relevance is taken apart at a layer and followed to the input: nothing is lost on the way, by any rule."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from oracles import difference
from some_subspaces import axes, oblique, orthonormal
from taken_apart import apart, nothing_is_lost, refused, same_at_once, summed, weights_of
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.concepts import two_step
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.two_step import take_apart
from auricle.errors import AuricleError
from auricle.methods import COMPOSITES, LRP, DeepTaylor, InputXGradient, IntegratedGradients, Method
from auricle.models import load_classifier

METHODS = [
    *[LRP(composite=name) for name in COMPOSITES],
    LRP(baseline="zero"),
    LRP(rules={"features.*": "w-square"}),
    DeepTaylor(),
    DeepTaylor(input_rule="box"),
    InputXGradient(),
]


@pytest.fixture(scope="module")
def exact() -> Classifier:
    """The bundled model in double precision."""
    classifier = load_classifier("digits")
    classifier.network.double()
    return classifier


@pytest.fixture(scope="module")
def seven_and_nine(heard: Tensor) -> Tensor:
    return heard[[1, 3]].double()


@pytest.mark.parametrize("method", METHODS, ids=Method.describe)
@pytest.mark.parametrize(("layer", "channels"), [("features.5", 32), ("features.14", 160)])
def test_shares_sum_to_the_explanation(
    exact: Classifier, seven_and_nine: Tensor, layer: str, channels: int, method: Method
) -> None:
    concepts = orthonormal(channels, [channels // 5] * 4)  # and a residual
    found = nothing_is_lost(exact, seven_and_nine, layer, concepts, method)
    assert found.shares.shape == (2, 5, 64, 101)
    assert found.latent.shape == (2, 5, *((32, 50) if channels == 32 else (8, 12)))
    assert found.around is None


@pytest.mark.parametrize(("layer", "channels"), [("features.2", 16), ("features.7", 32), ("pool", 160), ("head", 10)])
def test_shares_sum_at_every_kind_of_layer(
    exact: Classifier, seven_and_nine: Tensor, layer: str, channels: int
) -> None:
    nothing_is_lost(exact, seven_and_nine, layer, oblique(channels, [3, 2]), LRP())


def test_each_share_is_what_its_part_of_the_relevance_becomes(exact: Classifier, seven_and_nine: Tensor) -> None:
    """Not only their sum: concept k is what the plain way gives where all but its part of the context is taken away."""
    concepts = orthonormal(32, [4, 10, 18])
    found = apart(exact, seven_and_nine, "features.6", concepts, LRP())
    for k in range(3):
        with without_the_context_of_others(concepts, k):
            alone = apart(exact, seven_and_nine, "features.6", Subspaces(torch.eye(32), (32,)), LRP())
        assert difference(alone.whole.relevance, found.shares[:, k]) < 1e-9
        torch.testing.assert_close(alone.totals[:, 0], found.totals[:, k])


class without_the_context_of_others:
    """While active, relevance that comes to a layer is that of one concept alone."""

    def __init__(self, concepts: Subspaces, k: int) -> None:
        self.concepts, self.k = concepts, k

    def __enter__(self) -> None:
        self.real = two_step.context_of

        def context_of(tap: Any, value: Tensor, seeds: Tensor) -> Tensor:
            vectors = tap.vectors(self.real(tap, value, seeds))
            block = self.concepts.block(self.k)
            return tap.shaped(vectors @ block @ block.T)

        two_step.context_of = context_of

    def __exit__(self, *_: object) -> None:
        two_step.context_of = self.real


def test_one_concept_of_all_channels_is_the_plain_explanation(exact: Classifier, seven_and_nine: Tensor) -> None:
    for concepts in (orthonormal(80, [80]), oblique(80, [80])):
        found = apart(exact, seven_and_nine, "features.10", concepts, LRP())
        plain = LRP()(exact, seven_and_nine, weights_of(exact, seven_and_nine))
        assert found.shares.shape[1] == 1
        assert difference(found.shares[:, 0], plain.relevance) < 1e-6


def test_channels_as_concepts_have_each_its_own_relevance(exact: Classifier, seven_and_nine: Tensor) -> None:
    found = apart(exact, seven_and_nine, "features.2", axes(16), LRP())
    own = (found.activation * found.context).transpose(1, 2)  # R = a ⊙ c, channel by channel
    torch.testing.assert_close(found.latent.flatten(2), own)
    pairs = Subspaces(torch.eye(16).double(), (2,) * 8)
    both = apart(exact, seven_and_nine, "features.2", pairs, LRP())
    assert difference(both.shares, found.shares.unflatten(1, (8, 2)).sum(2)) < 1e-9


def test_a_rotation_within_its_block_is_the_same_concept(exact: Classifier, seven_and_nine: Tensor) -> None:
    concepts = orthonormal(32, [8] * 4)
    turned = concepts.basis.clone()
    turned[:, 8:16] = turned[:, 8:16] @ orthonormal(8, [8], seed=3).basis
    first, second = (
        apart(exact, seven_and_nine, "features.6", each, LRP()) for each in (concepts, Subspaces(turned, (8,) * 4))
    )
    assert difference(first.shares, second.shares) < 1e-9


def test_clips_of_a_batch_have_their_own_subspaces(exact: Classifier, seven_and_nine: Tensor) -> None:
    # Three blocks and a residual are as many as four blocks.
    each, weights = [orthonormal(32, [8] * 4), oblique(32, [2, 2, 4], seed=1)], weights_of(exact, seven_and_nine)
    together = take_apart(exact, seven_and_nine, weights, each, layer="features.6", method=LRP())
    for row in range(2):
        pick = slice(row, row + 1)
        alone = take_apart(
            exact, seven_and_nine[pick], weights[pick], each[pick], layer="features.6", method=LRP()
        )
        of_batch = together.row(row)
        for name in ("shares", "latent", "activation", "context"):
            assert difference(getattr(of_batch, name), getattr(alone, name)) < 1e-9
        assert difference(of_batch.whole.relevance, alone.whole.relevance) < 1e-9
        torch.testing.assert_close(of_batch.whole.absorbed, alone.whole.absorbed)


def test_single_precision_sums_too(digits: Classifier, heard: Tensor) -> None:
    found = apart(digits, heard, "features.6", orthonormal(32, [8] * 4), LRP())
    plain = LRP()(digits, heard, weights_of(digits, heard))
    assert found.shares.dtype == torch.float32
    assert difference(summed(found), plain.relevance) < 1e-4


@pytest.mark.parametrize("method", [LRP(baseline="zero"), InputXGradient()], ids=Method.describe)
@pytest.mark.parametrize("level", ["stft", "waveform"])
def test_shares_may_lie_on_the_spectrum_or_the_samples(
    exact: Classifier, seven_and_nine: Tensor, level: Level, method: Method
) -> None:
    nothing_is_lost(exact, seven_and_nine, "features.6", orthonormal(32, [8] * 4), method, level)


@pytest.mark.parametrize("method", METHODS, ids=Method.describe)
def test_one_pass_for_all_concepts_finds_the_same(
    exact: Classifier, seven_and_nine: Tensor, monkeypatch: pytest.MonkeyPatch, method: Method
) -> None:
    same_at_once(monkeypatch, exact, seven_and_nine, "features.9", orthonormal(80, [20] * 3), method)


# --- what cannot be, and what stays as it was -------------------------------------------------------------------------


def test_a_convolution_with_its_batch_norm_behind_it(exact: Classifier, seven_and_nine: Tensor) -> None:
    words = r'"features.4".*batch norm.*choose the layer after it'
    refused(exact, seven_and_nine, "features.4", axes(32), LRP(), words)
    nothing_is_lost(exact, seven_and_nine, "features.4", axes(32), InputXGradient())  # which folds nothing


def test_other_layers_that_cannot_be_taken_apart(exact: Classifier, seven_and_nine: Tensor) -> None:
    refused(exact, seven_and_nine, "features.99", axes(32), LRP(), 'no layer "features.99"')
    refused(exact, seven_and_nine, "features.6", axes(16), LRP(), "16 channels, but this one has 32")


def test_methods_that_hand_nothing_down(exact: Classifier, seven_and_nine: Tensor) -> None:
    refused(exact, seven_and_nine, "features.6", axes(32), IntegratedGradients(), "ig does not hand.*use lrp")


def test_relevance_from_silence_is_taken_apart_on_the_features(exact: Classifier, seven_and_nine: Tensor) -> None:
    """On bins or samples its way back is no derivative; better no answer than another one."""
    with pytest.raises(AuricleError, match="not on level=stft"):
        apart(exact, seven_and_nine, "features.6", axes(32), LRP(), "stft")


def test_the_number_of_subspaces(exact: Classifier, seven_and_nine: Tensor) -> None:
    weights, settings = weights_of(exact, seven_and_nine), {"layer": "features.6", "method": LRP()}
    with pytest.raises(AuricleError, match="1 subspaces were given for 2 clips"):
        take_apart(exact, seven_and_nine, weights, [axes(32)], **settings)
    with pytest.raises(AuricleError, match="as many concepts"):
        take_apart(exact, seven_and_nine, weights, [orthonormal(32, [8] * 4), orthonormal(32, [4, 4])], **settings)


@pytest.mark.parametrize("method", [LRP(), InputXGradient(), IntegratedGradients()], ids=Method.describe)
def test_the_users_model_is_untouched(exact: Classifier, seven_and_nine: Tensor, method: Method) -> None:
    """Also after a refusal: no weight, no mode and no gradient differs, and no hook is left."""
    before = copy.deepcopy(exact.network.state_dict())
    exact.network.train()
    try:
        for channels in (32, 31):
            try:
                apart(exact, seven_and_nine, "features.6", axes(channels), method)
            except AuricleError:
                assert channels == 31 or isinstance(method, IntegratedGradients)
        assert all(module.training for module in exact.network.modules())
    finally:
        exact.network.eval()
    after = exact.network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert not any(module._forward_hooks for module in exact.network.modules())
    assert all(each.grad is None and each.requires_grad for each in exact.network.parameters())
