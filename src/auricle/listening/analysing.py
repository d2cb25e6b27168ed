"""From ratings to figures: who counts, how each condition was rated, and whether a method beats the random control.

Conventions: ratings are ``[L, I]``, listeners × items, and everyone rated everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from auricle.errors import AuricleError
from auricle.listening.results import Key, Result

REFERENCE_AT_LEAST = 90.0
MISSED_AT_MOST = 0.15
"""BS.1534-3: who rates the hidden reference below 90 on more than 15 % of the items is left out."""
DRAWS = 5000


@dataclass(frozen=True)
class Figures:
    """How one condition was rated, with 95 % bootstrap intervals; of methods also against the random control.

    difference: mean of rating minus the random control's. p: of Wilcoxon's signed-rank test on the listeners' mean
    differences, two-sided. p_holm: the same, corrected for the number of methods (Holm 1979). Bounds are None where
    there is only one rating, the last five fields for what is not a method.
    """

    name: str
    kind: str
    mean: float
    median: float
    low: float | None
    high: float | None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p: float | None = None
    p_holm: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Analysis:
    """Figures of every condition, who was heard, and who was left out, with the reason."""

    key: Key
    figures: list[Figures]
    results: list[Result]
    excluded: dict[str, str]
    screened: bool
    seed: int

    def of(self, name: str) -> Figures:
        """The figures of one condition."""
        return next(each for each in self.figures if each.name == name)

    @property
    def smallest_p(self) -> float:
        """The smallest p that so many listeners can give, when all agree."""
        return min(1.0, 2.0 ** (1 - len(self.results)))

    @property
    def too_few(self) -> bool:
        """Whether no difference could reach p < 0.05, however clear it is."""
        return self.smallest_p * max(len(self.key.methods), 1) >= 0.05


def analyse(key: Key, results: Sequence[Result], *, keep_all: bool = False, seed: int = 0) -> Analysis:
    """Analyse the ratings of a test, of one or more listeners.

    Listeners are screened after BS.1534-3 unless ``keep_all``: whoever rates the hidden reference below 90 on more than
    15 % of the items is left out. Intervals draw listeners and items with replacement, each drawn listener with each
    drawn item (the pigeonhole bootstrap, Owen 2007), so that they speak of other listeners and other clips; ``seed``
    is that of the draws. Tests compare listeners' means, because one person's ratings are not independent.

    Raises `AuricleError` where no listener is left.
    """
    excluded = {} if keep_all else {each.listener: why for each in results if (why := _missed(each, key))}
    counted = [each for each in results if each.listener not in excluded]
    if not counted:
        if not results:
            raise AuricleError("no ratings can be analysed; give the files that listeners downloaded at the end")
        raise AuricleError(
            f"all {len(results)} listeners rated the hidden reference below {REFERENCE_AT_LEAST:g} too often; where it "
            "need not be the best, keep them with --keep-all"
        )
    ratings = {name: _table(counted, key, name) for name in key.conditions}
    draws = _draws(len(counted), len(key.clips), seed)
    control = ratings["random"]
    figures = []
    for name, kind in key.kinds.items():
        low, high = _interval(ratings[name], draws)
        more: dict[str, Any] = {}
        if kind == "method":
            apart = ratings[name] - control
            bounds = _interval(apart, draws)
            more = {"difference": float(apart.mean()), "difference_low": bounds[0], "difference_high": bounds[1]}
            more["p"] = signed_rank(apart.mean(axis=1))
        mean, median = float(ratings[name].mean()), float(np.median(ratings[name]))
        figures.append(Figures(name, kind, mean, median, low, high, **more))
    return Analysis(key, _corrected(figures), counted, excluded, not keep_all, seed)


def signed_rank(differences: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's signed-rank test of ``differences [L]``; 1 where all are 0.

    >>> signed_rank(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    0.03125
    """
    from scipy.stats import wilcoxon

    return float(wilcoxon(differences).pvalue) if np.any(differences) else 1.0


def holm(ps: Sequence[float]) -> list[float]:
    """p values corrected for their number (Holm 1979), in the order given.

    >>> holm([0.04, 0.01, 0.5])
    [0.08, 0.03, 0.5]
    """
    corrected, so_far = [0.0] * len(ps), 0.0
    for rank, place in enumerate(np.argsort(ps, kind="stable")):
        so_far = max(so_far, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = so_far
    return corrected


def _corrected(figures: Sequence[Figures]) -> list[Figures]:
    found = iter(holm([each.p for each in figures if each.p is not None]))
    return [each if each.p is None else replace(each, p_holm=next(found)) for each in figures]


def _missed(result: Result, key: Key) -> str:
    """Why post-screening leaves a listener out, or nothing."""
    low = sum(each["reference"].rating < REFERENCE_AT_LEAST for each in result.ratings.values())
    if low <= MISSED_AT_MOST * len(key.clips):
        return ""
    return f"rated the hidden reference below {REFERENCE_AT_LEAST:g} on {low} of {len(key.clips)} pages"


def _table(results: Sequence[Result], key: Key, name: str) -> np.ndarray:
    return np.array([[each.ratings[item][name].rating for item in key.clips] for each in results])


def _draws(listeners: int, items: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How often each listener ``[D, L]`` and each item ``[D, I]`` was drawn, as shares; the same for all conditions."""
    generator = np.random.default_rng(seed)
    who = generator.multinomial(listeners, np.full(listeners, 1 / listeners), size=DRAWS) / listeners
    what = generator.multinomial(items, np.full(items, 1 / items), size=DRAWS) / items
    return who, what


def _interval(ratings: np.ndarray, draws: tuple[np.ndarray, np.ndarray]) -> tuple[float | None, float | None]:
    if ratings.size == 1:
        return None, None
    means = np.einsum("dl,li,di->d", draws[0], ratings, draws[1], optimize=True)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
