"""The point in the road at which relevance is asked for, and the road from there to the logits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.errors import AuricleError, nearest
from auricle.frontends import Waveform

LEVELS: tuple[Level, ...] = ("features", "stft", "waveform")


class Point:
    """``x`` (a detached batch) and ``stages`` that lead from it to the logits.

    At ``features`` x is what the network eats. At ``stft`` x holds the real and imaginary parts of the complex STFT,
    ``[B, F, T, 2]``; for a raw-waveform network this is the virtual inspection layer (Vielhaben et al. 2024). At
    ``waveform`` x holds the samples. The clip's level normalisation is applied before x and held constant.
    """

    def __init__(self, classifier: Classifier, samples: Tensor, level: Level) -> None:
        if level not in LEVELS:
            raise AuricleError(f'relevance has no level "{level}"; {nearest(level, LEVELS)}')
        self.classifier = classifier
        self.level = level
        self.length = samples.shape[-1]
        self.samples = samples
        front = classifier.frontend
        # A raw-waveform network's features are its samples.
        self._on_samples = isinstance(front, Waveform) and level == "waveform"
        network: Callable[[Tensor], Tensor] = classifier.logits_from_features
        self.stages: list[Callable[[Tensor], Tensor]] = [network]
        if level == "stft":
            self.stages = [self._from_stft, network]
        elif level == "waveform" and not self._on_samples:
            self.stages = [self._from_samples, network]
        self.x = self.of(samples)

    def of(self, samples: Tensor) -> Tensor:
        """Other samples ``[B, n]`` at this point (for baselines)."""
        front = self.classifier.frontend
        with torch.no_grad():
            if self.level == "features" or self._on_samples:
                return front(samples)
            samples = front.normalise(samples)
            return torch.view_as_real(front.stft(samples)) if self.level == "stft" else samples

    def run(self, x: Tensor) -> Tensor:
        """From this point to the logits ``[B, C]``."""
        for stage in self.stages:
            x = stage(x)
        return x

    def score(self, x: Tensor, weights: Tensor) -> Tensor:
        """The explained value of each row, ``[B]``."""
        return (self.run(x) * weights).sum(1)

    def to_map(self, relevance: Tensor) -> Tensor:
        """Values of x's shape as ``[B, F, T]`` or ``[B, N]``: real and imaginary parts together."""
        if self.level == "stft":
            return relevance.sum(-1)
        if self.level == "features" or self._on_samples:
            return self.classifier.frontend.to_map(relevance)
        return relevance

    def _from_stft(self, parts: Tensor) -> Tensor:
        stft = torch.view_as_complex(parts.contiguous())
        return self.classifier.frontend.features(stft, length=self.length)

    def _from_samples(self, samples: Tensor) -> Tensor:
        front = self.classifier.frontend
        return front.features(front.stft(samples), length=self.length)
