"""What a model said about a clip, in a word and a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auricle.report.figures import number, percent

if TYPE_CHECKING:
    from auricle.classifier import Classifier, Prediction
    from auricle.explanation import Explanation


@dataclass(frozen=True)
class Outcome:
    """The predicted class with its probability; where outputs are values, the explained value.

    >>> str(Outcome("seven", 0.9731)), str(Outcome("arousal", -1.25, value=True))
    ('seven 0.97', 'arousal −1.25')
    """

    label: str
    figure: float
    value: bool = False

    @property
    def text(self) -> str:
        """The figure for a headline."""
        return number(self.figure) if self.value else f"{self.figure:.2f}"

    @property
    def precise(self) -> str:
        """The figure for a list."""
        return number(self.figure) if self.value else percent(self.figure)

    def __str__(self) -> str:
        return f"{self.label} {self.text}"


def outcome(explanation: Explanation) -> Outcome:
    """What the model said about the whole clip."""
    return outcome_of(explanation.classifier, explanation.prediction, explanation.target)


def outcome_of(classifier: Classifier, prediction: Prediction, target: str) -> Outcome:
    """What the model said about a clip, or one window of it."""
    if classifier.outputs != "values":
        return Outcome(prediction.label, prediction.probability)
    import torch

    weights = classifier.target_weights(target, torch.as_tensor(prediction.logits)[None])[0].numpy()
    return Outcome(target, float(np.dot(weights, prediction.logits)), value=True)
