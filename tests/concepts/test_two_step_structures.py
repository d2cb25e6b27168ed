"""Relevance is taken apart in every structure: skip connections, tokens, memory, samples, functions in place."""

from __future__ import annotations

import pytest
import torch
from oracles import Residual, noise, on_samples, seeded
from some_subspaces import axes, oblique, orthonormal
from taken_apart import nothing_is_lost, refused, same_at_once
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier, Level
from auricle.concepts.two_step import take_apart
from auricle.frontends import STFT, Log10, Spectrogram, Waveform
from auricle.methods import LRP, DeepTaylor, InputXGradient, Method
from auricle.models.audionet import AudioNet

FEW = [LRP(), LRP(composite="epsilon-plus-flat"), LRP(composite="epsilon-gamma-box"), DeepTaylor(), InputXGradient()]


@pytest.mark.parametrize("method", FEW, ids=Method.describe)
@pytest.mark.parametrize("layer", ["1.first_norm", "1.second_norm", "1.stem_norm", "1.late_norm"])
def test_a_network_with_skip_connections(layer: str, method: Method) -> None:
    """Functional ReLUs in place, a sum in place, batch norm before and after the ReLU."""
    classifier = on_samples(seeded(Residual), (1, 12, 16))
    found = nothing_is_lost(classifier, noise(3, 192), layer, oblique(6, [2, 2]), method)
    assert (found.around is not None) == (layer in ("1.first_norm", "1.second_norm"))
    if found.around is not None:
        assert found.around.shape == found.whole.relevance.shape
        assert (found.around.abs().flatten(1).sum(1) > 0).any()


def test_what_goes_around_the_layer_by_hand() -> None:
    """logit = Σ (W x + x), by input × gradient from zero: Wᵀ1 ⊙ x goes through the layer, x around it."""

    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            return (self.layer(x) + x).sum(1, keepdim=True)

    classifier, x = on_samples(seeded(Skip), (4,), classes=1), noise(2, 4)
    found = take_apart(
        classifier, x, torch.ones(2, 1).double(), [axes(4)] * 2, layer="1.layer", method=InputXGradient(baseline="zero")
    )
    weight = classifier.network[1].layer.weight.detach()
    torch.testing.assert_close(found.around, x)
    torch.testing.assert_close(found.shares, weight * x[:, None])


def plain_network(*, inplace: bool, functional: bool = False) -> nn.Module:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.norm = nn.Conv1d(1, 6, 5), nn.Conv1d(6, 6, 5), nn.BatchNorm1d(6)
            self.c, self.head = nn.Linear(6 * 26, 8), nn.Linear(8, 3)
            self.relu = nn.ReLU(inplace=inplace)
            self.last = nn.ReLU(inplace=inplace)

        def forward(self, x: Tensor) -> Tensor:
            x = self.a(x)
            x = F.relu(x, inplace=inplace) if functional else torch.relu_(x) if inplace else torch.relu(x)
            x = F.max_pool1d(self.relu(self.norm(self.b(x))), 2)
            return self.head(self.last(self.c(x.flatten(1))))

    return seeded(Plain)


@pytest.mark.parametrize("method", FEW, ids=Method.describe)
@pytest.mark.parametrize(("layer", "channels"), [("1.a", 6), ("1.norm", 6), ("1.relu", 6), ("1.c", 8), ("1.last", 8)])
def test_relus_in_place_and_as_functions_change_nothing(layer: str, channels: int, method: Method) -> None:
    concepts, x = oblique(channels, [2, 3]), noise(3, 60)
    variants = [{"inplace": True}, {"inplace": True, "functional": True}, {"inplace": False}]
    found = [
        nothing_is_lost(on_samples(plain_network(**each), (1, 60)), x, layer, concepts, method) for each in variants
    ]
    for each in found[:2]:
        torch.testing.assert_close(each.activation, found[2].activation)
        torch.testing.assert_close(each.shares, found[2].shares)


@pytest.mark.parametrize(("place", "channels"), [(2, 6), (5, 6), (6, 6), (7, 156), (8, 156)])
def test_batch_norm_behind_a_relu(place: int, channels: int) -> None:
    """What it adds lies in the next layer's bias, and relevance passes what it was added to."""
    network = seeded(
        lambda: nn.Sequential(
            nn.Conv1d(1, 6, 5), nn.ReLU(), nn.BatchNorm1d(6), nn.Conv1d(6, 6, 5), nn.ReLU(), nn.BatchNorm1d(6),
            nn.MaxPool1d(2), nn.Flatten(), nn.BatchNorm1d(156), nn.Linear(156, 3),
        )
    )
    for method in FEW:
        found = nothing_is_lost(
            on_samples(network, (1, 60)), noise(3, 60), f"1.{place}", oblique(channels, [2, 3]), method
        )
        assert found.around is None


@pytest.mark.parametrize("level", ["features", "stft"])
def test_a_network_on_samples(heard: Tensor, level: Level) -> None:
    network = seeded(AudioNet).double()
    classifier = Classifier(network, frontend=Waveform(sample_rate=8000), labels=[str(i) for i in range(10)])
    found = nothing_is_lost(
        classifier, heard[1:2].double(), "features.10", orthonormal(128, [40] * 3), LRP(), level=level
    )
    assert found.shares.shape == ((1, 4, 8000) if level == "features" else (1, 4, *found.whole.relevance.shape[1:]))
    assert found.latent.shape == (1, 4, 500 * 2)


class Transformer(nn.Module):
    """12 patches of a spectrogram as tokens."""

    def __init__(self, *, batch_first: bool = True) -> None:
        super().__init__()
        self.batch_first = batch_first
        self.patch = nn.Conv2d(1, 8, 4, stride=4)
        self.body = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first)
        self.second = nn.TransformerEncoderLayer(8, 2, 16, batch_first=batch_first, norm_first=True, activation="gelu")
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = tokens if self.batch_first else tokens.transpose(0, 1)
        return self.head(self.second(self.body(tokens)).mean(1 if self.batch_first else 0))


