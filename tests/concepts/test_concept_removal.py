"""A concept taken out of a layer: what the network says without it."""

from __future__ import annotations

import pytest
import torch
from oracles import noise, on_samples, seeded
from some_subspaces import axes, oblique, orthonormal
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier
from auricle.concepts.removing import without_each
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.two_step import take_apart
from auricle.errors import AuricleError
from auricle.methods import InputXGradient


def linear_above() -> nn.Module:
    return nn.Sequential(nn.Conv1d(1, 6, 5), nn.ReLU(), nn.AvgPool1d(4), nn.Flatten(), nn.Linear(6 * 14, 3))


@pytest.mark.parametrize("concepts", [orthonormal(6, [3, 2, 1]), orthonormal(6, [2, 1]), oblique(6, [2, 2])])
def test_below_a_linear_network_the_score_falls_by_the_relevance(concepts: Subspaces) -> None:
    classifier, x = on_samples(seeded(linear_above), (1, 60)), noise(4, 60)
    weights = classifier.target_weights("class2-class0", classifier.logits(x))
    whole, without = without_each(classifier, x, [concepts] * 4, layer="1.1")
    torch.testing.assert_close(whole, classifier.logits(x))
    assert without.shape == (4, 3, 3)
    fall = ((whole[:, None] - without) * weights[:, None]).sum(2)
    found = take_apart(classifier, x, weights, [concepts] * 4, layer="1.1", method=InputXGradient(baseline="zero"))
    torch.testing.assert_close(fall, found.totals)
    bias = weights @ classifier.network[1][4].bias.detach()
    torch.testing.assert_close(fall.sum(1), (whole * weights).sum(1) - bias)


def test_without_a_channel_the_network_hears_zeros_there(digits: Classifier, heard: Tensor) -> None:
    """By hand: channel k of the layer's output is set to 0."""
    _, without = without_each(digits, heard, [axes(16)] * len(heard), layer="features.2")
    for k in (0, 7, 15):
        def silence(module: nn.Module, inputs: object, output: Tensor, k: int = k) -> Tensor:
            kept = output.clone()
            kept[:, k] = 0.0
            return kept

        handle = digits.network.features[2].register_forward_hook(silence)
        expected = digits.logits(heard)
        handle.remove()
        torch.testing.assert_close(without[:, k], expected, atol=1e-4, rtol=1e-4)
        assert not torch.allclose(expected, digits.logits(heard), atol=1e-2)


def test_without_everything_the_network_hears_nothing(digits: Classifier, heard: Tensor) -> None:
    _, without = without_each(digits, heard, [orthonormal(160, [160])] * len(heard), layer="features.14")
    nothing = torch.zeros(len(heard), 160, 8, 12)
    with torch.inference_mode(), digits.inference():
        above = digits.network.features[15:](nothing)
        expected = digits.network.head(digits.network.pool(above))
    torch.testing.assert_close(without[:, 0], expected, atol=1e-4, rtol=1e-4)


def test_clips_have_their_own_subspaces(digits: Classifier, heard: Tensor) -> None:
    each = [orthonormal(32, [16, 16]), oblique(32, [4])]  # one block and a residual are two, as well
    _, together = without_each(digits, heard[:2], each, layer="features.6")
    for row in range(2):
        pick = slice(row, row + 1)
        _, alone = without_each(digits, heard[pick], each[pick], layer="features.6")
        torch.testing.assert_close(together[pick], alone, atol=1e-4, rtol=1e-4)


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch, self.body = nn.Conv1d(1, 6, 10, stride=10), nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.body(self.patch(x).transpose(1, 2)), inplace=True).mean(1))


def test_tokens_lose_their_concept(digits: Classifier) -> None:
    classifier, x, concepts = on_samples(seeded(Tokens), (1, 60)), noise(3, 60), orthonormal(6, [4, 2])
    whole, without = without_each(classifier, x, [concepts] * 3, layer="1.body")
    network = classifier.network[1]
    with torch.no_grad():
        tokens = network.body(network.patch(x[:, None]).transpose(1, 2))
        for k in range(2):
            left = tokens - tokens @ concepts.projectors()[k]
            torch.testing.assert_close(without[:, k], network.head(F.relu(left).mean(1)))
    torch.testing.assert_close(whole, classifier.logits(x))


def test_the_network_is_untouched_and_misfits_are_refused(digits: Classifier, heard: Tensor) -> None:
    before = digits.logits(heard[:2])
    for concepts, layer, words in (
        (orthonormal(16, [8, 8]), "features.6", "16 channels, but this one has 32"),
        (orthonormal(32, [8] * 4), "features.60", 'no layer "features.60"'),
    ):
        with pytest.raises(AuricleError, match=words):
            without_each(digits, heard[:2], [concepts] * 2, layer=layer)
    assert torch.equal(digits.logits(heard[:2]), before)
    assert not any(module._forward_hooks for module in digits.network.modules())
