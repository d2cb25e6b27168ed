"""Is one number larger than another on the same clips? Paired tests, how large the effect is, and many tests at once.

A clip counts once: a value that was measured several times on a clip, as its random controls are, is averaged first.
(AudibleXAI pairs every control with its clip's one value, as if each were another clip.)
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError


@dataclass(frozen=True)
class Comparison:
    """Paired differences ``first - second`` over ``clips`` clips; None where there are too few to say.

    t, p_t: the paired t-test. p_wilcoxon: the signed-rank test (zeros dropped). d_z: the mean difference in its own
    standard deviations (Cohen 1988). rank_biserial: (W+ - W-) / (W+ + W-), -1 to 1 (Kerby 2014). Tests are two-sided.
    """

    clips: int
    difference: float | None
    t: float | None
    p_t: float | None
    p_wilcoxon: float | None
    d_z: float | None
    rank_biserial: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(first: ArrayLike, second: ArrayLike) -> Comparison:
    """Paired tests of ``first [N]`` against ``second [N]``; pairs with a NaN are left out.

    >>> found = compare([0.9, 0.8, 0.7, 0.9, 0.8, 0.6], [0.1, 0.2, 0.1, 0.3, 0.2, 0.1])
    >>> found.p_wilcoxon, found.rank_biserial
    (0.03125, 1.0)
    """
    from scipy import stats

    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape or one.ndim != 1:
        raise AuricleError(
            f"values of shape {one.shape} cannot be paired with {other.shape}; give one value a clip of the same clips"
        )
    differences = (one - other)[np.isfinite(one) & np.isfinite(other)]
    n = len(differences)
    if n == 0:
        return Comparison(0, None, None, None, None, None, None)
    mean, ranked = float(differences.mean()), differences[differences != 0.0]
    if len(ranked) == 0:
        return Comparison(n, mean, None, 1.0, 1.0, 0.0, 0.0)
    ranks = stats.rankdata(np.abs(ranked))
    biserial = float(np.sum(ranks * np.sign(ranked)) / np.sum(ranks))
    if n == 1:
        return Comparison(1, mean, None, None, None, None, biserial)
    p_wilcoxon = float(stats.wilcoxon(ranked).pvalue)
    spread = float(differences.std(ddof=1))
    if spread <= 1e-12 * abs(mean):  # the same everywhere: t has no finite value
        return Comparison(n, mean, None, 0.0, p_wilcoxon, None, biserial)
    t = mean / (spread / np.sqrt(n))
    p_t = float(2.0 * stats.t.sf(abs(t), n - 1))
    return Comparison(n, mean, float(t), p_t, p_wilcoxon, mean / spread, biserial)


@dataclass(frozen=True)
class GroupComparison:
    """The mean within each of ``groups`` groups (speakers, patients), tested against 0; every group counts the same.

    difference: the mean of the group means, low and high its t interval; p: the two-sided t-test, groups - 1 degrees
    of freedom.
    """

    groups: int
    difference: float
    low: float
    high: float
    p: float


def compare_groups(differences: ArrayLike, groups: Sequence[Hashable], *, confidence: float = 0.95) -> GroupComparison:
    """Is the mean of ``differences [N]`` over ``groups [N]`` other than 0, however alike clips of a group are?

    The paired t-test of the two means of each group, which is Student's test of the group means of the differences.
    At least two groups, and no NaN.

    >>> found = compare_groups([0.0, 0.2, 0.2, 0.3], ["x", "x", "y", "z"])
    >>> found.groups, round(found.difference, 3), round(found.p, 3)
    (3, 0.2, 0.074)
    """
    from scipy import stats

    place = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    values, of_row = np.asarray(differences, dtype=np.float64), np.array([place[each] for each in groups], np.int64)
    if values.shape != of_row.shape or len(place) < 2 or not np.isfinite(values).all():
        raise AuricleError(
            f"values of shape {values.shape} in {len(place)} group{'' if len(place) == 1 else 's'} cannot be tested by "
            "groups; give a finite value and the group of each clip, of at least 2 groups"
        )
    means = np.bincount(of_row, values) / np.bincount(of_row)
    n, mean = len(means), float(means.mean())
    spread = float(means.std(ddof=1))
    if spread <= 1e-12 * abs(mean):  # the same in every group: t has no finite value
        return GroupComparison(n, mean, mean, mean, 1.0 if mean == 0.0 else 0.0)
    error = spread / np.sqrt(n)
    reach = float(stats.t.ppf(0.5 + confidence / 2.0, n - 1)) * error
    p = float(2.0 * stats.t.sf(abs(mean) / error, n - 1))
    return GroupComparison(n, mean, mean - reach, mean + reach, p)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for being several (Holm 1979): (m - rank) · p, never falling, at most 1; None stays.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min((len(known) - rank) * p, 1.0))
        corrected[place] = highest
    return corrected
