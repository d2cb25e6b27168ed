"""Does a method that removes parts of the sound say the same when it is asked again, or with another baseline?

Repeats share the explanation's table, so coalitions that were heard already cost nothing; a method that leaves nothing
to chance (exact-shap, occlusion, all coalitions within the budget) costs nothing at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor

from auricle.errors import AuricleError
from auricle.methods.baselines import Baseline
from auricle.methods.coalitions.contributions import dependence
from auricle.methods.coalitions.game import Game
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.methods.coalitions.table import Table, tables
from auricle.metrics.parts import contributions_of

if TYPE_CHECKING:
    from auricle.explanation import Explanation
    from auricle.methods.coalitions.stability import Settling

TOP = 3
REPEATS = 5
BASELINES = "silence,noise,mean"
SIZES = 6
"""Sample sizes that are tried, each half of the next, the largest the method's own."""


@dataclass(frozen=True, eq=False)
class Repeats:
    """Weights ``[R, K]`` of R repeats, the explanation's own first; U_n and the mean rank correlations of their pairs.

    fixed: the method leaves nothing to chance, so that all repeats are the same.
    """

    weights: np.ndarray
    top: int
    union: int
    spearman: float
    kendall: float
    fixed: bool


@dataclass(frozen=True, eq=False)
class Baselines:
    """Weights ``[B, K]`` with B baselines; the largest change of a weight as a share of the largest weight.

    agreement: Spearman's rank correlation, mean over pairs. same_top: whether the top component is always the same.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    change: float
    agreement: float
    same_top: bool


def repeats(explanation: Explanation, *, count: int = REPEATS, top: int = TOP, free: bool = False) -> Repeats | None:
    """The same method, clip and table with ``count`` seeds in a row, the first the explanation's own.

    U_n, n = ``top``: how many different components are ever among the top n (Mishra et al. 2020): n is perfect. With
    ``free``, None is returned if anything would have to be heard for it, or a draw is one that the method refuses.
    """
    from auricle.methods.coalitions.stability import stability

    if count < 2:
        raise AuricleError(f"{count} repeats cannot be compared; give at least 2")
    found, method = contributions_of(explanation), _unseeded(explanation)
    own = found.weights[:, 0]
    drawn = [own]
    try:
        for repeat in range(1, count):
            drawn.append(_weigh(explanation, method, found.tables, explanation.seed + repeat, known=free))
            if repeat == 1 and torch.equal(drawn[1], own):
                drawn = [own] * count
                break
    except _Unheard:
        return None
    except AuricleError:
        if not free:
            raise
        return None
    weights = torch.stack(drawn).numpy()
    agreed = stability(weights, top=top)
    fixed = bool((weights == weights[0]).all())
    return Repeats(weights, min(top, weights.shape[1]), agreed.unions[-1], agreed.spearman, agreed.kendall, fixed)


def sample_size(explanation: Explanation, *, repeats: int = REPEATS, top: int = TOP) -> Settling | None:
    """How many samples a stable top needs: U_n of repeats at 1/32, 1/16, … 1 of the method's own samples.

    ``needed`` is the fewest from which on all repeats name the same top components; None: more than the method's own.
    All sizes below the own together hear at most as much as `repeats` did. A method that draws no samples, or
    whose samples are all coalitions, has no such size: None is returned.
    """
    from auricle.methods.coalitions.stability import RULE, Settling, union

    found, method = contributions_of(explanation), _unseeded(explanation)
    count = len(found.components)
    field, most = _samples_of(method, count)
    exact = found.errors is not None and not bool(found.errors.any())
    if field is None or exact:
        return None
    sizes = [size for size in (most // 2**k for k in range(SIZES - 1, -1, -1)) if size >= 2 * count + 2]
    unions: dict[int, int] = {}
    # The largest first: smaller samples then begin with rows that have been heard.
    for size in reversed(sizes):
        smaller = dataclasses.replace(method, **{field: size})
        try:
            drawn = [_weigh(explanation, smaller, found.tables, explanation.seed + r) for r in range(repeats)]
        except AuricleError:  # so few samples that the method refuses: not stable
            unions[size] = count
            continue
        unions[size] = union(torch.stack(drawn).numpy(), min(top, count))
    stable = [size for size in sizes if all(unions[each] <= min(top, count) for each in sizes if each >= size)]
    return Settling({size: unions[size] for size in sizes}, min(stable, default=None), RULE * count)


def baseline_sensitivity(explanation: Explanation, baselines: Baseline | None = None) -> Baselines:
    """The same method with several baselines: by default the explanation's own, if it has several, else `BASELINES`."""
    from auricle.methods.coalitions.stability import stability

    found = contributions_of(explanation)
    asked: Sequence[Table] = found.tables
    if baselines is not None or len(asked) < 2:
        kind = explanation.method._kind()  # type: ignore[attr-defined]
        wanted = BASELINES if baselines is None else baselines
        asked = tables(explanation.classifier, explanation.clip, kind, wanted, seed=explanation.seed)
    if len(asked) < 2:
        raise AuricleError(f"one baseline ({asked[0].absence.name}) cannot be compared; give two, like silence,noise")
    method = cast(CoalitionMethod, explanation.method)
    weights = torch.stack([_weigh(explanation, method, (each,), explanation.seed) for each in asked])
    names = tuple(each.absence.name for each in asked)
    change = float(dependence(weights, names).value)
    tops = weights.argmax(1)
    return Baselines(names, weights.numpy(), change, stability(weights).spearman, bool((tops == tops[0]).all()))


class _Unheard(Exception):
    """A coalition would have to be heard."""


class _Known:
    """A table that answers only what it has heard."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def logits(self, coalitions: Tensor) -> Tensor:
        if self._table.estimate(coalitions)[0]:
            raise _Unheard
        return self._table.logits(coalitions)


def _weigh(
    explanation: Explanation, method: CoalitionMethod, asked: Sequence[Table], seed: int, *, known: bool = False
) -> Tensor:
    """The target's weights ``[K]``, the mean over the tables as in `CoalitionMethod.contributions`."""
    classifier = explanation.classifier
    target = classifier.target_weights(explanation.target, torch.zeros(1, len(classifier.labels)))[0]
    games = [Game(cast(Table, _Known(each)) if known else each, target, method.score) for each in asked]
    # Not `contributions`: its tables are kept by seed, while here all seeds share what was heard.
    return torch.stack([method._weigh(game, seed).weights[:, 0] for game in games]).mean(0)


def _unseeded(explanation: Explanation) -> CoalitionMethod:
    """The method without a seed of its own, which would make every repeat the same."""
    method = cast(CoalitionMethod, explanation.method)
    changes: dict[str, Any] = {"seed": None}
    return dataclasses.replace(method, **changes) if getattr(method, "seed", None) is not None else method


def _samples_of(method: CoalitionMethod, count: int) -> tuple[str | None, int]:
    """The name of the setting that says how many samples are drawn, and how many they are."""
    from auricle.methods.coalitions.sampled import budget_of

    if hasattr(method, "samples"):
        return "samples", int(method.samples)
    if hasattr(method, "budget"):
        return "budget", budget_of(method.budget, count)
    return None, 0
