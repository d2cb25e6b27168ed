"""Networks that make their own spectrogram: relevance on samples and, by the virtual inspection layer, on STFT bins."""

from __future__ import annotations

from typing import Any

import librosa
import pytest
import torch
from oracles import noise, seeded
from torch import Tensor, nn

from auricle.classifier import Classifier, Level
from auricle.frontends import Waveform
from auricle.methods import LRP, build

LEVELS: tuple[Level, ...] = ("features", "waveform", "stft")


class Mel(nn.Module):
    """A log-mel spectrogram by ``torch.stft``, then convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(256))
        self.register_buffer("bands", torch.tensor(librosa.filters.mel(sr=8000, n_fft=256, n_mels=20)))
        self.first, self.second = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        stft = torch.stft(x, 256, 128, window=self.window, return_complex=True)
        mel = torch.log(self.bands @ stft.abs() ** 2 + 1e-5).unsqueeze(1)
        return self.head(self.second(self.first(mel).relu()).relu().mean((2, 3)))


class Filters(nn.Module):
    """A bank of filters by a convolution, their energy compressed."""

    def __init__(self) -> None:
        super().__init__()
        self.bank, self.conv = nn.Conv1d(1, 24, 128, stride=64, bias=False), nn.Conv1d(24, 12, 3)
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(torch.log1p(100 * self.bank(x.unsqueeze(1)).square())).relu().mean(-1))


def classifier_of(kind: type[nn.Module]) -> Classifier:
    front = Waveform(sample_rate=8000, channel=False)
    return Classifier(seeded(kind).double(), frontend=front, labels=["a", "b", "c"])


@pytest.mark.parametrize(
    ("method", "bar"),
    [("lrp", 1e-6), ("lrp:epsilon", 1e-6), ("ig", 5e-3), ("deeplift", 1e-9), ("input-x-gradient", None)],
)
@pytest.mark.parametrize("kind", [Mel, Filters])
def test_every_level_has_the_same_total(kind: type[nn.Module], method: str, bar: float | None) -> None:
    classifier, samples = classifier_of(kind), 0.1 * noise(2, 2000)
    name, _, composite = method.partition(":")
    settings: dict[str, Any] = {"composite": composite} if composite else {}
    found = [build(name, **settings)(classifier, samples, ["a", "b"], level=level) for level in LEVELS]
    assert found[0].relevance.shape == found[1].relevance.shape == samples.shape
    assert found[2].relevance.shape == (2, *classifier.frontend.stft_axes(2000).shape)
    totals = torch.stack([each.relevance.flatten(1).sum(1) for each in found])
    assert torch.allclose(totals, totals[:1].expand_as(totals), rtol=1e-6)
    for each in found:
        assert not each.unruled
        assert bar is None or each.gap().max() < bar


def test_what_a_spectrogram_inside_says_of_silence_has_no_relevance() -> None:
    """log(0 + 1e-5) is -11.5, and the first convolution hears the distance from it, as with a front-end outside."""
    network = nn.Sequential(Mel())
    mel = network[0]
    for parameter in mel.parameters():  # no ReLU is ever off above silence, so the network is linear in the distance
        parameter.data.abs_()
    mel.first.weight.data *= 1e-3
    mel.first.bias.data += 1.0
    front = Waveform(sample_rate=8000, channel=False)
    classifier = Classifier(network.double(), frontend=front, labels=["a", "b", "c"])
    samples = 0.1 * noise(2, 2000)
    found = LRP(composite="epsilon")(classifier, samples, "b")
    silent = classifier.logits(torch.zeros(1, 2000).double())[0, 1]
    assert torch.allclose(found.relevance.sum(1), found.score - silent, rtol=1e-5)
    samples[:, 1000:] = 0.0
    quiet = LRP(composite="epsilon")(classifier, samples, "b")
    assert quiet.relevance[:, 1200:].abs().max() < 1e-9 * quiet.relevance.abs().max()
    with_zero = LRP(composite="epsilon", baseline="zero")(classifier, samples, "b")
    assert not torch.allclose(with_zero.relevance.sum(1), quiet.relevance.sum(1), rtol=0.1)


def test_what_added_numbers_absorb_is_booked() -> None:
    """Numbers as constants, on either side of a sum or a difference."""

    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.head = nn.Linear(6, 5), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            y = 0.5 - (self.a(x) - 0.25)
            return self.head((y + 1).tanh() - torch.full((5,), 0.1, dtype=x.dtype)) + 2

    classifier = Classifier(
        seeded(Shifted).double(), frontend=Waveform(sample_rate=8000, channel=False), labels=["a", "b", "c"]
    )
    found = LRP(composite="epsilon")(classifier, noise(3, 6), ["a", "b", "c"])
    assert found.gap().max() < 1e-6
    assert (found.absorbed.abs() > 1e-3).all()
