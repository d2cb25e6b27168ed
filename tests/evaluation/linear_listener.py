"""A model whose relevance is known: the logit of "yes" is a weighted sum of samples, that of "no" is 0."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.evaluation.clips import Example
from auricle.evaluation.manipulation import as_example
from auricle.frontends import Waveform

RATE, SAMPLES = 1000, 1000


def listener(weights: np.ndarray, *, normalisation: str = "none") -> Classifier:
    network = nn.Sequential(nn.Flatten(), nn.Linear(SAMPLES, 2, bias=False)).double()
    with torch.no_grad():
        network[1].weight.copy_(torch.as_tensor(np.stack([np.zeros(SAMPLES), weights])))
    front = Waveform(sample_rate=RATE, normalisation=normalisation)
    return Classifier(network, frontend=front, labels=["no", "yes"], length=Length(seconds=1.0))


def example(samples: np.ndarray, classifier: Classifier, name: str = "one", **columns: object) -> Example:
    row = {"id": name, "actual": "yes", **columns}
    return as_example(row, Clip(samples, RATE, name), classifier)


def sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
