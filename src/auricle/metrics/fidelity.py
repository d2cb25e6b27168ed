"""Does an interpreter say what the classifier says? Fidelity: its classes against the classifier's, not the truth.

Conventions: ``scores [N, C]`` are the interpreter's, ``outputs [N, C]`` the classifier's, of N clips and C classes; of
independent labels (multi-label) both are probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Estimate

TOP_K = (1, 3, 5)
"""The k of the published tables."""
LEGACY_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def top_k_fidelity(scores: ArrayLike, outputs: ArrayLike, *, k: int = 1) -> np.ndarray:
    """1 where the classifier's class is among the interpreter's k highest, ``[N]``; the share of clips is the metric.

    Higher is better (Parekh et al. 2022); k / C by chance. Ties are no merit: a class that shares its score with
    others is ranked below them, so that an interpreter that says the same of all classes has 0.

    >>> top_k_fidelity([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], [[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]], k=2).tolist()
    [1.0, 0.0]
    """
    said, heard = _alike(scores, outputs)
    if not 1 <= k <= said.shape[1]:
        raise AuricleError(f"the {k} highest of {said.shape[1]} classes cannot be taken; give k from 1 to that")
    own = np.take_along_axis(said, heard.argmax(1)[:, None], 1)
    return ((said >= own).sum(1) <= k).astype(np.float64)


@dataclass(frozen=True, eq=False)
class MultiLabelFidelity:
    """How well an interpreter's probabilities find the classifier's decisions, all 0 to 1, higher is better.

    macro_auprc: mean over classes of the area under precision and recall. micro_auprc: of all clips and classes in one
    pool. max_f1: the highest F1 of that pool over all thresholds. class_auprc ``[C]``: NaN for a class that the
    classifier finds in no clip; these are ``left_out`` of the macro mean, by number. chance: of the macro mean, for
    scores that know nothing: the mean share of clips that have a class.
    """

    macro_auprc: Estimate
    micro_auprc: Estimate
    max_f1: Estimate
    class_auprc: np.ndarray
    left_out: tuple[int, ...]
    chance: float


def multi_label_fidelity(
    scores: ArrayLike,
    outputs: ArrayLike,
    *,
    thresholds: ArrayLike = 0.5,
    legacy: bool = False,
    draws: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> MultiLabelFidelity:
    """Average precision and F1 of the interpreter against the classifier's decisions, outputs ≥ ``thresholds``.

    thresholds: one, or of each class ``[C]``. Areas are average precision, Σ (R_t − R_{t−1}) P_t over all thresholds
    without interpolation. Intervals are percentile bootstraps over clips. ``legacy`` gives what Parekh et al. 2022
    measure: 11 thresholds from 0.05 to 0.95, trapezoids between (R = 0, P = 1) and (R = 1, P = 0), which nothing
    measured; and NaN as the macro mean where a class is found in no clip.

    >>> found = multi_label_fidelity([[0.9, 0.2], [0.8, 0.7], [0.1, 0.6]], [[0.9, 0.1], [0.7, 0.2], [0.2, 0.4]])
    >>> found.macro_auprc.value, found.left_out
    (1.0, (1,))
    """
    from auricle.evaluation.resampling import Units, bootstrap

    said, heard = _alike(scores, outputs)
    for whose, values in (("interpreter's scores", said), ("classifier's outputs", heard)):
        if values.min() < 0.0 or values.max() > 1.0:
            raise AuricleError(
                f"the {whose} go from {values.min():.3g} to {values.max():.3g} and are no probabilities; take their "
                "sigmoids"
            )
    clips, classes = said.shape
    decided = heard >= np.asarray(thresholds, dtype=np.float64)
    if not decided.any():
        raise AuricleError(
            "the classifier decides for no class in any clip, so nothing can be found; give lower thresholds"
        )
    curves = _legacy_figures if legacy else _figures

    def figures(weights: np.ndarray) -> Mapping[str, np.ndarray]:
        with np.errstate(invalid="ignore", divide="ignore"):  # a draw without any positive has no figures
            area, micro, f1 = curves(said, decided, weights)
        return {"macro": area.mean(0) if legacy else _known_mean(area), "micro": micro, "f1": f1}

    ones = np.ones((1, clips))
    area = curves(said, decided, ones)[0][:, 0]
    whole = figures(ones)
    units = Units(np.arange(clips), clips, "clip")
    ends = bootstrap(figures, units, draws=draws, classes=classes, confidence=confidence, seed=seed)

    def estimate(name: str) -> Estimate:
        low, high = ends.get(name) or (None, None)
        return Estimate(float(whole[name][0]), low, high, clips)

    some = decided.any(0)
    return MultiLabelFidelity(
        estimate("macro"), estimate("micro"), estimate("f1"), area,
        left_out=tuple(np.flatnonzero(~some).tolist()), chance=float(decided[:, some].mean()),
    )  # fmt: skip


def _figures(said: np.ndarray, decided: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average precision of each class ``[C, D]`` and of the pool ``[D]``, and the pool's best F1 ``[D]``."""
    from auricle.evaluation.ranking import Ranking

    area = [Ranking.of(one, has, weights).average_precision() for one, has in zip(said.T, decided.T, strict=True)]
    pool = Ranking.of(said.ravel(), decided.ravel(), np.repeat(weights, said.shape[1], axis=1))
    return np.stack(area), pool.average_precision(), pool.best_f1()[0]


def _legacy_figures(
    said: np.ndarray, decided: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    over = said[None] >= np.array(LEGACY_THRESHOLDS[::-1])[:, None, None]  # [T, N, C]
    hits = np.einsum("dn,tnc->ctd", weights, (over & decided).astype(float))
    named = np.einsum("dn,tnc->ctd", weights, over.astype(float))
    there = np.einsum("dn,nc->cd", weights, decided.astype(float))[:, None]
    pooled = hits.sum(0), named.sum(0), there.sum(0)
    f1 = 2.0 * pooled[0] / (pooled[1] + pooled[2])
    return _trapezoids(hits, named, there), _trapezoids(*pooled), f1.max(0)


def _trapezoids(hits: np.ndarray, named: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Area ``[..., D]`` under precision and recall ``[..., T, D]``, thresholds from high to low, with both end points.

    A threshold that nothing reaches lies on the first end point: recall 0 and precision 1.
    """
    recall = np.divide(hits, there, out=np.full_like(hits, np.nan), where=there > 0)
    precision = np.divide(hits, named, out=np.ones_like(hits), where=named > 0)
    edge = np.ones_like(recall[..., :1, :])
    recall = np.concatenate([0 * edge, recall, edge], axis=-2)
    precision = np.concatenate([edge, precision, 0 * edge], axis=-2)
    return (np.diff(recall, axis=-2) * (precision[..., 1:, :] + precision[..., :-1, :]) / 2.0).sum(-2)


def _known_mean(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is not NaN."""
    known = np.isfinite(values)
    count = known.sum(0)
    total = np.where(known, values, 0.0).sum(0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _alike(scores: ArrayLike, outputs: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    said, heard = np.asarray(scores, dtype=np.float64), np.asarray(outputs, dtype=np.float64)
    if said.shape != heard.shape or said.ndim != 2 or not said.size:
        raise AuricleError(
            f"scores of shape {said.shape} and outputs of shape {heard.shape} are not of the same clips and classes; "
            "give [clips, classes] of both"
        )
    if not (np.isfinite(said).all() and np.isfinite(heard).all()):
        raise AuricleError("scores or outputs have NaN or infinity, and cannot be compared; look at the interpreter")
    return said, heard
