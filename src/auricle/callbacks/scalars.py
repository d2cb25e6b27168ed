"""What is measured of an explanation in every epoch, by three more sounds that the network hears of each.

Each figure is of one clip and one method; an epoch's is the mean over the clips that have it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from auricle.callbacks.samples import Sample
from auricle.classifier import Classifier
from auricle.explanation import Explanation
from auricle.metrics.controls import random_masks
from auricle.metrics.faithfulness import faithfulness, fidelity_in
from auricle.metrics.hearing import CHUNK, SAMPLES, Listener
from auricle.metrics.localisation import mass_accuracy
from auricle.metrics.parts import class_of
from auricle.sonify import Sounds
from auricle.sonify.laying import within

FF, RANDOM, FID_IN = "FF/{}", "FF/{}-random", "Fid-In/{}"
SIMILARITY, IN_EVENTS, BY_CHANCE = "similarity/{}", "in-events/{}", "in-events/{}-by-chance"
"""Tags of a method's figures, those that are compared in one group."""


def faithfulness_of(
    explained: Sequence[tuple[Explanation, Sounds]], *, seed: int = 0
) -> list[dict[str, float]]:
    """FF, the same without a part of the same shape elsewhere, and Fid-In; nothing for outputs that are no classes.

    Of explanations of one classifier, all heard together.
    """
    if not explained or explained[0][0].classifier.outputs == "values":
        return [{} for _ in explained]
    classifier = explained[0][0].classifier
    parts = [_parts(explanation, sounds, seed) for explanation, sounds in explained]
    return [
        _faithfulness(explanation, probabilities)
        for (explanation, _), probabilities in zip(explained, _heard(classifier, parts), strict=True)
    ]


def _faithfulness(explanation: Explanation, probabilities: np.ndarray) -> dict[str, float]:
    kept, removed, random = probabilities
    p, c = explanation.prediction.probabilities, class_of(explanation)
    return {
        FF: float(faithfulness(p, removed, c=c)),
        RANDOM: float(faithfulness(p, random, c=c)),
        FID_IN: float(fidelity_in(p, kept, c=c, multi_label=explanation.classifier.multi_label)),
    }


def _parts(explanation: Explanation, sounds: Sounds, seed: int) -> Tensor:
    """What is kept, what is removed, and the clip without a random part, as the network hears them: ``[3, W, n]``."""
    listener = Listener(explanation.classifier, explanation.clip)
    mask = sounds.mask[:, : listener.frames]
    (elsewhere,) = random_masks(mask, draws=1, seed=seed)
    return listener.windows.of(listener.sounds(np.stack([mask, 1.0 - mask, 1.0 - elsewhere])))


def _heard(classifier: Classifier, parts: Sequence[Tensor]) -> list[np.ndarray]:
    """Probabilities ``[3, C]`` of each; windows of one length go through the network together."""
    windows = [row for part in parts for row in part.flatten(0, 1)]
    logits: list[Tensor] = [torch.empty(0)] * len(windows)
    by_length: dict[int, list[int]] = {}
    for place, window in enumerate(windows):
        by_length.setdefault(len(window), []).append(place)
    for length, places in by_length.items():
        size = max(min(CHUNK, SAMPLES // length), 1)
        for some in (places[start : start + size] for start in range(0, len(places), size)):
            for place, row in zip(some, classifier.logits(torch.stack([windows[i] for i in some])), strict=True):
                logits[place] = row
    found, begin = [], 0
    for part in parts:
        count = part.shape[0] * part.shape[1]
        mean = torch.stack(logits[begin : begin + count]).unflatten(0, part.shape[:2]).mean(1)
        found.append(classifier.probabilities(mean).double().cpu().numpy())
        begin += count
    return found


def similarity(now: np.ndarray, before: np.ndarray | None) -> dict[str, float]:
    """Cosine of two maps ``[F, T]``, 1 for the same one; nothing for a first map, or one without relevance.

    >>> similarity(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0]]))
    {'similarity/{}': 1.0}
    """
    if before is None or before.shape != now.shape:
        return {}
    size = float(np.linalg.norm(now)) * float(np.linalg.norm(before))
    return {SIMILARITY: float((now * before).sum()) / size} if size > 0.0 else {}


def in_events(explanation: Explanation, sample: Sample) -> dict[str, float]:
    """The share of positive relevance where the cause is annotated, and that of even relevance; nothing without."""
    values, axes = explanation.map()
    truth = sample.truth(axes)
    if truth is None:
        return {}
    inside, _ = within(np.asarray(truth, np.float64), axes, explanation.clip.seconds)
    relevance, _ = within(np.nan_to_num(np.asarray(values, np.float64)), axes, explanation.clip.seconds)
    return {IN_EVENTS: mass_accuracy(relevance, inside), BY_CHANCE: float(inside.mean())}
