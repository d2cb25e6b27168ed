"""Whether 80 % means that 80 % are right.

Conventions: ``confidence [N]`` is the probability of what was predicted and ``right [N]`` whether it was so; with
several labels a clip, every class of every clip is a case: its probability, and whether the clip has the class.
"""

from __future__ import annotations

import numpy as np

BINS = 15
"""As in Guo et al. 2017, "On calibration of modern neural networks"."""
SMALLEST = 1e-15
"""Probabilities are not taken to be lower when their logarithm is asked for."""


def equal_width(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Bin numbers ``[N]`` of intervals ((b − 1)/B, b/B].

    >>> equal_width(np.array([0.0, 0.2, 0.21, 1.0]), 5).tolist()
    [0, 0, 1, 4]
    """
    return np.clip(np.ceil(confidence * bins - 1e-9).astype(int) - 1, 0, bins - 1)


def equal_count(confidence: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Bin numbers ``[N]`` of as many cases each as can be; equal confidences share a bin (Nixon et al. 2019).

    >>> equal_count(np.array([0.9, 0.1, 0.5, 0.6]), 2).tolist()
    [1, 0, 0, 1]
    """
    edges = np.quantile(confidence, np.arange(1, bins) / bins, method="lower")
    return np.searchsorted(edges, confidence, side="left")


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error ``[D]``: Σ_b n_b/n · |share right in b − mean confidence in b|.

    ``bins [N]`` are bin numbers, ``weights [D, N]`` how often each draw has a case.
    """
    gap = right - confidence
    sums = np.zeros((len(weights), int(bins.max()) + 1))
    for number in np.unique(bins):
        mine = bins == number
        sums[:, number] = weights[:, mine] @ gap[mine]
    return np.abs(sums).sum(1) / weights.sum(1)


def log_loss(probabilities: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of every clip ``[N]`` in nats; with several labels a clip, the mean over the classes."""
    if actual.ndim == 1:
        return -np.log(np.maximum(probabilities[np.arange(len(actual)), actual], SMALLEST))
    said = np.where(actual == 1, probabilities, 1 - probabilities)
    return -np.log(np.maximum(said, SMALLEST)).mean(1)


def brier(probabilities: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Brier score of every clip ``[N]``: Σ_c (p_c − y_c)², 0 to 2; with several labels, the mean over the classes."""
    if actual.ndim == 1:
        return ((probabilities - np.eye(probabilities.shape[1])[actual]) ** 2).sum(1)
    return ((probabilities - actual) ** 2).mean(1)


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[dict[str, float | int | None]]:
    """One row a bin of equal width: its bounds, how many cases, their mean confidence and how many were right."""
    numbers, rows = equal_width(confidence), []
    for number in range(BINS):
        mine = numbers == number
        count = int(mine.sum())
        rows.append({
            "low": number / BINS,
            "high": (number + 1) / BINS,
            "cases": count,
            "confidence": float(confidence[mine].mean()) if count else None,
            "accuracy": float(right[mine].mean()) if count else None,
        })  # fmt: skip
    return rows
