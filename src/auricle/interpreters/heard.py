"""A batch of sounds as a classifier hears it, with what an interpreter reads of it; and parts of it, heard again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.frontends.listening import sound_of, spectrum_of
from auricle.interpreters.taps import Reader


@dataclass(frozen=True, eq=False)
class Heard:
    """samples ``[B, n]``; features: the network's input; logits ``[B, C]``; maps: of the layers that are read.

    clean: the samples before noise was mixed into them for training, where it was.
    """

    classifier: Classifier
    samples: Tensor
    features: Tensor
    logits: Tensor
    maps: tuple[Tensor, ...]
    clean: Tensor | None = None

    @cached_property
    def spectrum(self) -> Tensor:
        """The listening STFT ``[B, F, T]``, complex."""
        return spectrum_of(self.samples, self.classifier.frontend.grid)

    @property
    def probabilities(self) -> Tensor:
        return self.classifier.probabilities(self.logits)

    def through(self, gain: Tensor) -> Tensor:
        """The sounds ``[B, n]`` behind a gain ``[B, F, T]``, with their own phase; differentiable in the gain."""
        return sound_of(self.spectrum * gain, self.classifier.frontend.grid, length=self.samples.shape[-1])

    def again(self, samples: Tensor) -> Tensor:
        """What the classifier says to sounds made of these, logits ``[B, C]``, differentiable in the samples."""
        return self.classifier.logits_from_features(self.classifier.frontend(samples))


def hear(
    classifier: Classifier,
    samples: Tensor,
    layers: Sequence[str],
    *,
    features: Tensor | None = None,
    clean: Tensor | None = None,
) -> Heard:
    """Let the classifier hear ``samples [B, n]`` once, and read these layers; without gradient.

    features: what the front-end makes of them, where that is known already.
    """
    samples = samples.to(classifier.device, classifier.dtype)
    if features is None:
        with torch.no_grad():
            features = classifier.frontend(samples)
    logits, maps, _ = Reader(classifier, layers)(features)
    clean = None if clean is None else clean.to(samples)
    return Heard(classifier, samples, features, logits, tuple(maps), clean)
