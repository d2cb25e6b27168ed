"""One case, a class in a clip, heard through every mask and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from auricle.classifier import Classifier
from auricle.frontends.listening import spectrum_of
from auricle.metrics.complexity import complexity, mean_mask, sparseness
from auricle.metrics.controls import oracle_mask
from auricle.metrics.faithfulness import average_drop, average_gain, average_increase, faithfulness, fidelity_in
from auricle.metrics.hearing import Listener
from auricle.metrics.localisation import TRUE, iou, mass_accuracy, rank_accuracy
from auricle.metrics.si_sdr import si_sdr
from auricle.protocols.masks import RANDOM, Candidate
from auricle.protocols.scenes import Scene

LOWEST_DB, HIGHEST_DB = -30.0, 30.0
"""SI-SDR is kept within these, so that neither a silent sound (−∞) nor sources that never meet (∞) rule a mean."""
_ALONE = 1e-6
"""A source with less beside it than this share of its energy is the clip: there is nothing to find."""


class Ear:
    """A clip that can be heard through masks: logits ``[K, C]`` and sounds ``[K, n]``."""

    def __init__(self, classifier: Classifier, scene: Scene) -> None:
        self.classifier = classifier
        self.listener = Listener(classifier, scene.clip)
        self.samples = self.listener.samples.double().cpu().numpy()
        self.logits = self.listener.to_sounds(self.listener.samples[None]).logits[0]
        self.probabilities = self.to_probabilities(self.logits)

    def to_probabilities(self, logits: np.ndarray) -> np.ndarray:
        """In double precision, in which also a probability near 1 can increase."""
        return self.classifier.probabilities(torch.from_numpy(logits)).numpy()

    def __call__(self, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits ``[K, C]`` of masks ``[K, F, frames]``, and their sounds ``[K, n]``; a mask of ones is the clip."""
        sounds = self.listener.sounds(masks)
        whole = (masks == 1.0).all(axis=(1, 2))
        sounds[torch.from_numpy(whole)] = self.listener.samples  # not the rounding of its STFT
        logits = self.listener.to_sounds(sounds).logits
        logits[whole] = self.logits
        return logits, sounds.double().cpu().numpy()


@dataclass(frozen=True, eq=False)
class Truth:
    """The true source ``[n]`` of a case, its ideal ratio mask ``[F, frames]``, and the mixture's own SI-SDR."""

    source: np.ndarray
    mask: np.ndarray
    of_mixture: float


def truth_of(scene: Scene, label: str, ear: Ear) -> Truth | None:
    """The truth about a label; None where its source is not known, or is all there is in the clip."""
    source = scene.sources.get(label)
    if source is None or not np.any(source):
        return None
    alone = np.asarray(source, np.float64)
    other = ear.samples - alone
    if np.square(other).sum() <= _ALONE * np.square(alone).sum():
        return None
    powers = [
        spectrum_of(torch.from_numpy(each), ear.listener.grid).abs().square().numpy()[:, : ear.listener.frames]
        for each in (alone, other)
    ]
    return Truth(alone, oracle_mask(*powers), bounded(si_sdr(ear.samples, alone)).item())


def bounded(values: np.ndarray) -> np.ndarray:
    """SI-SDR within the bounds of this comparison."""
    return np.clip(values, LOWEST_DB, HIGHEST_DB)


def scored(
    ear: Ear, c: int, truth: Truth | None, found: Sequence[Candidate], *, legacy: bool = False
) -> list[tuple[dict[str, Any], np.ndarray]]:
    """The measured columns of each candidate, the mean over its draws, and what of the clip it first keeps ``[n]``."""
    several = ear.classifier.multi_label
    energy = max(float(np.square(ear.samples).sum()), 1e-300)
    rows = []
    for each in found:
        kept, sounds = ear(each.masks)
        removed, _ = ear(1.0 - each.masks)
        o, q = ear.to_probabilities(kept), ear.to_probabilities(removed)
        p = np.broadcast_to(ear.probabilities, o.shape)
        inside = fidelity_in(p, o, c=c, multi_label=several)
        values = {
            "AI": average_increase(p, o, c=c),
            "AD": average_drop(p, o, c=c),
            "AG": average_gain(p, o, c=c),
            "FF": faithfulness(p, q, c=c),
            "FF logit": ear.logits[c] - removed[:, c],
            "Fid-In": inside,
            "SPS": [sparseness(mask) for mask in each.masks],
            "COMP": [complexity(mask) for mask in each.masks],
            "MM": [mean_mask(mask) for mask in each.masks],
            "energy": np.square(sounds).sum(-1) / energy,
        }
        values |= _against(truth, each, sounds)
        if legacy:
            values["Fid-In legacy"] = inside / 2
            if not several:
                values["AD legacy"] = average_drop(p, o, c=c, legacy=True)
        row: dict[str, Any] = {name: float(np.mean(value)) for name, value in values.items()}
        row |= {"p": float(ear.probabilities[c]), "kept": float(o[:, c].mean()), "removed": float(q[:, c].mean())}
        rows.append((row, sounds[0]))
    return rows


def _against(truth: Truth | None, each: Candidate, sounds: np.ndarray) -> dict[str, Any]:
    """What the true source says."""
    if truth is None:
        return {}
    near = bounded(si_sdr(sounds, truth.source))
    pointed = each.masks if each.relevance is None or each.name == RANDOM else each.relevance[None]
    return {
        "SI-SDR": near,
        "SI-SDRi": near - truth.of_mixture,
        "IoU": [iou(mask, truth.mask) for mask in each.masks],
        "mass": [mass_accuracy(one, truth.mask) for one in pointed],
        "rank": [rank_accuracy(one, truth.mask >= TRUE) or 0.0 for one in pointed],
    }
