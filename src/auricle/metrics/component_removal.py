"""Are the components that an interpreter calls relevant those that the classifier needs? Each is taken out alone.

Conventions: ``drops [..., K]`` is what the class loses (`faithfulness`, of logits or probabilities) when component k
alone is removed, ``relevance [..., K]`` what the interpreter says of it, at most 1; a row is one clip's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval, bootstrap


@dataclass(frozen=True, eq=False)
class ComponentRemoval:
    """Mean drop of the relevant components, of the others, and their difference, ``[...]`` each; NaN where a clip has
    no component of that kind. used: how many are relevant ``[...]``."""

    relevant: np.ndarray
    others: np.ndarray
    difference: np.ndarray
    used: np.ndarray

    def paired(self, *, draws: int = 2000, confidence: float = 0.95, seed: int = 0) -> Interval:
        """The mean difference over the clips that have both kinds; above 0, relevant components matter more."""
        known = self.difference[np.isfinite(self.difference)]
        if known.size == 0:
            raise AuricleError(
                "no clip has both relevant components and others, so nothing can be compared; choose another threshold"
            )
        return bootstrap(known, draws=draws, confidence=confidence, seed=seed)


def component_removal(drops: ArrayLike, relevance: ArrayLike, *, threshold: float = 0.2) -> ComponentRemoval:
    """Component-wise removal (Parekh et al. 2022): components of relevance above ``threshold`` against all others.

    >>> found = component_removal([0.6, 0.1, 0.4, 0.0], [1.0, 0.1, 0.5, -0.3])
    >>> found.relevant.item(), found.others.item(), found.difference.item(), found.used.item()
    (0.5, 0.05, 0.45, 2)
    """
    lost, said = np.asarray(drops, dtype=np.float64), np.asarray(relevance, dtype=np.float64)
    if lost.shape != said.shape or lost.ndim == 0:
        raise AuricleError(
            f"drops of shape {lost.shape} do not fit relevance of shape {said.shape}; give one of each per component"
        )
    chosen = said > threshold
    relevant, others = _mean_where(lost, chosen), _mean_where(lost, ~chosen)
    return ComponentRemoval(relevant, others, relevant - others, chosen.sum(-1))


def _mean_where(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    count = chosen.sum(-1)
    total = np.where(chosen, values, 0.0).sum(-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
