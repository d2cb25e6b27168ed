"""Scores that follow from who was taken for whom.

Conventions: ``counts[..., C, C]`` has a row for each actual and a column for each predicted class; the leading
dimensions are draws of a bootstrap. Classes that no clip has are left out of means over classes; a class that is never
predicted has the precision 0.
"""

from __future__ import annotations

import numpy as np


def confusion(actual: np.ndarray, predicted: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Counts ``[C, C]`` of class numbers ``[N]``; with ``weights [D, N]`` of every draw, ``[D, C, C]``.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    place = actual * classes + predicted
    if weights is None:
        return np.bincount(place, minlength=classes**2).astype(float).reshape(classes, classes)
    counted = [np.bincount(place, each, minlength=classes**2) for each in weights]
    return np.stack(counted).reshape(-1, classes, classes)


def of_classes(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall and F1 of every class, ``[..., C]``; the recall of an absent class is NaN."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    actual, predicted = counts.sum(-1), counts.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hits / actual
        precision = np.where(predicted > 0, hits / predicted, 0.0)
        f1 = np.where(actual + predicted > 0, 2 * hits / (actual + predicted), np.nan)
    return {"precision": precision, "recall": recall, "f1": f1}


def scores_of_confusion(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy, balanced accuracy, weighted precision, recall and F1, macro F1, Cohen's κ; each ``[...]``.

    >>> found = scores_of_confusion(np.array([[8.0, 2.0], [0.0, 0.0]]))
    >>> float(found["accuracy"]), float(found["balanced_accuracy"]), float(found["kappa"])
    (0.8, 0.8, 0.0)
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    actual, predicted = counts.sum(-1), counts.sum(-2)
    total = actual.sum(-1)
    each = of_classes(counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = hits.sum(-1) / total
        share = actual / total[..., None]
        by_chance = (actual * predicted).sum(-1) / total**2
        kappa = np.where(by_chance < 1, (accuracy - by_chance) / (1 - by_chance), np.nan)
    return {
        "accuracy": accuracy,
        "balanced_accuracy": mean_of_known(each["recall"]),
        "precision": (share * each["precision"]).sum(-1),
        "recall": np.nansum(share * each["recall"], axis=-1),
        "f1": np.nansum(share * each["f1"], axis=-1),
        "macro_f1": mean_of_known(each["f1"]),
        "kappa": kappa,
    }


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The mean over the last axis of what is not NaN; NaN where nothing is left.

    >>> mean_of_known(np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
    [1.0, nan]
    """
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(-1) / known.sum(-1)


def percent_of_actual(counts: np.ndarray) -> np.ndarray:
    """Each row as per cent of the clips of its actual class; NaN for a class without clips."""
    with np.errstate(invalid="ignore"):
        return 100 * counts / counts.sum(-1, keepdims=True)
