"""Which layers there are, and how much of the sound one position of each hears."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.concepts.layers import Layer, layers
from auricle.errors import AuricleError
from auricle.frontends import Waveform, preset


def by_name(classifier: Classifier) -> dict[str, Layer]:
    return {each.name: each for each in layers(classifier)}


def field_by_hand(kernels: list[tuple[int, int]]) -> int:
    """Inputs that reach one output through (kernel, stride) after (kernel, stride)."""
    field, jump = 1, 1
    for kernel, stride in kernels:
        field += (kernel - 1) * jump
        jump *= stride
    return field


def test_fields_of_a_spectrogram_network_are_those_of_its_kernels(digits: Classifier) -> None:
    found = by_name(digits)
    hop = digits.frontend.grid.hop / digits.sample_rate
    # A convolution of 3, then pooling by 2, three times, then a convolution of 3.
    chain = [(3, 1), (2, 2)] * 3 + [(3, 1)]
    lengths = {"features.2": 1, "features.3": 2, "features.6": 3, "features.10": 5, "features.14": 7}
    for name, length in lengths.items():
        assert found[name].seconds == pytest.approx(field_by_hand(chain[:length]) * hop)


def test_fields_of_a_network_on_samples() -> None:
    network = nn.Sequential(
        nn.Conv1d(1, 4, 9, stride=4), nn.ReLU(), nn.Conv1d(4, 6, 5, dilation=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1),
        nn.Flatten(), nn.Linear(6, 2),
    )  # fmt: skip
    front = Waveform(sample_rate=1000)
    classifier = Classifier(network, frontend=front, labels=["no", "yes"], length=Length(seconds=0.5))
    found = by_name(classifier)
    assert found["1"].seconds == pytest.approx(9 / 1000)
    assert found["3"].seconds == pytest.approx((9 + 4 * 2 * 4) / 1000)  # four steps of two outputs, four samples each
    assert found["3"].shape.startswith("6 × ")
    assert found["6"].seconds == pytest.approx(0.497)  # all but three samples that no kernel reaches


def test_tokens_have_their_channels_last_and_hear_everything() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Linear(64, 16)
            self.block = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.0)
            self.head = nn.Linear(16, 3)

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            tokens = self.embed(features.squeeze(1).transpose(1, 2))
            return self.head(self.block(tokens).mean(1))

    classifier = Classifier(
        Tokens().eval(), frontend=preset("digits"), labels=["a", "b", "c"], length=Length(seconds=0.5)
    )
    found = by_name(classifier)
    assert found["embed"].channels == found["block"].channels == 16
    assert found["embed"].positions == found["block"].positions
    assert found["embed"].seconds == pytest.approx(digits_hop())
    assert found["block"].seconds is None  # attention hears every moment


def digits_hop() -> float:
    front = preset("digits")
    return front.grid.hop / front.sample_rate


def test_a_convolution_whose_batch_norm_follows_is_told(digits: Classifier) -> None:
    found = by_name(digits)
    assert "batch norm" in found["features.12"].note
    assert found["features.13"].note == found["features.14"].note == ""


def test_a_layer_that_is_called_twice_is_left_out() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.same = nn.Conv2d(1, 1, 3, padding=1)
            self.other = nn.Conv2d(1, 3, 3, padding=1)
            self.head = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.other(torch.relu(self.same(self.same(x)))).mean((2, 3)))

    classifier = Classifier(Twice().eval(), frontend=preset("digits"), labels=["a", "b"], length=Length(seconds=0.3))
    assert list(by_name(classifier)) == ["other", "head"]


def test_the_network_is_as_before(digits: Classifier) -> None:
    before = {key: value.clone() for key, value in digits.network.state_dict().items()}
    layers(digits)
    assert all(torch.equal(before[key], value) for key, value in digits.network.state_dict().items())
    assert not any(module._forward_hooks for module in digits.network.modules())


def test_a_function_has_no_layers() -> None:
    from auricle import function_classifier

    with pytest.raises(AuricleError, match="no layers to look into"):
        layers(function_classifier(lambda x: torch.zeros(len(x), 2), labels=["a", "b"], sample_rate=8000))
