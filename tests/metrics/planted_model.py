"""A small network that learns, in seconds, to tell planted tones, clicks and bands of noise from plain background."""

from functools import cache

import numpy as np
import torch
from torch import nn

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends import STFT, Log, MelSpectrogram
from auricle.metrics import PLANTS, noise_background, plant

RATE = 8000
LABELS = ("nothing", *PLANTS)
FRONT = MelSpectrogram(
    sample_rate=RATE, stft_settings=STFT(n_fft=256, hop=80), power=2, n_mels=24, compression=Log(offset=1e-4)
)


def detector_network():
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=(1, 2), padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(16, len(LABELS)),
    )


@cache
def detector(count=240, epochs=14):
    """Trained on ``count`` clips of each class, seed 10,000 and up, with parts silenced, as they later will be."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        generator = np.random.default_rng(0)
        clips, labels = [], []
        for label, kind in enumerate(LABELS):
            for seed in range(10_000, 10_000 + count):
                clips.append(made(kind, seed, generator))
                labels.append(label)
        features, wanted = FRONT(torch.as_tensor(np.stack(clips))), torch.tensor(labels)
        network = detector_network()
        optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
        for _ in range(epochs):
            for batch in torch.randperm(len(wanted)).split(32):
                loss = nn.functional.cross_entropy(network(features[batch]), wanted[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            schedule.step()
    return Classifier(network.eval(), frontend=FRONT, labels=LABELS, name="detector")


def made(kind, seed, generator):
    """One second of a kind, silenced in up to three places beside the plant."""
    if kind == "nothing":
        clip, keep = noise_background(1.0, RATE, seed), None
    else:
        clip, truth = plant(kind, 1.0, RATE, seed)
        keep = (truth.start - 0.01, truth.end + 0.01)
    samples = clip.samples[0].copy()
    for _ in range(generator.integers(0, 4)):
        start = generator.uniform(0, 0.9)
        end = start + generator.uniform(0.05, 0.4)
        if keep is None or end < keep[0] or start > keep[1]:
            fade(samples, start, end)
    return samples


def fade(samples, start, end):
    at = np.arange(len(samples)) / RATE
    inside = np.clip((at - start) / 0.01, 0, 1) * np.clip((end - at) / 0.01, 0, 1)
    samples *= (1 - np.sin(np.pi / 2 * inside) ** 2).astype(np.float32)


def plants(kind, count, *, first=0, background=None, seconds=1.0):
    return [plant(kind, seconds, RATE, seed, background=background) for seed in range(first, first + count)]


__all__ = ["LABELS", "RATE", "Clip", "detector", "plants"]
