"""Scores that ask only whether clips of a class are ranked above the others, whatever the threshold.

Conventions: ``values [N]`` are probabilities, ``positive [N]`` says which clips have the class, ``weights [D, N]`` is
how often each draw of a bootstrap has a clip (ones for the sample itself).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Ranking:
    """Hits and false alarms ``[D, T]`` among clips of at least each of the ``thresholds [T]``, from high to low."""

    thresholds: np.ndarray
    hits: np.ndarray
    false_alarms: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> Ranking:
        """Equal values share a threshold."""
        weights = np.ones((1, len(values))) if weights is None else weights
        order = np.argsort(-values, kind="stable")
        ordered = values[order]
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        mine, weighted = positive[order].astype(float), weights[:, order]
        hits = np.cumsum(weighted * mine, axis=1)[:, last]
        return cls(ordered[last], hits, np.cumsum(weighted, axis=1)[:, last] - hits)

    @property
    def positives(self) -> np.ndarray:
        return self.hits[:, -1]

    @property
    def negatives(self) -> np.ndarray:
        return self.false_alarms[:, -1]

    def roc_auc(self) -> np.ndarray:
        """Area under the ROC curve ``[D]`` by trapezoids; NaN without clips of both kinds."""
        steps = np.diff(self.false_alarms, axis=1, prepend=0.0)
        heights = self.hits - 0.5 * np.diff(self.hits, axis=1, prepend=0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (steps * heights).sum(1) / (self.positives * self.negatives)

    def average_precision(self) -> np.ndarray:
        """Area under the precision–recall curve ``[D]``, Σ (R_t − R_{t−1}) P_t without interpolation; NaN if no clip
        has the class."""
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.nan_to_num(self.hits / (self.hits + self.false_alarms))
            return (np.diff(self.hits, axis=1, prepend=0.0) * precision).sum(1) / self.positives

    def best_f1(self) -> tuple[np.ndarray, np.ndarray]:
        """The highest F1 over all thresholds, and that threshold, ``[D]`` each."""
        f1 = 2 * self.hits / (self.hits + self.false_alarms + self.positives[:, None])
        best = f1.argmax(1)
        return f1[np.arange(len(f1)), best], self.thresholds[best]

    def roc_curve(self) -> tuple[np.ndarray, np.ndarray]:
        """False-alarm rate and hit rate of the sample itself, from (0, 0) to (1, 1)."""
        rates = [np.append(0.0, each[0] / each[0, -1]) for each in (self.false_alarms, self.hits)]
        return rates[0], rates[1]

    def precision_recall_curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and precision of the sample itself, from few clips to all."""
        return self.hits[0] / self.positives[0], self.hits[0] / (self.hits[0] + self.false_alarms[0])
