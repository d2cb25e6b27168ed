"""How concentrated an explanation is, whatever it points at.

Conventions: ``a`` is a mask or relevance of any shape; one number comes back. An explanation without any non-zero cell
points nowhere, and counts as one that points everywhere alike. ``legacy`` gives what SpeechBrain computes: NaN for it,
so that a mean over what is left leaves it out, which flatters a method whose masks are often empty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

LEGACY_OFFSET = 1e-7


def sparseness(a: ArrayLike, *, legacy: bool = False) -> float:
    """SPS: the Gini index ``Σ_i (2i - n - 1) a_(i) / (n Σ a)`` of ``|a|``, ascending; 0 (even) to 1 - 1/n (one cell).

    Higher is better (Chalasani et al. 2020, as in Quantus). ``legacy`` divides by the largest and adds 1e-7 to every
    cell, as published: one cell of 425 × 513 then has 0.979 instead of 1.

    >>> sparseness([0.0, 0.0, 0.0, 2.0])
    0.75
    """
    ordered = np.sort(np.abs(np.asarray(a, dtype=np.float64)), axis=None)
    n, total = ordered.size, ordered.sum()
    if total == 0.0:
        return np.nan if legacy else 0.0
    if legacy:
        ordered = ordered / ordered[-1] + LEGACY_OFFSET
        total = ordered.sum()
    return float(((2.0 * np.arange(1, n + 1) - n - 1.0) * ordered).sum() / (n * total))


def complexity(a: ArrayLike, *, legacy: bool = False) -> float:
    """COMP: the Shannon entropy in nats of ``|a| / Σ |a|``; 0 (one cell) to ``ln n`` (even).

    Lower is better (Bhatt et al. 2020, as in Quantus).

    >>> round(complexity([1.0, 1.0, 0.0, 0.0]), 4)
    0.6931
    """
    values = np.abs(np.asarray(a, dtype=np.float64)).ravel()
    total = values.sum()
    if total == 0.0:
        return np.nan if legacy else float(np.log(values.size))
    share = values[values > 0.0] / total
    return float(-(share * np.log(share)).sum()) + 0.0


def mean_mask(mask: ArrayLike) -> float:
    """MM: the mean of a mask, the share of the plane of hertz and seconds that it keeps.

    >>> mean_mask([[0.0, 1.0], [0.5, 0.5]])
    0.5
    """
    return float(np.mean(np.asarray(mask, dtype=np.float64)))
