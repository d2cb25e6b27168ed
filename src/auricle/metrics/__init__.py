"""How far an explanation can be trusted, in numbers beside their controls.

Conventions: probabilities are ``[..., C]``, masks ``[F, T]`` from 0 to 1; percent where a metric was published in
percent; every number stands beside a random mask of equal area, a mask of the loudest cells, and the whole sound.
"""

from auricle.metrics.bootstrap import Estimate, Interval, bootstrap, median, paired
from auricle.metrics.complexity import complexity, mean_mask, sparseness
from auricle.metrics.component_removal import ComponentRemoval, component_removal
from auricle.metrics.controls import (
    CONTROLS,
    energy_mask,
    energy_threshold_mask,
    everything,
    oracle_mask,
    random_masks,
)
from auricle.metrics.curves import Curve, area_under, deletion_masks, insertion_masks, ranks
from auricle.metrics.equal_area import equal_area, reachable_area
from auricle.metrics.events import Events, event_auc, event_share, events
from auricle.metrics.facts import Metric
from auricle.metrics.faithfulness import (
    average_drop,
    average_gain,
    average_increase,
    faithfulness,
    fidelity_in,
    legacy_in_domain,
)
from auricle.metrics.fidelity import TOP_K, MultiLabelFidelity, multi_label_fidelity, top_k_fidelity
from auricle.metrics.flipping import Flipping, flipping
from auricle.metrics.measure import measure
from auricle.metrics.planted import PLANTS, Plant, noise_background, plant
from auricle.metrics.planted_hits import PlantedHits, planted_hits
from auricle.metrics.registry import METRICS, metric
from auricle.metrics.scores import Row, Scores, SummaryRow, summarise
from auricle.metrics.si_sdr import si_sdr, si_sdr_improvement
from auricle.metrics.stability import Baselines, Repeats, baseline_sensitivity, repeats, sample_size
from auricle.metrics.top_components import TopComponents, top_components

__all__ = [
    "CONTROLS",
    "METRICS",
    "PLANTS",
    "TOP_K",
    "Baselines",
    "ComponentRemoval",
    "Curve",
    "Estimate",
    "Events",
    "Flipping",
    "Interval",
    "Metric",
    "MultiLabelFidelity",
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
    "component_removal",
    "deletion_masks",
    "energy_mask",
    "energy_threshold_mask",
    "equal_area",
    "event_auc",
    "event_share",
    "events",
    "everything",
    "faithfulness",
    "fidelity_in",
    "flipping",
    "insertion_masks",
    "legacy_in_domain",
    "mean_mask",
    "measure",
    "median",
    "metric",
    "multi_label_fidelity",
    "noise_background",
    "oracle_mask",
    "paired",
    "plant",
    "planted_hits",
    "random_masks",
    "ranks",
    "reachable_area",
    "repeats",
    "sample_size",
    "si_sdr",
    "si_sdr_improvement",
    "sparseness",
    "summarise",
    "top_components",
    "top_k_fidelity",
]
