"""How far the concept maps of an explanation are apart: separability, peakness, distance.

After DRSA-audio. All grow with the relevance that is shared out; divided by the Σ |R| of the plain explanation
R = Σ_k R_k, clips of strong and of weak relevance count the same. None of them hears the model: maps that are apart
need not be right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from auricle.errors import AuricleError


@dataclass(frozen=True)
class Estimate:
    """A mean over ``clips`` clips with its standard error, sd / √n (None for a single clip)."""

    mean: float
    standard_error: float | None
    clips: int


@dataclass(frozen=True, eq=False)
class Disentangled:
    """Per clip ``[B]``, NaN for a clip without relevance where they were normalised; all are better when higher.

    separability: Σ_i max_k R_ik - max_k Σ_i R_ik over cells i, what is lost by listening to one concept alone; 0 for a
    map that one concept has for itself. peakness: Σ_k max_i R_ik. frobenius: the mean of ‖R_k - R_l‖_F over pairs.
    """

    separability: np.ndarray
    peakness: np.ndarray
    frobenius: np.ndarray

    def means(self) -> dict[str, Estimate]:
        """The mean of each with its standard error."""
        return {name: _estimate(values) for name, values in vars(self).items()}


def disentangled(maps: Tensor, *, normalised: bool = False) -> Disentangled:
    """Of concept maps ``[B, K, F, T]``; ``normalised`` divides by the Σ |R| of each clip's plain explanation.

    >>> import torch
    >>> apart = torch.tensor([[[[1.0, 0.0]], [[0.0, 2.0]]]])
    >>> disentangled(apart).separability, disentangled(apart).peakness
    (array([1.]), array([3.]))
    """
    if maps.ndim < 3 or maps.shape[1] < 2:
        raise AuricleError(
            f"maps of shape {tuple(maps.shape)} hold no two concepts to tell apart; give [clips, concepts, ...]"
        )
    cells = maps.detach().double().flatten(2)
    separability = cells.amax(1).sum(1) - cells.sum(2).amax(1)
    peakness = cells.amax(2).sum(1)
    pairs = [(k, other) for k in range(cells.shape[1]) for other in range(k)]
    distance = sum((cells[:, k] - cells[:, other]).norm(dim=1) for k, other in pairs) / len(pairs)
    amount = cells.sum(1).abs().sum(1) if normalised else cells.new_ones(len(cells))
    amount = amount.where(amount > 0, float("nan"))
    return Disentangled(*((each / amount).cpu().numpy() for each in (separability, peakness, distance)))


def _estimate(values: np.ndarray) -> Estimate:
    known = values[np.isfinite(values)]
    if known.size == 0:
        raise AuricleError("no clip has any relevance, so there is nothing to average")
    error = None if known.size == 1 else float(known.std(ddof=1) / np.sqrt(known.size))
    return Estimate(float(known.mean()), error, int(known.size))
