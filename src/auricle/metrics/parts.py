"""An explanation's components as metrics see them: weights, places, and what the model says to any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from auricle.classifier import Classifier
from auricle.components import Components
from auricle.errors import AuricleError
from auricle.methods.coalitions.contributions import Contributions
from auricle.methods.coalitions.table import Table
from auricle.metrics.curves import ranks

if TYPE_CHECKING:
    from auricle.explanation import Explanation


@dataclass(frozen=True, eq=False)
class Parts:
    """``weights [K]`` of the target, the coalition table that the method asked, and the class ``c`` that is watched."""

    weights: np.ndarray
    table: Table
    c: int

    @classmethod
    def of(cls, explanation: Explanation) -> Parts:
        """The parts of an explanation that has any, each of them removable on its own."""
        found = contributions_of(explanation)
        if not found.components.disjoint:
            raise AuricleError(
                f"the components of {found.components.text} overlap, so they cannot be taken away one after another; "
                "use components without overlap, such as time:12"
            )
        refuse_values(explanation.classifier)
        return cls(found.weights[:, 0].numpy(), found.tables[0], class_of(explanation))

    @property
    def components(self) -> Components:
        return self.table.components

    @property
    def classifier(self) -> Classifier:
        return self.table.classifier

    def __len__(self) -> int:
        return len(self.weights)

    def order(self, *, seed: int = 0) -> np.ndarray:
        """Components from the most relevant (the most positive weight) to the least; equal ones in a random order."""
        return np.argsort(ranks(self.weights, seed=seed))

    def by_energy(self, *, seed: int = 0) -> np.ndarray:
        """Components from the loudest to the faintest."""
        return np.argsort(ranks(self.components.energies().numpy(), seed=seed))

    def positive(self, *, seed: int = 0) -> np.ndarray:
        """Components that speak for the target, the strongest first."""
        order = self.order(seed=seed)
        return order[self.weights[order] > 0.0]

    def probabilities(self, coalitions: np.ndarray) -> np.ndarray:
        """Coalitions (bool ``[N, K]``) to probabilities ``[N, C]``; only rows that nobody asked for yet are heard."""
        logits = self.table.logits(torch.as_tensor(np.asarray(coalitions, dtype=bool)))
        return self.classifier.probabilities(logits).numpy()

    def whole(self) -> np.ndarray:
        """Probabilities ``[C]`` with every component present."""
        return self.probabilities(np.ones((1, len(self)), dtype=bool))[0]

    def only(self, *groups: np.ndarray) -> np.ndarray:
        """Coalitions ``[len(groups), K]`` in which only the components of one group are present."""
        rows = np.zeros((len(groups), len(self)), dtype=bool)
        for row, group in zip(rows, groups, strict=True):
            row[group] = True
        return rows


def contributions_of(explanation: Explanation) -> Contributions:
    """What the components contributed; only methods that remove parts of the sound know that."""
    if explanation.contributions is None:
        raise AuricleError(
            f"{explanation.method.name} has no components to take away; explain with a method that removes parts of "
            "the sound, such as kernel-shap"
        )
    return explanation.contributions


def class_of(explanation: Explanation) -> int:
    """The class that the target asks about: of a contrast, its first label."""
    classifier, target = explanation.classifier, explanation.target
    if target == "predicted" and target not in classifier.labels:
        return int(explanation.prediction.index)
    return int(classifier.target_weights(target, torch.zeros(1, len(classifier.labels)))[0].argmax())


def refuse_values(classifier: Classifier) -> None:
    """Metrics speak of probabilities, which a regression does not have."""
    if classifier.outputs == "values":
        raise AuricleError(
            f"{classifier.name} gives values, not probabilities, and these scores are made of probabilities; leave "
            "measuring out (--no-measure)"
        )
