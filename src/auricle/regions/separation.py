"""How well regions tell classes apart: AudibleXAI's ratio of distances between and within classes.

For clip i, M_i(f, t) is the number of its regions that cover a cell (overlaps add). With R_k the mean of class k's M_i,
G the *unweighted* mean of the R_k, d the mean squared difference over all cells, K classes and N clips:

    inter = Σ_k n_k d(R_k, G) / (K − 1)      intra = Σ_k Σ_{i∈k} d(R_k, M_i) / (N − K)      ch = inter / intra

Calinski & Harabasz (1974) take G as the mean over clips instead, so the two agree where classes are equally large, and
here inter is larger by N·d(G, Ḡ)/(K − 1) where they are not. ``ch_frequency`` is the same of the counts summed over
time (``[F]``). Source: AudibleXAI ("Sonifying Explanations for DNN Predictions on Audio Data").
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from auricle.errors import AuricleError

ROUNDING = 1e-12
"""Distances within classes below this share of the squared counts are rounding, which is to say 0."""


@dataclass(frozen=True)
class Separation:
    """The ratio for cells and for frequency profiles, and the two distances; None for what is undefined, and why."""

    ch: float | None
    ch_frequency: float | None
    inter: float | None
    intra: float | None
    reason: str | None = None


def ch_index(masks: Iterable[np.ndarray], classes: Iterable[Hashable]) -> Separation:
    """The separation of ``masks`` (each ``[F, T]``, counts) by ``classes``, one for each.

    Infinite where classes differ and no clip differs from its class; None with a reason where the ratio is undefined.

    >>> low, high = np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]])
    >>> ch_index([low, low, high, low + high], ["a", "a", "b", "b"])
    Separation(ch=5.0, ch_frequency=5.0, inter=0.625, intra=0.125, reason=None)
    """
    sums = SeparationSums()
    for mask, label in zip(masks, classes, strict=True):
        sums.add(mask, label)
    return sums.separation()


class SeparationSums:
    """The same clip by clip: only sums are held, ``[F, T]`` for each class, however many clips there are.

    Maps may differ in length: nothing is relevant after the end of a clip, so shorter ones are followed by zeros.
    """

    def __init__(self) -> None:
        self.clips: dict[Hashable, int] = {}
        self._sums: dict[Hashable, np.ndarray] = {}
        self._squares = 0.0
        self._squares_frequency = 0.0

    def add(self, mask: np.ndarray, label: Hashable) -> None:
        """One clip: how many of its regions cover each cell, ``[F, T]``, and its class."""
        counts = np.asarray(mask, np.float64)
        before = self._sums.get(label)
        other = next(iter(self._sums.values()), counts)
        if counts.ndim != 2 or len(counts) != len(other):
            raise AuricleError(
                f"a mask of shape {counts.shape} cannot be compared with others of {len(other)} rows; "
                "give maps [F, T] with the same frequencies"
            )
        profile = counts.sum(axis=1)
        self._squares += float(np.vdot(counts, counts))
        self._squares_frequency += float(profile @ profile)
        self.clips[label] = self.clips.get(label, 0) + 1
        if before is None:
            self._sums[label] = counts.copy()
        elif before.shape == counts.shape:
            before += counts
        else:
            self._sums[label] = _longer(before, max(before.shape[1], counts.shape[1]))
            self._sums[label][:, : counts.shape[1]] += counts

    def separation(self) -> Separation:
        """The ratio of what has been added so far."""
        clips, classes = sum(self.clips.values()), len(self._sums)
        if classes < 2:
            return Separation(None, None, None, None, f"{classes} class has no other to be told from")
        if clips == classes:
            return Separation(None, None, None, None, "each class has one clip, so nothing varies within classes")
        longest = max(each.shape[1] for each in self._sums.values())
        sums = np.stack([_longer(each, longest) for each in self._sums.values()])
        sizes = np.array(list(self.clips.values()), np.float64)
        inter, intra = _distances(sums.reshape(classes, -1), sizes, self._squares)
        across = _distances(sums.sum(axis=2), sizes, self._squares_frequency)
        reason = None if inter > 0 or intra > 0 else "all clips have the same regions, or none"
        return Separation(_ratio(inter, intra), _ratio(*across), inter, intra, reason)


def _distances(sums: np.ndarray, sizes: np.ndarray, squares: float) -> tuple[float, float]:
    """Between and within classes, from class sums ``[K, cells]``, class sizes ``[K]`` and the sum of all squares."""
    classes, cells = sums.shape
    means = sums / sizes[:, None]
    between = (sizes * ((means - means.mean(axis=0)) ** 2).sum(axis=1)).sum() / (classes - 1)
    within = squares - float((sizes * (means**2).sum(axis=1)).sum())
    within = within / (sizes.sum() - classes) if within > ROUNDING * squares else 0.0
    return float(between) / cells, float(within) / cells


def _ratio(inter: float, intra: float) -> float | None:
    if intra > 0:
        return inter / intra
    return math.inf if inter > 0 else None


def _longer(counts: np.ndarray, columns: int) -> np.ndarray:
    return np.pad(counts, ((0, 0), (0, columns - counts.shape[1])))
