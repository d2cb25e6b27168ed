"""What the model says to parts of one clip: a batch of masks in, probabilities and logits out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends.listening import frames_within, sound_of, spectrum_of
from auricle.metrics.held import HeldLevel, normalises
from auricle.sonify.griffin_lim import griffin_lim

CHUNK = 32
"""Sounds a network hears at once, at most."""
SAMPLES = 2**19
"""Samples of these sounds together, at most: their spectra take about a hundred times as many bytes."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities ``[K, C]``, the share of the clip's energy ``[K]`` and logits ``[K, C]`` of each of K sounds.

    Of a clip heard in several windows these are of the mean of their logits.
    """

    probabilities: np.ndarray
    energy: np.ndarray
    logits: np.ndarray


class Listener:
    """A classifier that listens to parts of one clip, through the windows in which it heard the whole.

    A part may be silent: the network is simply asked. Where a front-end sets the level of its input, it does so for
    every part anew, as it would for a recording of it; ``held``, it takes the level of the whole (see `HeldLevel`).
    """

    def __init__(
        self, classifier: Classifier, clip: Clip, *, rephase: bool = False, seed: int = 0
    ) -> None:
        self.classifier = classifier
        self.grid = classifier.frontend.grid
        self.windows = classifier.windows(clip)
        dtype = torch.float64 if classifier.dtype == torch.float64 else torch.float32
        mono = np.array(clip.mono(classifier.sample_rate))
        self.samples = torch.as_tensor(mono, dtype=dtype, device=classifier.device)
        self.spectrum = spectrum_of(self.samples, self.grid)
        self.rephase = rephase
        self.seed = seed

    @property
    def frames(self) -> int:
        """Frames of the listening STFT that are centred within the clip; at most one more lies beyond its end."""
        return frames_within(len(self.samples), self.grid)

    @property
    def power(self) -> np.ndarray:
        """Energy ``[F, frames]`` of every cell within the clip."""
        return self.spectrum[:, : self.frames].abs().square().double().cpu().numpy()

    @property
    def normalises(self) -> bool:
        """Whether the network hears a part otherwise when its level is held."""
        return normalises(self.classifier.frontend)

    @cached_property
    def _level(self) -> HeldLevel:
        return HeldLevel(self.classifier.frontend, self.windows.samples)

    @property
    def _at_once(self) -> int:
        return max(min(CHUNK, SAMPLES // self.windows.samples.shape[-1]), 1)

    def whole(self) -> np.ndarray:
        """Probabilities ``[C]`` of the clip itself."""
        return self.to_sounds(self.samples[None]).probabilities[0]

    def __call__(self, masks: Iterable[np.ndarray]) -> Answers:
        """The clip through each mask ``[F, frames]``, in chunks."""
        size = max(min(CHUNK // len(self.windows.starts), SAMPLES // len(self.samples)), 1)
        answers = [self.to_sounds(self.sounds(np.stack(chunk))) for chunk in _chunks(masks, size)]
        return Answers(
            np.concatenate([each.probabilities for each in answers]),
            np.concatenate([each.energy for each in answers]),
            np.concatenate([each.logits for each in answers]),
        )

    def to_sounds(self, sounds: Tensor, *, held: bool = False) -> Answers:
        """The answers to sounds ``[K, n]`` that were made elsewhere, of the clip's length at the model's rate.

        ``held``: at the level of the clip's own windows, where the front-end would set the level of each sound anew.
        """
        sounds = sounds.to(self.samples)
        total = self.samples.square().sum().clamp_min(torch.finfo(self.samples.dtype).tiny)
        logits = self._logits(sounds, held=held)
        found = (self.classifier.probabilities(logits), sounds.square().sum(-1) / total, logits)
        return Answers(*(each.double().cpu().numpy() for each in found))

    def sounds(self, masks: np.ndarray) -> Tensor:
        """The clip through each mask ``[K, F, frames]``, as sounds ``[K, n]``."""
        beyond = self.spectrum.shape[-1] - masks.shape[-1]
        masks = np.pad(masks, ((0, 0), (0, 0), (0, beyond)), mode="edge")
        length = len(self.samples)
        spectra = torch.as_tensor(masks).to(self.samples) * self.spectrum
        if not self.rephase:
            return sound_of(spectra, self.grid, length=length)
        # One by one, so that a sound's phases do not depend on what else is in the batch.
        return torch.stack([griffin_lim(each.abs(), self.grid, length=length, seed=self.seed) for each in spectra])

    def _logits(self, sounds: Tensor, *, held: bool = False) -> Tensor:
        heard = self.windows.of(sounds)
        window = torch.arange(heard.shape[1], device=heard.device).repeat(len(heard))
        parts = zip(heard.flatten(0, 1).split(self._at_once), window.split(self._at_once), strict=True)
        if held and self.normalises:
            logits = [self._at_level(*part) for part in parts]
        else:
            logits = [self.classifier.logits(part) for part, _ in parts]
        per_window = torch.cat(logits).unflatten(0, heard.shape[:2])
        return per_window.mean(1)

    def _at_level(self, samples: Tensor, window: Tensor) -> Tensor:
        classifier = self.classifier
        with torch.inference_mode(), classifier.inference():
            return classifier.logits_from_features(self._level(samples, window))


def _chunks(items: Iterable[np.ndarray], size: int) -> Iterator[list[np.ndarray]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
