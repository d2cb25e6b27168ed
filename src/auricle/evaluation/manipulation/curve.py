"""The curves of a zeroing experiment, with their intervals, areas and differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from auricle.errors import AuricleError
from auricle.evaluation.manipulation.intervals import folds_of, interval, over_folds, speakers_of
from auricle.metrics.bootstrap import Interval

if TYPE_CHECKING:
    import pyarrow as pa

Order = Literal["relevance", "loudness", "random"]
ORDERS: tuple[Order, ...] = ("relevance", "loudness", "random")
Figure = Literal["accuracy", "probability"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Zeroing:
    """What a model still heard, by the order in which its input was silenced.

    shares ``[S]``: per cent of each clip that was silenced. probability: of the true class, and correct: whether it was
    said (random: the mean over orders), ``[N, orders, S]``, orders as in `ORDERS`. rows: of the clips, with ``id`` and
    ``actual``. group: their column of speakers, which are drawn whole for intervals. failures: what could not be heard.
    """

    shares: np.ndarray
    probability: np.ndarray
    correct: np.ndarray
    rows: Sequence[Mapping[str, Any]]
    group: str | None
    failures: Mapping[str, str]
    settings: Mapping[str, Any]

    def curve(self, order: Order, figure: Figure = "accuracy") -> list[Interval]:
        """The mean at each share, with its 95 % interval."""
        values = self._values(order, figure)
        return [interval(values[:, step], self._groups) for step in range(len(self.shares))]

    def area(self, order: Order, figure: Figure = "probability") -> Interval:
        """The mean height of the curve over the shares (trapezoids): the smaller, the better the order.

        >>> said, shares = np.array([[[1.0, 0.0], [1.0, 1.0], [1.0, 0.5]]]), np.array([0.0, 10.0])
        >>> other = {"rows": [{"id": "a", "actual": "x"}], "group": None, "failures": {}, "settings": {}}
        >>> found = Zeroing(shares=shares, probability=said, correct=said, **other)
        >>> found.area("relevance").mean, found.below("loudness").mean
        (0.5, -0.5)
        """
        return interval(self._areas(order, figure), self._groups)

    def below(self, other: Order, figure: Figure = "probability") -> Interval:
        """Area by relevance minus that of another order, clip by clip: below 0 where relevance knows more."""
        return interval(self._areas("relevance", figure) - self._areas(other, figure), self._groups)

    def over_folds(self, order: Order, step: int, figure: Figure = "accuracy") -> tuple[float, float] | None:
        """Mean and standard deviation over folds at one share; None where all clips are of one fold."""
        return over_folds(self._values(order, figure)[:, step], folds_of(self.rows))

    @property
    def sentence(self) -> str:
        """Whether relevance finds what the model needs, in a sentence."""
        if len(self.shares) == 1:
            return "Nothing was silenced."
        verdicts = []
        for other in ORDERS[1:]:
            found = self.below(other)
            if found.high is None or found.low is None:
                sure = "lower" if found.mean < 0 else "not lower"
                verdicts.append(f"{sure} than {_words(other)} (a single clip)")
            elif found.high < 0:
                verdicts.append(f"lower than {_words(other)}")
            elif found.low > 0:
                verdicts.append(f"higher than {_words(other)}")
            else:
                verdicts.append(f"about as high as {_words(other)}")
        return f"Silenced by relevance, the curve is {' and '.join(verdicts)}."

    def table(self) -> pa.Table:
        """One row a share and order: accuracy and probability with their intervals, and over folds."""
        import pyarrow as pa

        rows = []
        for order in ORDERS:
            accuracy, probability = self.curve(order, "accuracy"), self.curve(order, "probability")
            for step, share in enumerate(self.shares):
                folds = self.over_folds(order, step)
                rows.append({
                    "share": float(share),
                    "order": order,
                    "accuracy": accuracy[step].mean,
                    "accuracy_low": accuracy[step].low,
                    "accuracy_high": accuracy[step].high,
                    "accuracy_fold_mean": None if folds is None else folds[0],
                    "accuracy_fold_std": None if folds is None else folds[1],
                    "probability": probability[step].mean,
                    "probability_low": probability[step].low,
                    "probability_high": probability[step].high,
                    "clips": len(self.rows),
                })  # fmt: skip
        kinds = {"order": pa.string(), "clips": pa.int64()}
        return pa.table({
            key: pa.array([row[key] for row in rows], kinds.get(key, pa.float64())) for key in rows[0]
        })  # fmt: skip

    def clips(self) -> pa.Table:
        """One row a clip, order and share, for statistics of your own."""
        import pyarrow as pa

        count, orders, steps = self.probability.shape
        each = {key: [row.get(key) for row in self.rows] for key in self._kept}
        repeated = {key: np.repeat(np.array(values, object), orders * steps) for key, values in each.items()}
        return pa.table({
            **{key: pa.array([None if v is None else str(v) for v in values]) for key, values in repeated.items()},
            "order": np.tile(np.repeat(np.array(ORDERS, object), steps), count),
            "share": np.tile(self.shares, count * orders),
            "probability": self.probability.ravel(),
            "correct": self.correct.ravel(),
        })  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Settings, areas and differences as plain values."""
        return {
            "settings": dict(self.settings),
            "clips": len(self.rows),
            "interval": self.interval_words,
            "sentence": self.sentence,
            "area": {name: self.area(name).to_dict() for name in ORDERS} if len(self.shares) > 1 else {},
            "relevance_minus": {name: self.below(name).to_dict() for name in ORDERS[1:]}
            if len(self.shares) > 1
            else {},
            "failures": dict(self.failures),
        }

    @property
    def interval_words(self) -> str:
        """What the intervals are."""
        return f"95 % bootstrap over {'clips' if self._groups is None else f'values of {self.group}'}"

    @property
    def _kept(self) -> list[str]:
        return [key for key in dict.fromkeys(["id", "actual", "split", self.group or "id"]) if key in self.rows[0]]

    @cached_property
    def _groups(self) -> list[str] | None:
        return speakers_of(self.rows, self.group)

    def _values(self, order: Order, figure: Figure) -> np.ndarray:
        return (self.correct if figure == "accuracy" else self.probability)[:, ORDERS.index(order)]

    def _areas(self, order: Order, figure: Figure) -> np.ndarray:
        if len(self.shares) < 2:
            raise AuricleError("a curve of one share has no area; give at least two steps")
        values = self._values(order, figure)
        spans = np.diff(self.shares)
        return np.asarray((spans * (values[:, 1:] + values[:, :-1]) / 2).sum(1) / (self.shares[-1] - self.shares[0]))


def _words(order: Order) -> str:
    return {"relevance": "by relevance", "loudness": "by loudness", "random": "at random"}[order]
