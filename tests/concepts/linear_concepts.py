"""A classifier whose truth is known: each logit is a weighted sum of what each cell has above silence."""

from __future__ import annotations

import torch
from torch import nn

from auricle.classifier import Classifier
from auricle.frontends import STFT, Log10, Spectrogram

RATE, N = 1000, 480
FRONT = Spectrogram(
    sample_rate=RATE,
    stft_settings=STFT(n_fft=30, hop=30),
    compression=Log10(offset=1e-7, floor=-4.0),
)
"""16 rows of 33 Hz × 17 frames of 30 ms; silence is -4."""
SILENCE = -4.0


class Linear(nn.Module):
    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bft,cft->bc", features.squeeze(1) - SILENCE, self.weights)


def classifier(weights: torch.Tensor, front: Spectrogram = FRONT) -> Classifier:
    """``weights [C, 16, 17]``."""
    labels = [f"class {number}" for number in range(len(weights))]
    return Classifier(Linear(weights).double(), frontend=front, labels=labels, name="linear")


def sounds(clips: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(clips, N, generator=generator, dtype=torch.float64)


def relevance(model: Classifier, samples: torch.Tensor, target: int) -> torch.Tensor:
    """What each cell adds to the logit, ``[B, 1, F, T]``."""
    heard = model.frontend.to_map(model.frontend(samples)) - SILENCE
    return (heard * model.network.weights[target]).detach()[:, None]


def of_class(model: Classifier, clips: int, target: int = 0) -> torch.Tensor:
    weights = torch.zeros(clips, len(model.labels), dtype=torch.float64)
    weights[:, target] = 1.0
    return weights
