"""Sharing forward passes between coalitions gives the numbers of hearing each alone, or says why it cannot."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from oracles import Residual, noise, seeded
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier, Length
from auricle.frontends import STFT, Decibel, Log1p, Spectrogram, Waveform
from auricle.methods.coalitions import multiplex, survey
from auricle.methods.coalitions.multiplex import Multiplexer, NotLocal

N = 4096


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes are shared even where a network is too small for that to pay."""
    monkeypatch.setattr(multiplex, "WORTH", float("inf"))
    monkeypatch.setattr(survey, "LEAST_SHARE", 0.02)


def raw(network: nn.Module, *, dtype: torch.dtype = torch.float64, **front: object) -> Classifier:
    """A classifier on plain samples."""
    frontend = Waveform(sample_rate=8000, **front)  # type: ignore[arg-type]
    return Classifier(seeded(lambda: network).to(dtype), frontend=frontend, labels=["a", "b", "c"])


def every(k: int) -> Tensor:
    """All coalitions of k components, ``[2 ** k, k]``."""
    return ((torch.arange(2**k)[:, None] >> torch.arange(k)) & 1).bool()


class Segments:
    """A sound in k stretches with linear cross-fades; what is absent is a much quieter other sound."""

    def __init__(self, sound: Tensor, k: int, fade: int = 40) -> None:
        edges = torch.arange(1, k)[:, None] * (len(sound) // k)
        rising = ((torch.arange(len(sound)) - edges) / fade + 0.5).clamp(0, 1).to(sound)
        one = torch.ones_like(rising[:1])
        self.gains = torch.cat([one, rising]) - torch.cat([rising, 0 * one])
        self.base = 0.01 * noise(len(sound), seed=9).to(sound)
        self.sound = sound
        where = [torch.nonzero(gain).flatten() for gain in self.gains]
        self.supports = [(int(each[0]), int(each[-1]) + 1) for each in where]

    def __call__(self, rows: Tensor) -> Tensor:
        return self.base + rows.to(self.sound) @ (self.gains * (self.sound - self.base))


class Holes:
    """A sound from which overlapping windows are cut out."""

    def __init__(self, sound: Tensor, width: int, step: int) -> None:
        self.sound = sound
        self.supports = [(start, start + width) for start in range(0, len(sound) - width + 1, step)]

    def __call__(self, rows: Tensor) -> Tensor:
        sounds = self.sound.repeat(len(rows), 1)
        for row, window in (~rows).nonzero().tolist():
            sounds[row, slice(*self.supports[window])] = 0.0
        return sounds

    def single(self, which: Sequence[int]) -> Tensor:
        return self(~F.one_hot(torch.as_tensor(which), len(self.supports)).bool())


def directly(classifier: Classifier, sounds: Tensor) -> Tensor:
    return torch.cat([classifier.logits(batch) for batch in sounds.split(8)])


def spread(shared: Tensor, direct: Tensor) -> float:
    """Largest difference, relative to the spread of the logits."""
    assert shared.shape == direct.shape
    return float((shared - direct).abs().max() / (direct.max() - direct.min()))


# --- networks -----------------------------------------------------------------------------------------------------


def trunk() -> nn.Module:
    """``[B, 1, 4096] -> [B, 6, 64]``: convolutions, norms in evaluation mode, in-place ReLUs, pools."""
    layers = [nn.Conv1d(1, 8, 16, 8, 4), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.MaxPool1d(2)]
    return nn.Sequential(*layers, nn.Conv1d(8, 6, 5, padding=2), nn.LeakyReLU(0.1), nn.AvgPool1d(4))


class Loudest(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.amax(-1)[:, :3]


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.out = nn.LSTM(6, 5, batch_first=True, bidirectional=True), nn.Linear(10, 3)

    def forward(self, x: Tensor) -> Tensor:
        states, (last, _) = self.lstm(x.transpose(1, 2))
        return self.out(states[:, -1] + last.permute(1, 0, 2).flatten(1))


class EachMoment(nn.Module):
    """Moments become rows of the batch, and rows again."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.transpose(1, 2).reshape(x.shape[0] * x.shape[2], 6)
        votes = torch.zeros(x.shape[0], x.shape[2], 3, dtype=x.dtype)
        votes[:] = self.dense(rows).view(len(x), -1, 3)
        return votes.softmax(1).sum(1) * x.mean((1, 2))[:, None]


class Skips(nn.Module):
    """A skip connection, a functional in-place ReLU and a sum in place; then the average."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.second = nn.Conv1d(6, 6, 3, padding=1), nn.BatchNorm1d(6), nn.Conv1d(6, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.first(x))
        y += x
        return self.second(F.relu(y, inplace=True)).mean(-1)


HEADS: dict[str, Callable[[], nn.Module]] = {
    "flatten and dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(384, 8), nn.ReLU(), nn.Linear(8, 3)),
    "loudest moment": Loudest,
    "recurrent": Recurrent,
    "moments as rows": EachMoment,
    "skips and average": Skips,
}


# --- the same numbers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.usefixtures("always")
def test_every_coalition_of_a_network_on_samples(head: str) -> None:
    classifier = raw(nn.Sequential(trunk(), HEADS[head]()))
    parts = Segments(noise(N), 8)
    shared = Multiplexer(classifier, N, parts.supports)
    logits = shared.coalitions(every(8), parts)
    assert spread(logits, directly(classifier, parts(every(8)))) < 1e-10
    assert shared.forwards <= 16


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.usefixtures("always")
def test_every_hole_in_the_sound_of_a_network_on_samples(head: str) -> None:
    classifier = raw(nn.Sequential(trunk(), HEADS[head]()))
    holes = Holes(noise(N), 200, 30)
    shared = Multiplexer(classifier, N, holes.supports)
    which = list(reversed(range(len(holes.supports))))
    assert spread(shared.removals(which, holes), directly(classifier, holes.single(which))) < 1e-10
    assert shared.forwards < len(which) / 4


@pytest.mark.parametrize("padding", ["constant", "reflect"])
@pytest.mark.usefixtures("always")
def test_a_residual_network_on_spectrograms(padding: str) -> None:
    settings = STFT(n_fft=64, hop=32, padding=padding)  # type: ignore[arg-type]
    front = Spectrogram(sample_rate=8000, stft_settings=settings, compression=Log1p())
    classifier = Classifier(seeded(Residual).double(), frontend=front, labels=["a", "b", "c"])
    parts, holes = Segments(noise(N), 7), Holes(noise(N), 100, 25)
    shared = Multiplexer(classifier, N, parts.supports).coalitions(every(7), parts)
    assert spread(shared, directly(classifier, parts(every(7)))) < 1e-10
    which = range(len(holes.supports))
    removed = Multiplexer(classifier, N, holes.supports).removals(which, holes)
    assert spread(removed, directly(classifier, holes.single(which))) < 1e-10


def test_real_speech_and_the_bundled_model(digits: Classifier, heard: Tensor) -> None:
    parts = Segments(heard[0], 10, fade=160)
    shared = Multiplexer(digits, heard.shape[1], parts.supports)
    logits = shared.coalitions(every(10), parts)
    assert spread(logits, directly(digits, parts(every(10)))) < 1e-5
    assert shared.forwards == shared.plan(1024) <= 128


def test_some_coalitions_take_no_more_than_all(digits: Classifier, heard: Tensor) -> None:
    parts = Segments(heard[1], 16, fade=160)
    rows = torch.rand(6000, 16, generator=torch.Generator().manual_seed(0)) < 0.5
    shared = Multiplexer(digits, heard.shape[1], parts.supports)
    logits = shared.coalitions(rows, parts)
    assert spread(logits[:64], directly(digits, parts(rows[:64]))) < 1e-5
    assert shared.forwards <= 1024


# --- how many passes it takes ---------------------------------------------------------------------------------------


def one_layer() -> Classifier:
    """Frame j reads samples 32 j to 32 j + 63."""
    layers = [nn.Conv1d(1, 64, 64, 32), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 3)]
    return raw(nn.Sequential(*layers))


@pytest.mark.usefixtures("always")
def test_two_to_the_number_of_components_heard_at_once() -> None:
    classifier = one_layer()
    for width, heard_at_once in ((256, 2), (32, 2), (16, 4)):
        supports = [(start, start + width) for start in range(1024, 1024 + 10 * width, width)]
        assert Multiplexer(classifier, N, supports).plan(4096) == 2**heard_at_once
    cut = survey.surveyed(classifier, N).cuts[-1]
    assert [tuple(each) for each in cut.reads(N)] == [(32 * j, 32 * j + 63) for j in range(127)]


@pytest.mark.usefixtures("always")
def test_the_passes_for_holes_do_not_depend_on_the_length_of_the_clip() -> None:
    classifier, width, step = one_layer(), 128, 16
    for seconds in (0.5, 2.0, 8.0):
        holes = Holes(noise(int(8000 * seconds)), width, step)
        shared = Multiplexer(classifier, len(holes.sound), holes.supports)
        which = range(len(holes.supports))
        some = torch.arange(0, len(which), 37)
        assert spread(shared.removals(which, holes)[some], directly(classifier, holes.single(some.tolist()))) < 1e-10
        assert shared.forwards <= 1 + -(-(width + 64) // step)


def test_it_is_not_used_where_it_does_not_pay(digits: Classifier) -> None:
    same = Multiplexer(digits, 8000, [(0, 8000)] * 12)
    assert same.plan(4096) is None
    assert "12 components at once" in same.reason
    with pytest.raises(NotLocal, match="components at once"):
        same.coalitions(every(12), lambda rows: torch.zeros(len(rows), 8000))


# --- where it cannot be used ---------------------------------------------------------------------------------------


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention, self.out = nn.MultiheadAttention(64, 2, batch_first=True), nn.Linear(64, 3)

    def forward(self, x: Tensor) -> Tensor:
        frames = x.unflatten(-1, (-1, 64)).squeeze(1)
        return self.out(self.attention(frames, frames, frames)[0].mean(1))


class SqueezeExcite(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(F.adaptive_avg_pool1d(x, 1))


class NoiseFloor(nn.Module):
    """Lifts the sound by its median as an order statistic finds it, which goes round NaN."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.abs().kthvalue(N // 2, -1, keepdim=True).values


class Impatient(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.abs().max() > 0.5 else x


def after(first: nn.Module) -> nn.Module:
    return nn.Sequential(first, trunk(), nn.Flatten(), nn.Linear(384, 3))


@pytest.mark.parametrize(
    ("network", "front", "culprit"),
    [
        (Attention, {}, "multi_head_attention"),
        (lambda: after(nn.LayerNorm(N)), {}, "layer_norm"),
        (lambda: after(SqueezeExcite()), {}, "adaptive_avg_pool1d"),
        (lambda: after(nn.Identity()), {"normalisation": "peak"}, "amax"),
        (lambda: after(nn.Identity()), {"normalisation": "percentile"}, "quantile"),
        (lambda: after(Impatient()), {}, "Python"),
    ],
)
def test_a_network_that_mixes_distant_moments_is_refused_with_a_reason(
    network: Callable[[], nn.Module], front: dict[str, str], culprit: str
) -> None:
    shared = Multiplexer(raw(network(), **front), N, Segments(noise(N), 8).supports)
    assert shared.plan(256) is None
    assert culprit in shared.reason


def test_levels_relative_to_the_loudest_moment_are_refused(digits: Classifier) -> None:
    front = replace(digits.frontend, compression=Decibel(of="power"))  # type: ignore[type-var]
    classifier = Classifier(digits.network, frontend=front, labels=digits.labels, length=Length(seconds=1.0))
    shared = Multiplexer(classifier, 8000, [(500 * k, 500 * k + 500) for k in range(16)])
    assert shared.plan(2**16) is None
    assert "every moment of the sound reaches every other by its amax" in shared.reason


@pytest.mark.usefixtures("always")
def test_a_network_that_hides_what_it_mixes_is_found_out() -> None:
    classifier = raw(after(NoiseFloor()))
    parts, holes = Segments(noise(N), 8), Holes(noise(N), 200, 30)
    assert Multiplexer(classifier, N, parts.supports).plan(256) is not None
    with pytest.raises(NotLocal, match="differ from direct ones"):
        Multiplexer(classifier, N, parts.supports).coalitions(every(8), parts)
    with pytest.raises(NotLocal, match="differ from direct ones"):
        Multiplexer(classifier, N, holes.supports).removals(range(len(holes.supports)), holes)


@pytest.mark.usefixtures("always")
def test_the_network_is_left_as_it_was() -> None:
    classifier = raw(nn.Sequential(trunk(), Skips()))
    classifier.network.train()
    before = copy.deepcopy(classifier.network.state_dict())
    Multiplexer(classifier, N, Segments(noise(N), 8).supports).coalitions(every(8), Segments(noise(N), 8))
    assert all(torch.equal(value, before[name]) for name, value in classifier.network.state_dict().items())
    assert all(module.training for module in classifier.network.modules())
    assert torch.backends.mkldnn.enabled
