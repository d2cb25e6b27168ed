"""How concentrated an explanation is, whatever it points at.

Conventions: ``a`` is a mask or relevance of any shape; one number comes back. An explanation without any non-zero cell
points nowhere, and counts as one that points everywhere alike (it is not left out, which would flatter its method).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def sparseness(a: ArrayLike) -> float:
    """SPS: the Gini index ``Σ_i (2i - n - 1) a_(i) / (n Σ a)`` of ``|a|``, ascending; 0 (even) to 1 - 1/n (one cell).

    Higher is better (Chalasani et al. 2020, as in Quantus).

    >>> sparseness([0.0, 0.0, 0.0, 2.0])
    0.75
    """
    ordered = np.sort(np.abs(np.asarray(a, dtype=np.float64)), axis=None)
    n, total = ordered.size, ordered.sum()
    if total == 0.0:
        return 0.0
    return float(((2.0 * np.arange(1, n + 1) - n - 1.0) * ordered).sum() / (n * total))


def complexity(a: ArrayLike) -> float:
    """COMP: the Shannon entropy in nats of ``|a| / Σ |a|``; 0 (one cell) to ``ln n`` (even).

    Lower is better (Bhatt et al. 2020, as in Quantus).

    >>> round(complexity([1.0, 1.0, 0.0, 0.0]), 4)
    0.6931
    """
    values = np.abs(np.asarray(a, dtype=np.float64)).ravel()
    total = values.sum()
    if total == 0.0:
        return float(np.log(values.size))
    share = values[values > 0.0] / total
    return float(-(share * np.log(share)).sum()) + 0.0


def mean_mask(mask: ArrayLike) -> float:
    """MM: the mean of a mask, the share of the plane of hertz and seconds that it keeps.

    >>> mean_mask([[0.0, 1.0], [0.5, 0.5]])
    0.5
    """
    return float(np.mean(np.asarray(mask, dtype=np.float64)))
