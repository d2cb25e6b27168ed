"""A classifier whose answers can be worked out by hand, and a stand-in for an explanation of it."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from auricle.axes import Axes
from auricle.classifier import Classifier, Prediction
from auricle.clip import Clip
from auricle.frontends import STFT, Spectrogram
from auricle.sonify import Masking, mask_on_grid

RATE = 8000
FRONT = Spectrogram(sample_rate=RATE, stft_settings=STFT(n_fft=256, hop=80), power=2, compression=None)


class TwoBands(nn.Module):
    """Logits: the mean power below and above 2 kHz, in units of that of a tone of amplitude 1, times ``sharpness``."""

    def __init__(self, sharpness=20.0):
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(sharpness))

    def forward(self, features):
        power = features.squeeze(1).mean(-1)
        low, high = power[:, :64].sum(-1), power[:, 65:].sum(-1)
        return self.sharpness * torch.stack([low, high], -1) / 6144.0


def classifier(*, sharpness=20.0, length=None, multi_label=False):
    return Classifier(
        TwoBands(sharpness), frontend=FRONT, labels=["low", "high"], length=length, multi_label=multi_label
    )


def tone(hertz, *, seconds=1.0, start=0.0, end=np.inf, amplitude=0.5):
    at = np.arange(round(seconds * RATE)) / RATE
    return amplitude * np.sin(2 * np.pi * hertz * at) * ((at >= start) & (at < end))


@dataclass
class StandIn:
    """What `measure` asks of an explanation."""

    clip: Clip
    classifier: Classifier
    relevance: np.ndarray
    axes: Axes
    target: str = "low"
    contributions: None = None
    masking: Masking = field(default_factory=Masking)

    @property
    def prediction(self) -> Prediction:
        return self.classifier.predict(self.clip)

    def map(self):
        return self.relevance, self.axes

    def mask(self, masking: Masking):
        return mask_on_grid(self.clip, self.classifier.frontend, self.relevance, self.axes, masking)


def explanation(samples, where, *, target="low", **settings):
    """Relevance 1 where ``where(hertz, seconds)`` holds, -1 elsewhere."""
    model = classifier(**settings)
    clip = Clip(samples, RATE)
    axes = FRONT.axes(len(samples))
    seconds, hertz = np.meshgrid(axes.seconds_centres, axes.hertz_centres)
    return StandIn(clip, model, np.where(where(hertz, seconds), 1.0, -1.0), axes, target)


