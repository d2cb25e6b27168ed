"""A relevance map made into a mask of a stated area, so that gradient maps compare with learnt masks.

Raw relevance divided by its maximum is nearly silent as a mask, and its AI and Fid-In then say how peaked the map is,
not whether it is right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError


def equal_area(relevance: ArrayLike, area: float) -> np.ndarray:
    """The soft mask min(1, R⁺ / r) ``[F, T]`` whose mean is ``area``, with r found exactly; higher relevance is never
    kept less.

    Where fewer cells than that are positive, no r is small enough, and all of them are kept whole: the mean is then
    `reachable_area`, and the caller can tell. No positive cell at all gives a mask of zeros.

    >>> equal_area([[4.0, 2.0], [1.0, -3.0]], 0.5)
    array([[1.        , 0.66666667],
           [0.33333333, 0.        ]])
    """
    if not 0.0 < area <= 1.0:
        raise AuricleError(f"a mask of mean {area:g} cannot be made; give an area above 0, up to 1")
    positive = _positive(relevance)
    if area >= reachable_area(positive):
        return (positive > 0.0).astype(np.float64)
    ordered = np.sort(positive, axis=None)[::-1]
    ordered = ordered / ordered[0]
    wanted = area * ordered.size
    # With the m highest cells kept whole: m + (sum of the others) / r = wanted, which holds from the first m on whose
    # next cell is not above r.
    whole = np.arange(int(np.ceil(wanted)))
    rest = np.cumsum(ordered[::-1])[::-1][whole]  # from the smallest up, which rounding would lose
    scale = rest / (wanted - whole)
    first = int(np.argmax(ordered[whole] <= scale))
    return np.minimum(1.0, positive / positive.max() / scale[first])


def reachable_area(relevance: ArrayLike) -> float:
    """The share of cells with positive relevance, the largest mean that a mask made of it can have.

    >>> reachable_area([[4.0, 2.0], [1.0, -3.0]])
    0.75
    """
    return float((_positive(relevance) > 0.0).mean())


def _positive(relevance: ArrayLike) -> np.ndarray:
    values = np.asarray(relevance, dtype=np.float64)
    if not values.size or not np.isfinite(values).all():
        raise AuricleError("relevance is empty or has NaN or infinity; no mask can be made of it")
    return np.maximum(values, 0.0)
