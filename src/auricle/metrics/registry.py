"""All metrics by their names."""

from __future__ import annotations

from auricle.errors import AuricleError, nearest
from auricle.metrics.facts import Metric
from auricle.metrics.facts_of_interpreters import INTERPRETER_METRICS, SOURCE_METRICS
from auricle.metrics.facts_of_masks import MASK_METRICS
from auricle.metrics.facts_of_parts import PART_METRICS

METRICS: dict[str, Metric] = {
    each.name: each for each in (*MASK_METRICS, *PART_METRICS, *INTERPRETER_METRICS, *SOURCE_METRICS)
}


def metric(name: str) -> Metric:
    """A metric's facts by its name.

    >>> metric("FF").higher_is_better
    True
    """
    if name not in METRICS:
        raise AuricleError(f'no metric is called "{name}"; {nearest(name, METRICS)}')
    return METRICS[name]
