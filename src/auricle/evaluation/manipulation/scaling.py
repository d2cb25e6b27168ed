"""What a model said before and after the frequency axis was scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from auricle.evaluation.manipulation.intervals import folds_of, interval, over_folds, speakers_of
from auricle.metrics.bootstrap import Interval

if TYPE_CHECKING:
    import pyarrow as pa

When = Literal["before", "after"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Scaling:
    """What a model said before and after scaling.

    rows: of the clips, with ``id``, ``actual`` and the column ``by``. before, after: class numbers ``[N]`` in
    ``labels``; control: the largest difference of any logit when everything is scaled by 1, which must be 0.
    """

    labels: tuple[str, ...]
    by: str
    factors: Mapping[str, float]
    rows: Sequence[Mapping[str, Any]]
    before: np.ndarray
    after: np.ndarray
    control: float
    group: str | None
    failures: Mapping[str, str]

    def accuracy(self, when: When = "after", value: str | None = None) -> Interval:
        """Share of clips heard rightly ``before`` or ``after``, of all or of one value of ``by``."""
        return self._mean(self._said(when) == self._actual, value)

    def flipped(self, value: str | None = None) -> Interval:
        """Share of clips of which the model now says something else."""
        return self._mean(self.before != self.after, value)

    def over_folds(self, when: When = "after") -> tuple[float, float] | None:
        """Mean and standard deviation of the folds' accuracies; None where all clips are of one fold."""
        return over_folds(self._said(when) == self._actual, folds_of(self.rows))

    def confusion(self, when: When = "after") -> np.ndarray:
        """How many clips of each class (row) were heard as each class (column)."""
        found = np.zeros((len(self.labels), len(self.labels)), np.int64)
        np.add.at(found, (self._actual, self._said(when)), 1)
        return found

    @property
    def sentence(self) -> str:
        """The result in a sentence."""
        before, after, flipped = self.accuracy("before").mean, self.accuracy("after").mean, self.flipped().mean
        return (
            f"With the frequency axis scaled, accuracy goes from {100 * before:.1f} % to {100 * after:.1f} %, and the "
            f"model says something else of {100 * flipped:.1f} % of the clips."
        )

    def table(self) -> pa.Table:
        """One row for all clips and one for each value of ``by``."""
        import pyarrow as pa

        rows = []
        for value in (None, *self.factors):
            before, after, flipped = self.accuracy("before", value), self.accuracy("after", value), self.flipped(value)
            row: dict[str, Any] = {self.by: value or "all", "factor": None if value is None else self.factors[value]}
            for name, each in (("before", before), ("after", after), ("flipped", flipped)):
                row |= {name: each.mean, f"{name}_low": each.low, f"{name}_high": each.high}
            rows.append({**row, "clips": before.clips})
        kinds = {self.by: pa.string(), "clips": pa.int64()}
        return pa.table({
            key: pa.array([row[key] for row in rows], kinds.get(key, pa.float64())) for key in rows[0]
        })  # fmt: skip

    def clips(self) -> pa.Table:
        """One row a clip."""
        import pyarrow as pa

        wanted = dict.fromkeys(["id", "actual", "split", self.by, self.group or "id"])
        kept = [key for key in wanted if key in self.rows[0]]
        return pa.table({
            **{key: pa.array([None if row[key] is None else str(row[key]) for row in self.rows]) for key in kept},
            "factor": [self.factors[str(row[self.by])] for row in self.rows],
            "before": [self.labels[each] for each in self.before],
            "after": [self.labels[each] for each in self.after],
        })  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single clips, as plain values."""
        whens: tuple[When, ...] = ("before", "after")
        folds = {when: self.over_folds(when) for when in whens}
        return {
            "by": self.by,
            "factors": dict(self.factors),
            "clips": len(self.rows),
            "interval": self.interval_words,
            "sentence": self.sentence,
            "accuracy": {when: self.accuracy(when).to_dict() for when in whens},
            "accuracy_over_folds": {
                when: None if each is None else {"mean": each[0], "std": each[1]} for when, each in folds.items()
            },
            "flipped": self.flipped().to_dict(),
            "labels": list(self.labels),
            "confusion": {when: self.confusion(when).tolist() for when in whens},
            "control": {"factor": 1.0, "largest_difference_of_a_logit": self.control},
            "failures": dict(self.failures),
        }

    @property
    def interval_words(self) -> str:
        """What the intervals are."""
        return f"95 % bootstrap over {'clips' if self._groups is None else f'values of {self.group}'}"

    @cached_property
    def _actual(self) -> np.ndarray:
        return np.array([self.labels.index(row["actual"]) for row in self.rows])

    @cached_property
    def _groups(self) -> list[str] | None:
        return speakers_of(self.rows, self.group)

    def _said(self, when: When) -> np.ndarray:
        return self.before if when == "before" else self.after

    def _mean(self, values: np.ndarray, value: str | None) -> Interval:
        chosen = np.ones(len(self.rows), bool)
        if value is not None:
            chosen = np.array([str(row[self.by]) == value for row in self.rows])
        groups = None if self._groups is None else np.array(self._groups)[chosen].tolist()
        return interval(values[chosen], groups)
