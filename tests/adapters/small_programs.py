"""Small networks that hear bands and samples, and a sound for them: what compiled copies are compared with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.frontends import STFT, Frontend, Log1p, MelSpectrogram, Waveform

LABELS = ["low", "middle", "high"]
RATE = 4000
LENGTH = Length(seconds=0.5)


def bands() -> Frontend:
    return MelSpectrogram(
        sample_rate=RATE, stft_settings=STFT(n_fft=128, hop=64), power=2, n_mels=16, compression=Log1p(gain=100.0)
    )


class OnBands(nn.Sequential):
    """``[B, 1, 16, T] -> [B, 3]``"""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.AdaptiveAvgPool2d((4, 1)), nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(24, 3),
        )


class OnSamples(nn.Module):
    """``[B, n] -> [B, 3]``, or ``[B, 1, n]`` with ``channel``."""

    def __init__(self, channel: bool) -> None:
        super().__init__()
        self.channel = channel
        self.filters = nn.Conv1d(1, 6, 32, stride=16)
        self.head = nn.Linear(6, 3)

    def forward(self, samples: Tensor) -> Tensor:
        if not self.channel:
            samples = samples.unsqueeze(1)
        return self.head(self.filters(samples).relu().mean(2))


class OneByOne(nn.Module):
    """As if written for a single clip: rows of a batch are laid end to end, and one answer is given."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv1d(1, 3, 32, stride=16)

    def forward(self, samples: Tensor) -> Tensor:
        return self.filters(samples.reshape(1, 1, -1)).relu().mean(2)


def made(network: type[nn.Module], *settings: object, seed: int = 0) -> nn.Module:
    """A network of this class that reacts strongly, in evaluation mode."""
    torch.manual_seed(seed)
    found = network(*settings).eval()
    with torch.no_grad():
        list(found.parameters())[-2].mul_(50.0)
    return found


def classifier(network: nn.Module, frontend: Frontend | None = None) -> Classifier:
    front = frontend or Waveform(sample_rate=RATE, channel=getattr(network, "channel", True))
    return Classifier(network, frontend=front, labels=LABELS, length=LENGTH)


def sound() -> Clip:
    """Half a second of noise with a beep of 1 kHz in its third quarter."""
    samples = 0.05 * np.random.default_rng(0).standard_normal(2000)
    samples[1000:1500] += 0.5 * np.sin(2 * np.pi * 1000 * np.arange(500) / RATE)
    return Clip(samples.astype(np.float32), RATE, "beep")


COALITIONS = {"kernel-shap": {"components": "time:6"}, "exact-shap": {"components": "time:4"}, "occlusion": {}}
"""Methods that only ask, with settings that keep them quick."""


def relevance(heard: Classifier, method: str, target: str = "high") -> np.ndarray:
    import auricle
    from auricle.methods import build

    settings = COALITIONS[method]
    return np.asarray(auricle.explain(sound(), heard, method=build(method, **settings), target=target).relevance)


def alike(theirs: np.ndarray, ours: np.ndarray) -> bool:
    """Whether two maps agree to a hundred-thousandth of their largest value, and say anything at all."""
    largest = np.abs(ours).max()
    return bool(np.ptp(ours) > 0.1 * largest and np.abs(theirs - ours).max() <= 1e-5 * largest)
