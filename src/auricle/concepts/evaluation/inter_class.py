"""Does a class's subspace explain its own class best? Explanations of every class, split by every class's subspaces.

ΔAUPC = AUPC of the plain explanation - AUPC of its concepts: what splitting it gains. Subspaces that were fitted on the
clips they are judged by win on their own class by construction, so the clips should be held out, and beside the classes
stand two controls: random subspaces (a column), and the other classes' clips (a row).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.concepts.evaluation.flipping import ConceptFlipping
from auricle.concepts.evaluation.intervals import difference, interval
from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval

MapsOf = Callable[[np.ndarray, str], Tensor]
"""Rows ``[n]`` and the name of subspaces to concept maps ``[n, K, F, T]`` of these very clips."""


@dataclass(frozen=True, eq=False)
class InterClass:
    """ΔAUPC of N clips, each attributed to its own class, under the subspaces of C classes and D random ones.

    labels: the C classes. of_clip: the class number of each clip, ``[N]``. gains: ``[N, C]``. random: ``[N, D]``,
    every draw.
    """

    labels: tuple[str, ...]
    of_clip: np.ndarray
    gains: np.ndarray
    random: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        """``[C, C]``: the mean over the clips of a class (rows) under the subspaces of a class (columns)."""
        return np.stack([self.gains[self.of_clip == c].mean(0) for c in range(len(self.labels))])

    @property
    def control_column(self) -> np.ndarray:
        """``[C]``: the mean of each class under random subspaces, over all draws."""
        return np.array([self.random[self.of_clip == c].mean() for c in range(len(self.labels))])

    @property
    def control_row(self) -> np.ndarray:
        """``[C]``: the mean of each class's subspaces over all clips of *other* classes.

        It is what a row of clips drawn from any other class is expected to be; a class that is high in it has subspaces
        that are good for every class.
        """
        return np.array([self.gains[self.of_clip != c, c].mean() for c in range(len(self.labels))])

    @property
    def diagonal_is_row_maximum(self) -> np.ndarray:
        """Bool ``[C]``: whether no other subspaces, random ones included, explain a class as well as its own."""
        matrix, control = self.matrix, self.control_column
        others = np.where(np.eye(len(matrix), dtype=bool), -np.inf, matrix).max(1)
        return np.diag(matrix) > np.maximum(others, control)

    def cells(self, *, seed: int = 0) -> list[list[Interval]]:
        """Every cell of the matrix with its interval over the clips of its row."""
        rows = [self.gains[self.of_clip == c] for c in range(len(self.labels))]
        return [[interval(column, seed=seed) for column in row.T] for row in rows]

    def summary(self, groups: Sequence[Hashable] | None = None, *, seed: int = 0) -> dict[str, Any]:
        """What the matrix says, with intervals over clips, each of which counts the same.

        ``diagonal``, ``off_diagonal`` and ``random`` are means; ``own_minus_others`` and ``own_minus_random`` paired
        differences; ``row_maxima`` counts classes whose diagonal is the row's maximum, of ``classes``.
        """
        clips = np.arange(len(self.of_clip))
        own = self.gains[clips, self.of_clip]
        others = (self.gains.sum(1) - own) / (self.gains.shape[1] - 1)
        control = self.random.mean(1)
        return {
            "diagonal": interval(own, groups, seed=seed),
            "off_diagonal": interval(others, groups, seed=seed),
            "random": interval(control, groups, seed=seed),
            "own_minus_others": difference(own, others, groups, seed=seed),
            "own_minus_random": difference(own, control, groups, seed=seed),
            "row_maxima": int(self.diagonal_is_row_maximum.sum()),
            "classes": len(self.labels),
        }


def inter_class(
    classifier: Classifier,
    samples: Tensor,
    labels: Sequence[str],
    maps_of: MapsOf,
    plain: Callable[[np.ndarray], Tensor],
    *,
    random: Sequence[str] = ("random",),
    flipping: ConceptFlipping | None = None,
    legacy: bool = False,
) -> InterClass:
    """The ΔAUPC of every class under every class's subspaces, on clips they were not fitted on.

    samples: ``[N, n]``. labels: the class each clip is attributed to, ``[N]``. maps_of: given the rows of one class and
    the name of subspaces (a class, or one of ``random``), the concept maps of exactly these rows, attributed to their
    own class. plain: the plain explanation of rows, ``[n, 1, F, T]``. ``legacy`` gives areas as published.
    """
    classes = tuple(label for label in classifier.labels if label in set(labels))
    if len(labels) != len(samples) or set(labels) - set(classes):
        raise AuricleError(
            f"{len(labels)} labels for {len(samples)} clips, unknown to {classifier.name}: "
            f"{sorted(set(labels) - set(classes))}; give one of its labels for each clip"
        )
    if len(classes) < 2 or not random:
        raise AuricleError("an inter-class matrix needs clips of two classes or more, and random subspaces as control")
    flip = flipping or ConceptFlipping()
    of_clip = np.array([classes.index(label) for label in labels])
    gains = np.zeros((len(labels), len(classes) + len(random)))
    for number, label in enumerate(classes):
        rows = np.flatnonzero(of_clip == number)
        mine = samples[torch.as_tensor(rows)]
        weights = classifier.target_weights(label, torch.zeros(len(rows), len(classifier.labels)))
        standard = flip(classifier, mine, plain(rows), weights).aupc(legacy=legacy)
        for column, subspaces in enumerate((*classes, *random)):
            split = flip(classifier, mine, maps_of(rows, subspaces), weights).aupc(legacy=legacy)
            gains[rows, column] = standard - split
    return InterClass(classes, of_clip, gains[:, : len(classes)], gains[:, len(classes) :])
