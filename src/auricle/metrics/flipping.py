"""Pixel flipping by component: parts are taken away, or put in, one after another in the order of their weights.

Conventions: an order ``[K]`` lists components, the first goes first; every curve stands beside the same curve in random
order, by energy (loudest first) and, as a worst case, least relevant first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from auricle.errors import AuricleError
from auricle.metrics.curves import Curve, fractions_of, ranks
from auricle.metrics.parts import Parts

if TYPE_CHECKING:
    from auricle.explanation import Explanation

FRACTIONS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares of the components that CoughLIME removes."""


@dataclass(frozen=True, eq=False)
class Flipping:
    """Curves by order: ``explanation`` (most relevant first), ``random``, ``energy``, ``least first``.

    removing, adding: the probability of the class while components go or come. unchanged, regained: whether the
    prediction is still, or again, that of the whole sound (0 or 1; random: the mean over orders), at `FRACTIONS`.
    """

    removing: dict[str, Curve]
    adding: dict[str, Curve]
    unchanged: dict[str, Curve]
    regained: dict[str, Curve]

    def delta(self, order: str = "explanation") -> float:
        """ΔAUC of removing: ``AUC_random - AUC_order`` of "prediction unchanged" over x / x_max."""
        return self.unchanged["random"].auc - self.unchanged[order].auc

    def delta_added(self, order: str = "explanation") -> float:
        """ΔAUC of adding: ``AUC_order - AUC_random`` of "prediction as for the whole"."""
        return self.regained[order].auc - self.regained["random"].auc


def flipping(
    explanation: Explanation, *, steps: int = 20, draws: int = 4, seed: int = 0, legacy: bool = False
) -> Flipping:
    """Component flipping on the explanation's own table, so that only coalitions nobody asked for yet are heard.

    ``steps`` is the most points a curve has after its first, ``draws`` the number of random orders. ``legacy`` takes
    away by ``|weight|``, as CoughLIME's code does, which removes what speaks *against* the class as if it spoke for it.
    With independent labels the prediction is unchanged while the class stays on its side of ½.
    """
    if draws < 1:
        raise AuricleError(f"{draws} random orders cannot be averaged over; give draws of at least 1")
    parts = Parts.of(explanation)
    count = len(parts)
    first = np.argsort(ranks(np.abs(parts.weights), seed=seed)) if legacy else parts.order(seed=seed)
    orders = {
        "explanation": first[None],
        "random": random_orders(count, draws=draws, seed=seed),
        "energy": parts.by_energy(seed=seed)[None],
        "least first": first[None, ::-1],
    }
    some = counts_of(fractions_of(min(steps, count)), count)
    few = counts_of(FRACTIONS, count)
    rows = [
        coalitions
        for group in orders.values()
        for order in group
        for coalitions in (without(order, some), ~without(order, some), without(order, few), ~without(order, few))
    ]
    heard = parts.probabilities(np.concatenate(rows))
    whole = parts.whole()
    same = _same(parts, heard, whole)
    curves: tuple[dict[str, Curve], ...] = ({}, {}, {}, {})
    plans = ((heard[:, parts.c], some / count), (same, np.array(FRACTIONS)))
    start = 0
    for name, group in orders.items():
        width = 2 * (len(some) + len(few))
        block = slice(start, start + width * len(group))
        for which, (values, fractions) in enumerate(plans):
            lines = values[block].reshape(len(group), width).mean(0)
            at = 0 if which == 0 else 2 * len(some)
            for twin in range(2):
                points = lines[at + twin * len(fractions) : at + (twin + 1) * len(fractions)]
                curves[2 * which + twin][name] = Curve(fractions, points)
        start = block.stop
    return Flipping(*curves)


def without(order: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Coalitions ``[len(counts), K]`` without the first ``count`` components of an order.

    >>> without(np.array([2, 0, 1]), np.array([0, 2])).astype(int)
    array([[1, 1, 1],
           [0, 1, 0]])
    """
    places = np.argsort(order)
    return places[None, :] >= np.asarray(counts)[:, None]


def random_orders(count: int, *, draws: int, seed: int = 0) -> np.ndarray:
    """Random orders ``[draws, count]``, every second one the reverse of the one before it.

    Taking away in one order asks for the same coalitions as adding in its reverse, so pairs are heard once.
    """
    generator = np.random.default_rng(seed)
    pairs = [generator.permutation(count) for _ in range(-(-draws // 2))]
    return np.stack([order for pair in pairs for order in (pair, pair[::-1])][:draws])


def counts_of(fractions: ArrayLike, count: int) -> np.ndarray:
    """How many of ``count`` components each fraction is, to the nearest.

    >>> counts_of(FRACTIONS, 12)
    array([ 0,  1,  3,  6,  9, 11])
    """
    return np.rint(np.asarray(fractions, dtype=np.float64) * count).astype(np.int64)


def _same(parts: Parts, heard: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """1 where the prediction is that of the whole sound."""
    if parts.classifier.multi_label:
        same = (heard[:, parts.c] >= 0.5) == (whole[parts.c] >= 0.5)
    else:
        same = heard.argmax(1) == whole.argmax()
    return np.asarray(same, dtype=np.float64)
