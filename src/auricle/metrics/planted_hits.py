"""Is the planted cause found? A method is asked about clips in which the cause is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.components import Components
from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval, bootstrap
from auricle.metrics.events import events
from auricle.metrics.planted import Plant

if TYPE_CHECKING:
    from auricle.methods import Method

NEAR = 0.5
"""A component counts as the cause from this share of the most energy of the plant that any component holds."""


@dataclass(frozen=True, eq=False)
class PlantedHits:
    """Per clip ``[n]``: was the cause found, how likely is that by chance, and the event AUC of the relevance.

    unheard: clips left out because the model does not say what was planted, so that the plant is no cause of it.
    """

    hits: np.ndarray
    chance: np.ndarray
    auc: np.ndarray
    unheard: int

    @property
    def rate(self) -> Interval:
        """The share of clips whose cause was found, with its bootstrap interval."""
        return bootstrap(self.hits)


def planted_hits(
    classifier: Classifier, method: str | Method, planted: Sequence[tuple[Clip, Plant]], *, seed: int = 0
) -> PlantedHits:
    """How often the top component is the planted cause, on clips from `plant` that a model names by their kind.

    A model is asked about the label that is the plant's kind. Methods without components are judged by their top frame.
    """
    from auricle.road import explain

    hits, chances, areas, unheard = [], [], [], 0
    for clip, truth in planted:
        if classifier.predict(clip).label != truth.kind:
            unheard += 1
            continue
        found = explain(clip, classifier, method=method, target=truth.kind, seed=seed)
        at = events(found, [(truth.start, truth.end)], seed=seed)
        hit, chance = float(at.hit), at.controls["hit"]["random"]
        if found.contributions is not None:
            true = causes(found.contributions.components, truth)
            weights = found.contributions.weights[:, 0]
            hit, chance = float(true[int(weights.argmax())] and float(weights.max()) > 0.0), float(true.mean())
        hits.append(hit)
        chances.append(chance)
        areas.append(at.auc)
    if not hits:
        raise AuricleError(
            f"{classifier.name} names none of the {len(planted)} clips by what was planted; give it labels such as "
            "tone, click, noise, and train it to tell them"
        )
    return PlantedHits(np.array(hits), np.array(chances), np.array(areas), unheard)


def causes(components: Components, truth: Plant) -> np.ndarray:
    """Which components ``[K]`` hold the plant: at least half as much of its energy as the one that holds most."""
    samples = torch.zeros_like(components.samples)
    sound = truth.sound.mono(components.sample_rate)[: len(samples)]
    samples[: len(sound)] = torch.tensor(sound, dtype=torch.float64)
    held = np.zeros(len(components))
    for block in components.split(samples):
        held[list(block.which)] = block.values.double().square().sum(-1).numpy()
    return held >= NEAR * held.max()
