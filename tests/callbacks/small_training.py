"""A small network with dropout and batch norm, its clips of two pitches, and a loop that trains it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from auricle.callbacks import Sample
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends import STFT, MelSpectrogram
from auricle.frontends.compression import Log1p
from auricle.length import Length

RATE, SECONDS = 8000, 0.5
LABELS = ("low", "high")


def tone(label: str, seed: int) -> Clip:
    """A tone in the middle of noise: low is 400 Hz, high 1800 Hz, from 0.2 to 0.35 s."""
    rng = np.random.default_rng(seed)
    at = np.arange(round(RATE * SECONDS)) / RATE
    hertz = {"low": 400, "high": 1800}[label] * rng.uniform(0.9, 1.1)
    sound = np.where((at > 0.2) & (at < 0.35), 0.4 * np.sin(2 * np.pi * hertz * at), 0.0)
    return Clip((sound + 0.01 * rng.normal(size=len(at))).astype(np.float32), RATE, f"{label}{seed}")


def tones(count: int) -> list[tuple[Clip, str]]:
    """So many clips of each label."""
    return [(tone(label, seed), label) for seed in range(count) for label in LABELS]


def annotated(label: str, seed: int) -> Sample:
    return Sample(tone(label, seed), label, events=[(0.2, 0.35)])


def classifier() -> Classifier:
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.3), nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d((8, 1)), nn.Flatten(), nn.Linear(64, 2),
    )  # fmt: skip
    front = MelSpectrogram(
        sample_rate=RATE, stft_settings=STFT(n_fft=256, hop=128), n_mels=32, area_norm=False,
        compression=Log1p(gain=10.0),
    )  # fmt: skip
    return Classifier(network, frontend=front, labels=LABELS, length=Length(seconds=SECONDS), name="tones")


def batches(model: Classifier) -> tuple[Tensor, Tensor]:
    pairs = tones(8)
    features = model.frontend(torch.cat([model.windows(clip).samples for clip, _ in pairs]))
    return features, torch.tensor([LABELS.index(label) for _, label in pairs])


def train(model: Classifier, *, epochs: int = 3, after: Callable[[int], None] | None = None) -> list[str]:
    """Train by a plain loop; returns a digest of weights, buffers and generators after each epoch."""
    x, y = batches(model)
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    optimiser = torch.optim.SGD(model.network.parameters(), lr=0.05, momentum=0.9)
    found = []
    for epoch in range(epochs):
        model.network.train()
        for rows in torch.randperm(len(x)).split(4):
            # Not at the beginning, so that gradients are there while somebody looks.
            loss = nn.functional.cross_entropy(model.network(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if after is not None:
            after(epoch)
        found.append(digest(model.network))
    return found


def digest(network: nn.Module) -> str:
    """Of weights, buffers, gradients, modes and random states."""
    parts: list[bytes] = [each.detach().numpy().tobytes() for each in network.state_dict().values()]
    for parameter in network.parameters():
        parts.append(b"none" if parameter.grad is None else parameter.grad.numpy().tobytes())
        parts.append(str(parameter.requires_grad).encode())
    parts += [str([module.training for module in network.modules()]).encode(), torch.get_rng_state().numpy().tobytes()]
    parts.append(np.random.get_state()[1].tobytes())  # type: ignore[index,union-attr]  # noqa: NPY002
    return hashlib.sha256(b"".join(parts)).hexdigest()


def events(folder: Path) -> Any:
    """What TensorBoard reads in a folder of logs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder), size_guidance={"images": 0, "audio": 0, "scalars": 0})
    read.Reload()
    return read
