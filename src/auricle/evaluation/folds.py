"""Several folds together: mean and standard deviation of every score, and all test clips as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.evaluation.predictions import described, facts_of
from auricle.evaluation.resampling import DRAWS
from auricle.evaluation.scores import Evaluation, evaluate

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Spread:
    """Mean over ``folds`` folds and their standard deviation (n − 1; None of one fold)."""

    mean: float
    std: float | None
    folds: int


@dataclass(frozen=True, eq=False, kw_only=True)
class FoldSummary:
    """Each fold's evaluation (without intervals), the spread of every score, and the pooled test of all folds."""

    folds: Mapping[str, Evaluation]
    scores: Mapping[str, Spread]
    pooled: Evaluation
    table: pa.Table

    def rows(self) -> list[dict[str, Any]]:
        """One row a split: its name, how many clips it tests, every score."""
        return [
            {"split": name, "clips": each.clips, **{score: found.value for score, found in each.scores.items()}}
            for name, each in self.folds.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "folds": self.rows(),
            "over_folds": {name: asdict(spread) for name, spread in self.scores.items()},
            "pooled": self.pooled.to_dict(),
        }


def over_folds(tables: Mapping[str, pa.Table], *, draws: int = DRAWS, seed: int = 0) -> FoldSummary:
    """Folds by name, as one result: of scores the mean ± standard deviation, of clips all together.

    The pooled test puts probabilities of different models into one list, so its areas and its calibration also tell how
    far the models agree in level. Raises `AuricleError` where the folds have different tasks or labels.
    """
    import pyarrow as pa

    if not tables:
        raise AuricleError("there are no folds to put together; train at least one")
    facts = [facts_of(each) for each in tables.values()]
    for name, mine in zip(tables, facts, strict=True):
        if (mine.task, mine.labels, mine.multi_label) != (facts[0].task, facts[0].labels, facts[0].multi_label):
            raise AuricleError(
                f"{name} predicts {mine.task} ({', '.join(mine.labels)}), but {next(iter(tables))} {facts[0].task} "
                f"({', '.join(facts[0].labels)}); put together only folds of one experiment"
            )
    bare = [each.replace_schema_metadata(None) for each in tables.values()]
    table = described(pa.concat_tables(bare, promote_options="permissive"), facts[0])
    found = {name: evaluate(each, draws=0) for name, each in tables.items()}
    names = next(iter(found.values())).scores
    spreads = {name: _spread([each.scores[name].value for each in found.values()]) for name in names}
    return FoldSummary(folds=found, scores=spreads, pooled=evaluate(table, draws=draws, seed=seed), table=table)


def _spread(values: list[float]) -> Spread:
    known = [value for value in values if np.isfinite(value)]
    mean = float(np.mean(known)) if known else float("nan")
    return Spread(mean, float(np.std(known, ddof=1)) if len(known) > 1 else None, len(known))
