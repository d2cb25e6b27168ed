"""How far an explanation can be trusted, in numbers beside their controls.

Conventions: probabilities are ``[..., C]``, masks ``[F, T]`` from 0 to 1; percent where a metric was published in
percent; every number stands beside a random mask of equal area, a mask of the loudest cells, and the whole sound.
"""

from auricle.metrics.bootstrap import Interval, bootstrap, paired
from auricle.metrics.complexity import complexity, mean_mask, sparseness
from auricle.metrics.controls import CONTROLS, energy_mask, everything, random_masks
from auricle.metrics.curves import Curve, area_under, deletion_masks, insertion_masks, ranks
from auricle.metrics.faithfulness import (
    average_drop,
    average_gain,
    average_increase,
    faithfulness,
    fidelity_in,
)
from auricle.metrics.measure import measure
from auricle.metrics.registry import METRICS, Metric, metric
from auricle.metrics.scores import Row, Scores, SummaryRow, summarise

__all__ = [
    "CONTROLS",
    "METRICS",
    "Curve",
    "Interval",
    "Metric",
    "Row",
    "Scores",
    "SummaryRow",
    "area_under",
    "average_drop",
    "average_gain",
    "average_increase",
    "bootstrap",
    "complexity",
    "deletion_masks",
    "energy_mask",
    "everything",
    "faithfulness",
    "fidelity_in",
    "insertion_masks",
    "mean_mask",
    "measure",
    "metric",
    "paired",
    "random_masks",
    "ranks",
    "sparseness",
    "summarise",
]
