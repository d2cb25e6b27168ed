"""A classifier that adds up what it hears in equal slices of time, so that everything can be worked out by hand."""

import numpy as np
import torch
from torch import nn

import auricle
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends import Waveform
from auricle.methods.coalitions.method import CoalitionMethod, Weighed

RATE = 8000
SLICE = 800
"""Samples of a slice; its pulse stands in the middle, clear of the cross-fades."""


class Sums(nn.Module):
    """Logits: 1/2 for "no"; for "yes" the sum of ``worth`` times the loudness of the pulse in each slice."""

    def __init__(self, worth):
        super().__init__()
        self.worth = nn.Parameter(torch.tensor(worth))

    def forward(self, samples):
        heard = samples.reshape(len(samples), -1, SLICE).abs().amax(-1) / 0.5
        yes = (heard * self.worth).sum(-1)
        return torch.stack([torch.full_like(yes, 0.5), yes], -1)


def pulses(present):
    samples = np.zeros((len(present), SLICE), np.float32)
    samples[:, SLICE // 2] = 0.5 * np.asarray(present)
    return Clip(samples.ravel(), RATE, "pulses")


def classifier(worth, **settings):
    return Classifier(Sums(worth), frontend=Waveform(sample_rate=RATE), labels=["no", "yes"], **settings)


class LeaveOneOut(CoalitionMethod):
    """Here each weight is exactly what a slice is worth."""

    name, summary, source = "leave-one-out", "", ""

    def _weigh(self, game, seed):
        return Weighed(game.full - game(~torch.eye(game.count, dtype=torch.bool)), None, additive=False)


def explanation(worth, *, method=LeaveOneOut, target="yes", baseline="silence", **settings):
    asked = method(components=f"time:{len(worth)}", baseline=baseline)
    return auricle.explain(pulses(np.ones(len(worth))), classifier(worth, **settings), method=asked, target=target)


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, dtype=float)))
