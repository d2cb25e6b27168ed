"""Tasks that an interpreter learns in seconds: which of two bands sounds, told by networks of every shape."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from auricle.classifier import Classifier, Length
from auricle.frontends import STFT, Spectrogram, Waveform
from auricle.interpreters.base import subject_of
from auricle.interpreters.heard import Heard, hear

RATE, SAMPLES = 8000, 4000
GRID = STFT(n_fft=128, hop=64)


class OnMaps(nn.Module):
    """``[B, 1, F, T]`` (or ``[B, 1, T, F]``) to logits by the level of the lower and the upper half of the rows."""

    def __init__(self, *, transposed: bool = False) -> None:
        super().__init__()
        self.transposed = transposed
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU()
        )

    def forward(self, features: Tensor) -> Tensor:
        self.features(features)
        values = features.mean(1).transpose(1, 2) if self.transposed else features.mean(1)
        low, high = values[:, 1:32].mean((1, 2)), values[:, 33:].mean((1, 2))
        return 20.0 * torch.stack([low - 0.15, high - 0.15], 1)


class OnSamples(nn.Module):
    """``[B, 1, n]`` to logits by the level of the signal and of its differences."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(1, 8, 16, 8), nn.ReLU(), nn.Conv1d(8, 12, 8, 4), nn.ReLU())

    def forward(self, samples: Tensor) -> Tensor:
        self.features(samples)
        level, changes = samples.std((1, 2)), samples.diff(dim=2).std((1, 2))
        return 20.0 * torch.stack([1.4 * level - changes, changes - 1.4 * level], 1)


class OnPatches(nn.Module):
    """``[B, 1, F, T]`` through tokens: patches of the map in an order of their own, one of them no patch."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 16, 8, stride=8)
        self.first = nn.Parameter(torch.zeros(1, 1, 16))
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.0)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 2)

    def forward(self, features: Tensor) -> Tensor:
        tokens = self.patches(features).flatten(2).transpose(1, 2)
        tokens = self.norm(self.layer(torch.cat([self.first.expand(len(tokens), -1, -1), tokens], 1)))
        return self.head(tokens.mean(1))


def classifier(kind: str = "maps", *, multi_label: bool = False, centre: bool = True) -> Classifier:
    """A classifier of ``low`` and ``high`` that hears ``maps``, ``transposed`` ones, ``samples`` or ``tokens``."""
    torch.manual_seed(3)
    grid = STFT(n_fft=128, hop=64, centre=centre)
    network, front = {
        "maps": lambda: (OnMaps(), Spectrogram(sample_rate=RATE, stft_settings=grid, compression=None)),
        "transposed": lambda: (
            OnMaps(transposed=True),
            Spectrogram(sample_rate=RATE, stft_settings=grid, compression=None, layout="transposed"),
        ),
        "samples": lambda: (OnSamples(), Waveform(sample_rate=RATE, inspection=GRID)),
        "tokens": lambda: (OnPatches(), Spectrogram(sample_rate=RATE, stft_settings=grid, compression=None)),
    }[kind]()
    return Classifier(
        network.eval(), frontend=front, labels=["low", "high"], length=Length(), multi_label=multi_label, name=kind
    )


def sounds(clips: int = 32, *, seed: int = 0, n: int = SAMPLES, both: bool = False) -> Tensor:
    """``[clips, n]``: one of four tones below 2 kHz or of four above; with ``both`` a third has both."""
    draw = torch.Generator().manual_seed(seed)
    time = torch.arange(n) / RATE
    found = 0.01 * torch.randn(clips, n, generator=draw)
    for number in range(clips):
        low, high = 400 * torch.randint(1, 5, (2,), generator=draw) + torch.tensor([0, 2000])
        on = torch.arange(2) == number % 2 if not both or number % 3 else torch.ones(2)
        phase = 6.28 * torch.rand((), generator=draw)
        found[number] += on[0] * 0.4 * torch.sin(6.2832 * low * time + phase)
        found[number] += on[1] * 0.4 * torch.sin(6.2832 * high * time + phase)
    return found


class Batches:
    """Sounds as `fit` wants them."""

    def __init__(self, samples: Tensor, batch: int = 16) -> None:
        self.samples, self.batch, self.epoch = samples, batch, 0

    def __len__(self) -> int:
        return -(-len(self.samples) // self.batch)

    def __iter__(self):
        order = torch.randperm(len(self.samples), generator=torch.Generator().manual_seed(self.epoch))
        return iter(self.samples[order].split(self.batch))


def built(kind, model: Classifier, *, layers=(), seed: int = 0, n: int = SAMPLES, **given):
    """An interpreter of this kind for the classifier, with first weights drawn by the seed."""
    settings = kind.Settings(layers=layers, **given)
    torch.manual_seed(seed)
    return kind(subject_of(model, settings.layers, reads=kind.reads, n=n), settings)


def heard(interpreter, model: Classifier, samples: Tensor) -> Heard:
    return hear(model, samples, interpreter.subject.layers)
