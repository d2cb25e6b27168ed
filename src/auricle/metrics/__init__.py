"""How far an explanation can be trusted, in numbers beside their controls.

Conventions: probabilities are ``[..., C]``, masks ``[F, T]`` from 0 to 1; percent where a metric was published in
percent; every number stands beside a random mask of equal area, a mask of the loudest cells, and the whole sound.
"""

from auricle.metrics.bootstrap import Interval, bootstrap, paired
from auricle.metrics.complexity import complexity, mean_mask, sparseness
from auricle.metrics.controls import CONTROLS, energy_mask, everything, random_masks
from auricle.metrics.curves import Curve, area_under, deletion_masks, insertion_masks, ranks
from auricle.metrics.events import Events, event_auc, event_share, events
from auricle.metrics.facts import Metric
from auricle.metrics.faithfulness import (
    average_drop,
    average_gain,
    average_increase,
    faithfulness,
    fidelity_in,
)
from auricle.metrics.flipping import Flipping, flipping
from auricle.metrics.measure import measure
from auricle.metrics.planted import PLANTS, Plant, noise_background, plant
from auricle.metrics.planted_hits import PlantedHits, planted_hits
from auricle.metrics.registry import METRICS, metric
from auricle.metrics.scores import Row, Scores, SummaryRow, summarise
from auricle.metrics.stability import Baselines, Repeats, baseline_sensitivity, repeats, sample_size
from auricle.metrics.top_components import TopComponents, top_components

__all__ = [
    "CONTROLS",
    "METRICS",
    "PLANTS",
    "Baselines",
    "Curve",
    "Events",
    "Flipping",
    "Interval",
    "Metric",
    "Plant",
    "PlantedHits",
    "Repeats",
    "Row",
    "Scores",
    "SummaryRow",
    "TopComponents",
    "area_under",
    "average_drop",
    "average_gain",
    "average_increase",
    "baseline_sensitivity",
    "bootstrap",
    "complexity",
    "deletion_masks",
    "energy_mask",
    "event_auc",
    "event_share",
    "events",
    "everything",
    "faithfulness",
    "fidelity_in",
    "flipping",
    "insertion_masks",
    "mean_mask",
    "measure",
    "metric",
    "noise_background",
    "paired",
    "plant",
    "planted_hits",
    "random_masks",
    "ranks",
    "repeats",
    "sample_size",
    "sparseness",
    "summarise",
    "top_components",
]
