"""What is scored: name, formula, source, direction; and what a table of predictions scores.

A binary or multi-class task has `SINGLE`; a task with several labels a clip has `MULTI`. Each is computed for the
sample itself and for every draw of a bootstrap by the same functions, ``weights [D, N]`` being how often a draw has
each clip.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from auricle.evaluation.calibration import brier, calibration_error, equal_count, equal_width, log_loss
from auricle.evaluation.confusion import confusion, mean_of_known, scores_of_confusion
from auricle.evaluation.ranking import Ranking

GUO = "Guo et al. 2017, On calibration of modern neural networks"


@dataclass(frozen=True)
class About:
    """A score: its name for a person, its formula, where it is from, and whether more of it is better."""

    title: str
    formula: str
    source: str
    higher_is_better: bool | None = True


SINGLE: dict[str, About] = {
    "accuracy": About("accuracy", "share of clips whose most probable class is the actual one", "usage"),
    "balanced_accuracy": About(
        "balanced accuracy", "mean over the classes that occur of their recall", "Brodersen et al. 2010"
    ),
    "precision": About(
        "precision, weighted", "Σ_c n_c/n · TP_c/(TP_c + FP_c); 0 for a class that is never predicted", "usage"
    ),
    "recall": About("recall, weighted", "Σ_c n_c/n · TP_c/(TP_c + FN_c), which equals accuracy", "usage"),
    "f1": About("F1, weighted", "Σ_c n_c/n · 2 TP_c/(2 TP_c + FP_c + FN_c)", "van Rijsbergen 1979"),
    "macro_f1": About("F1, macro", "mean of the F1 of all classes that occur or are predicted", "van Rijsbergen 1979"),
    "kappa": About(
        "Cohen's κ", "(p_o − p_e)/(1 − p_e): agreement beyond that of the same shares at random", "Cohen 1960"
    ),
    "roc_auc": About(
        "ROC-AUC",
        "chance that a clip of a class gets a higher probability of it than another clip; the mean over the classes",
        "Hanley, McNeil 1982; one versus rest: Provost, Domingos 2001",
    ),
    "ece": About(
        "calibration error (ECE)", "Σ_b n_b/n · |accuracy_b − confidence_b|, 15 bins of equal width", GUO, False
    ),
    "adaptive_ece": About(
        "calibration error, adaptive", "the same with 15 bins of equally many clips", "Nixon et al. 2019", False
    ),
    "log_loss": About("log loss", "mean of −ln p(actual class)", "Good 1952", False),
    "brier": About("Brier score", "mean of Σ_c (p_c − y_c)², 0 to 2", "Brier 1950", False),
}

MULTI: dict[str, About] = {
    "exact_match": About("exact match", "share of clips whose labels are all right and complete", "usage"),
    "micro_auprc": About(
        "AUPRC, micro",
        "area under the precision–recall curve of all labels of all clips together",
        "Davis, Goadrich 2006",
    ),
    "macro_auprc": About("AUPRC, macro", "mean of the areas of the classes that occur", "Davis, Goadrich 2006"),
    "roc_auc": About("ROC-AUC, macro", "mean over the classes of the area under the ROC curve", "Hanley, McNeil 1982"),
    "max_f1": About(
        "highest F1, micro",
        "highest 2 TP/(2 TP + FP + FN) over all thresholds; chosen on these clips, so optimistic",
        "Lipton et al. 2014",
    ),
    "max_f1_threshold": About(
        "its threshold", "probability at which the highest F1 is reached", "Lipton et al. 2014", None
    ),
    "micro_f1": About("F1, micro", "2 TP/(2 TP + FP + FN) of the labels as predicted", "van Rijsbergen 1979"),
    "macro_f1": About("F1, macro", "mean of the F1 of the classes that occur or are predicted", "van Rijsbergen 1979"),
    "ece": About(
        "calibration error (ECE)", "Σ_b n_b/n · |share with the label − mean p|, 15 bins of equal width", GUO, False
    ),
    "adaptive_ece": About(
        "calibration error, adaptive", "the same with 15 bins of equally many cases", "Nixon et al. 2019", False
    ),
    "log_loss": About("log loss", "mean over clips and classes of the binary cross-entropy", "Good 1952", False),
    "brier": About("Brier score", "mean over clips and classes of (p − y)², 0 to 1", "Brier 1950", False),
}

Scorer = Callable[[np.ndarray], dict[str, np.ndarray]]


def single(actual: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray) -> Scorer:
    """The scores of `SINGLE` for ``weights [D, N]``, from class numbers ``[N]`` and probabilities ``[N, C]``."""
    classes = probabilities.shape[1]
    confidence = probabilities[np.arange(len(predicted)), predicted]
    right = (actual == predicted).astype(float)
    bins, adaptive = equal_width(confidence), equal_count(confidence)
    losses, briers = log_loss(probabilities, actual), brier(probabilities, actual)
    ranked = [1] if classes == 2 else range(classes)

    def scores(weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(1)
        areas = [Ranking.of(probabilities[:, each], actual == each, weights).roc_auc() for each in ranked]
        return {
            **scores_of_confusion(confusion(actual, predicted, classes, weights)),
            "roc_auc": mean_of_known(np.stack(areas, axis=-1)),
            "ece": calibration_error(confidence, right, bins, weights),
            "adaptive_ece": calibration_error(confidence, right, adaptive, weights),
            "log_loss": weights @ losses / total,
            "brier": weights @ briers / total,
        }

    return scores


def multi(actual: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray) -> Scorer:
    """The scores of `MULTI` for ``weights [D, N]``; all arguments are ``[N, C]``, the first two of 0 and 1."""
    classes = probabilities.shape[1]
    exact = (actual == predicted).all(1).astype(float)
    cases, truth = probabilities.ravel(), actual.ravel().astype(float)
    bins, adaptive = equal_width(cases), equal_count(cases)
    losses, briers = log_loss(probabilities, actual), brier(probabilities, actual)

    def scores(weights: np.ndarray) -> dict[str, np.ndarray]:
        total, each_case = weights.sum(1), np.repeat(weights, classes, axis=1)
        hits, said, there = (weights @ each for each in (actual * predicted, predicted, actual))
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = np.where(said + there > 0, 2 * hits / (said + there), np.nan)
            micro_f1 = 2 * hits.sum(1) / (said + there).sum(1)
        rankings = [Ranking.of(probabilities[:, each], actual[:, each] == 1, weights) for each in range(classes)]
        pooled = Ranking.of(cases, truth == 1, each_case)
        best, threshold = pooled.best_f1()
        return {
            "exact_match": weights @ exact / total,
            "micro_auprc": pooled.average_precision(),
            "macro_auprc": mean_of_known(np.stack([each.average_precision() for each in rankings], axis=-1)),
            "roc_auc": mean_of_known(np.stack([each.roc_auc() for each in rankings], axis=-1)),
            "max_f1": best,
            "max_f1_threshold": threshold,
            "micro_f1": micro_f1,
            "macro_f1": mean_of_known(f1),
            "ece": calibration_error(cases, truth, bins, each_case),
            "adaptive_ece": calibration_error(cases, truth, adaptive, each_case),
            "log_loss": weights @ losses / total,
            "brier": weights @ briers / total,
        }

    return scores


def without_listening(actual: np.ndarray, classes: int) -> dict[str, float]:
    """What the scores would be of a model that hears nothing but knows how frequent the classes of these clips are.

    It always predicts the most frequent class (with several labels: gives every clip the classes' shares).
    """
    if actual.ndim == 1:
        shares = np.bincount(actual, minlength=classes) / len(actual)
        constant = np.full(len(actual), shares.argmax())
        found = single(actual, constant, np.tile(shares, (len(actual), 1)))(np.ones((1, len(actual))))
        # Its calibration is perfect by construction, which would only mislead.
        return {name: float(values[0]) for name, values in found.items() if not name.endswith("ece")}
    shares = actual.mean(0)
    _, common = np.unique(actual, axis=0, return_counts=True)
    pooled = float(shares.mean())
    return {
        "exact_match": float(common.max() / len(actual)),
        "micro_auprc": pooled,
        "macro_auprc": float(shares[shares > 0].mean()) if shares.any() else float("nan"),
        "roc_auc": 0.5,
        "max_f1": 2 * pooled / (1 + pooled),
        "log_loss": float(log_loss(np.tile(shares, (len(actual), 1)), actual).mean()),
        "brier": float((shares * (1 - shares)).mean()),
    }
