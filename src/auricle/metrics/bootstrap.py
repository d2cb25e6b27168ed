"""How sure a mean, or a median, over clips is.

Conventions: ``values [n]`` has one number per clip; clips, not pairs or windows, are drawn with replacement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError


@dataclass(frozen=True)
class Interval:
    """A mean over ``clips`` clips with its interval; ``low`` and ``high`` are None for a single clip."""

    mean: float
    low: float | None
    high: float | None
    clips: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Estimate:
    """A figure over ``clips`` clips that is no mean, with its interval; ``low`` and ``high`` are None where few draws
    have it, as of a single clip."""

    value: float
    low: float | None
    high: float | None
    clips: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def bootstrap(
    values: ArrayLike, *, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """The mean with its percentile bootstrap interval (Efron 1979).

    >>> bootstrap([2.0, 2.0, 2.0])
    Interval(mean=2.0, low=2.0, high=2.0, clips=3)
    """
    sample = _sample(values)
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, None, None, 1)
    low, high = _ends(sample, np.mean, draws, confidence, seed)
    return Interval(mean, low, high, sample.size)


def median(values: ArrayLike, *, draws: int = 2000, confidence: float = 0.95, seed: int = 0) -> Estimate:
    """The median with its percentile bootstrap interval; of values without bound, as logits, it is not ruled by a few.

    >>> median([1.0, 2.0, 2.0, 2.0, 90.0])
    Estimate(value=2.0, low=1.0, high=90.0, clips=5)
    """
    sample = _sample(values)
    middle = float(np.median(sample))
    if sample.size == 1:
        return Estimate(middle, None, None, 1)
    low, high = _ends(sample, np.median, draws, confidence, seed)
    return Estimate(middle, low, high, sample.size)


def paired(
    values: ArrayLike, control: ArrayLike, *, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """The mean difference, clip by clip, to a control; an interval without 0 is a difference.

    >>> paired([3.0, 4.0], [1.0, 2.0]).mean
    2.0
    """
    first, second = np.asarray(values, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if first.shape != second.shape:
        raise AuricleError(
            f"{first.size} values cannot be paired with {second.size} of the control; measure the same clips"
        )
    return bootstrap(first - second, draws=draws, confidence=confidence, seed=seed)


def _sample(values: ArrayLike) -> np.ndarray:
    sample = np.asarray(values, dtype=np.float64).ravel()
    if sample.size == 0:
        raise AuricleError("no clips were measured, so there is nothing to average")
    return sample


def _ends(
    sample: np.ndarray, statistic: Callable[[np.ndarray], Any], draws: int, confidence: float, seed: int
) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    drawn = [float(statistic(sample[generator.integers(sample.size, size=sample.size)])) for _ in range(draws)]
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return float(low), float(high)