@pytest.mark.parametrize("method", FEW, ids=Method.describe)
@pytest.mark.parametrize("layer", ["patch", "body", "second", "body.linear2", "body.self_attn", "second.norm2"])
def test_tokens_of_a_transformer(layer: str, method: Method) -> None:
    classifier = on_samples(seeded(Transformer), (1, 12, 16))
    found = nothing_is_lost(classifier, noise(3, 192), f"1.{layer}", oblique(8, [2, 3]), method)
    assert found.activation.shape == (3, 12, 8)
    assert (found.around is None) == (layer in ("patch", "body", "second"))


class Memory(nn.Module):
    def __init__(self, *, batch_first: bool = True, ends: bool = False) -> None:
        super().__init__()
        self.batch_first, self.ends = batch_first, ends
        self.a = nn.GRU(6, 8, batch_first=batch_first)
        self.b = nn.LSTM(8, 8, batch_first=batch_first, bidirectional=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        steps, last = self.a(x if self.batch_first else x.transpose(0, 1))
        logits = self.head(self.b(steps)[0].mean(1 if self.batch_first else 0))
        return logits + last[0, :, :3] if self.ends else logits


@pytest.mark.parametrize("method", [LRP(), DeepTaylor(), InputXGradient()], ids=Method.describe)
@pytest.mark.parametrize(("layer", "channels"), [("1.a", 8), ("1.b", 16)])
def test_recurrent_layers(layer: str, channels: int, method: Method) -> None:
    classifier = on_samples(seeded(Memory), (10, 6))
    assert nothing_is_lost(classifier, noise(3, 60), layer, oblique(channels, [2, 3]), method).around is None


def test_a_last_state_goes_around_the_steps() -> None:
    classifier = on_samples(seeded(lambda: Memory(ends=True)), (10, 6))
    assert nothing_is_lost(classifier, noise(3, 60), "1.a", oblique(8, [2, 3]), LRP()).around is not None


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # torch, of attention on a processor
@pytest.mark.parametrize("method", [LRP(), InputXGradient()], ids=Method.describe)
def test_one_pass_for_all_concepts_in_other_structures(monkeypatch: pytest.MonkeyPatch, method: Method) -> None:
    residual, transformer = (on_samples(seeded(each), (1, 12, 16)) for each in (Residual, Transformer))
    for layer in ("1.first_norm", "1.late_norm"):
        same_at_once(monkeypatch, residual, noise(3, 192), layer, oblique(6, [2, 2]), method)
    for layer in ("1.second", "1.body.linear2"):
        same_at_once(monkeypatch, transformer, noise(3, 192), layer, oblique(8, [2, 2]), method)
    memory = on_samples(seeded(Memory), (10, 6))
    same_at_once(monkeypatch, memory, noise(3, 60), "1.b", oblique(16, [2, 2]), method)


def test_a_sequence_whose_first_axis_is_time() -> None:
    classifier = on_samples(seeded(lambda: Transformer(batch_first=False)), (1, 12, 16))
    refused(classifier, noise(3, 192), "1.body", axes(8), LRP(), r"\(12, 3, 8\) for 3 clips.*batch_first")


def test_a_layer_that_is_called_twice() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.a(F.relu(self.a(x))))

    refused(on_samples(seeded(Twice), (4,)), noise(3, 4), "1.a", axes(4), LRP(), "called 2 times")


class Decibels(nn.Module):
    """Every kind of convolution, and batch norm before the first of them, where silence is far from 0."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.a, self.late = nn.BatchNorm2d(1), nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.apart, self.up = nn.Conv2d(6, 6, 3, padding="same", groups=6), nn.ConvTranspose2d(6, 8, 3, stride=2)
        self.norm, self.head = nn.GroupNorm(2, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.late(F.relu(self.a(self.first(x)))), 2)
        return self.head(F.gelu(self.norm(self.up(F.relu(self.apart(x), inplace=True)))).mean((2, 3)))


class PastTheFirst(nn.Module):
    """Features go past the first layer, where silence itself is absorbed."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.a, self.b = nn.BatchNorm2d(1), nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.late, self.head = nn.BatchNorm2d(6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = F.relu(self.a(x)) + x
        return self.head(self.late(F.relu(self.b(x))).mean((2, 3)))


DECIBELS = [(Decibels, name, channels) for name, channels in (("first", 1), ("late", 6), ("apart", 6), ("up", 8))]
PAST = [(PastTheFirst, name, channels) for name, channels in (("first", 1), ("a", 6), ("late", 6))]


@pytest.mark.parametrize(("network", "layer", "channels"), DECIBELS + PAST)
def test_features_in_which_silence_is_another_number(
    monkeypatch: pytest.MonkeyPatch, network: type[nn.Module], layer: str, channels: int
) -> None:
    front = Spectrogram(
        sample_rate=8000, stft_settings=STFT(n_fft=62, hop=62), compression=Log10(offset=1e-7, floor=-4.0)
    )
    classifier = Classifier(seeded(network).double(), frontend=front, labels=["a", "b", "c"])
    x, concepts = 0.1 * noise(3, 1000), oblique(channels, [2, 2]) if channels > 1 else axes(1)
    for method in [*FEW, LRP(baseline="zero")]:
        found = nothing_is_lost(classifier, x, layer, concepts, method)
        same_at_once(monkeypatch, classifier, x, layer, concepts, method)
        if network is Decibels or layer == "late":
            assert found.around is None
        elif layer == "a":
            assert found.around is not None
