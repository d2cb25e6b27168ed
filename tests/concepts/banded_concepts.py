"""A classifier of two sounds, of which one layer hears a low band, a high band and a third that nobody uses."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.concepts.concepts import Concepts
from auricle.concepts.subspaces import Subspaces
from auricle.frontends import STFT, Spectrogram
from auricle.methods.gradients import InputXGradient

RATE = 1000
LAYER = "bands"


class Bands(nn.Module):
    """``low`` wins by what is below 250 Hz, ``high`` by what is above; each is a channel of ``bands``."""

    def __init__(self) -> None:
        super().__init__()
        self.bands = nn.Conv2d(1, 3, (26, 1), bias=False)  # all rows at once, moment by moment
        self.last = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.bands.weight.zero_()
            self.bands.weight[0, 0, :13] = self.bands.weight[1, 0, 13:] = self.bands.weight[2, 0, ::2] = 1.0
            self.last.weight.copy_(torch.tensor([[1.0, -0.2, 0.0], [-0.2, 1.0, 0.0]]))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.last(self.bands(features).mean((2, 3)))


def classifier(length: Length | None = None) -> Classifier:
    front = Spectrogram(sample_rate=RATE, stft_settings=STFT(n_fft=50, hop=10))
    length = length or Length(seconds=1.0)
    return Classifier(Bands().eval(), frontend=front, labels=["low", "high"], length=length, name="two bands")


def concepts(model: Classifier) -> Concepts:
    """Concept 1 is the low channel, concept 2 the high one, the rest the unused one."""
    own = Subspaces(torch.eye(3)[:, :2], (1, 1))
    return Concepts.of(model, LAYER, InputXGradient(), {"low": own, "high": own})


def tone(hertz: float, start: float, end: float, name: str, seconds: float = 1.0, loud: float = 0.1) -> Clip:
    """A sine that fades in and out within 50 ms, so that neither clicks in the other band."""
    time = np.arange(round(seconds * RATE)) / RATE
    shape = np.clip(np.minimum(time - start, end - time) / 0.05, 0, 1)
    sound = loud * np.sin(2 * np.pi * hertz * time) * np.sin(np.pi / 2 * shape) ** 2
    return Clip(sound.astype(np.float32), RATE, name)
