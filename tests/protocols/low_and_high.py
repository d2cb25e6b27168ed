"""A corpus of low and high tones, a network that says which there is, and explainers whose answers are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import nn

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.datasets import Dataset, table_of
from auricle.errors import AuricleError
from auricle.evaluation.tested import Choice
from auricle.frontends import STFT, Spectrogram
from auricle.methods.base import Attribution, Method

RATE = 8000
FRONT = Spectrogram(sample_rate=RATE, stft_settings=STFT(n_fft=256, hop=80), power=2, compression=None)
EDGE = 2000


class TwoBands(nn.Module):
    """Logits: the mean power below and above 2 kHz, each in units of that of a tone of amplitude 1, times 20."""

    def __init__(self) -> None:
        super().__init__()
        self.bands = nn.Linear(129, 2)
        with torch.no_grad():
            self.bands.weight.zero_()
            self.bands.weight[0, :64] = 20 / 6144
            self.bands.weight[1, 65:] = 20 / 6144
            self.bands.bias.fill_(-0.1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.bands(features.squeeze(1).mean(-1) if features.shape[-2] == 129 else features.squeeze(1).mean(-2))


def classifier(*, multi_label: bool = False) -> Classifier:
    return Classifier(TwoBands(), frontend=FRONT, labels=["low", "high"], multi_label=multi_label, name="two bands")


def corpus(folder: Path, *, takes: int = 4) -> Dataset:
    """Half a second each: tones of 400 to 800 Hz (low) and of 2800 to 3200 Hz (high), some of them short."""
    rows = []
    rng = np.random.default_rng(0)
    for take in range(takes):
        for label, hertz in (("low", 400), ("high", 2800)):
            at = np.arange(RATE // 2) / RATE
            start = rng.uniform(0.0, 0.2)
            tone = 0.3 * np.sin(2 * np.pi * (hertz + rng.uniform(0, 400)) * at) * ((at > start) & (at < start + 0.25))
            name = f"{label}-{take}.wav"
            soundfile.write(folder / name, tone, RATE, subtype="FLOAT")
            rows.append({"id": name, "path": name, "pitch": label, "both": [label]})
    return Dataset(
        name="tones", table=table_of(rows), root=folder, classes={"pitch": ("low", "high"), "both": ("low", "high")}
    )


def choice(folder: Path, *, multi_label: bool = False, takes: int = 4) -> Choice:
    dataset = corpus(folder, takes=takes)
    return Choice(
        classifier=classifier(multi_label=multi_label),
        name="two bands",
        dataset=dataset,
        data="tones",
        task="both" if multi_label else "pitch",
        numbers=np.arange(len(dataset)),
        split="all clips",
        scheme=None,
        seed=0,
    )


@dataclasses.dataclass(frozen=True)
class Pointing(Method):
    """Relevance 1 in the band of the target, half of it in every third frame; or a mask of that."""

    name = "pointing"
    summary = "the truth"
    source = ""
    right: bool = True

    def _explain(self, point, weights, seed):
        shape = point.classifier.frontend.axes(point.samples.shape[-1])
        low = torch.as_tensor(shape.hertz_centres < EDGE)
        relevance = torch.zeros(len(weights), *shape.shape)
        for row, weight in enumerate(weights):
            band = low if bool(weight[0] > weight[1]) == self.right else ~low
            relevance[row, band] = 1.0
            relevance[row, band, ::3] = 0.5
        return Attribution(relevance, weights.sum(1))


@dataclasses.dataclass(frozen=True)
class Masking(Pointing):
    """The same as a learnt mask, which refuses a network with other weights unless it is told not to."""

    name = "masking"
    gives_mask = True
    check_weights: bool = True

    def check(self, classifier: Classifier) -> None:
        if self.check_weights and "random" in classifier.name:
            raise AuricleError(f"the mask was learnt for another network than {classifier.name}; train it again")


@dataclasses.dataclass(frozen=True)
class Refusing(Pointing):
    """Explains low clips only."""

    name = "refusing"

    def _explain(self, point, weights, seed):
        if bool((weights[:, 1] > 0).any()):
            raise AuricleError("only low tones can be explained")
        return super()._explain(point, weights, seed)


def tone(hertz: float, *, seconds: float = 0.5, amplitude: float = 0.3) -> Clip:
    at = np.arange(round(seconds * RATE)) / RATE
    return Clip(amplitude * np.sin(2 * np.pi * hertz * at), RATE, f"{hertz:g} Hz")
