"""Slices of one recording vote: the mean of their probabilities is what the recording is taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auricle.evaluation.predictions import described, facts_of, probabilities_of

if TYPE_CHECKING:
    import pyarrow as pa


def by_recording(table: pa.Table) -> pa.Table | None:
    """One row a recording (``path``) with the mean probability ``[C]`` of its slices; None where rows are no slices.

    Rows are slices if several share a path, begin at different places, and have the same label. Other columns keep
    the value of the first slice; logits are averaged, too.
    """
    import pyarrow as pa

    facts = facts_of(table)
    if facts.multi_label or not {"path", "start"} <= set(table.column_names):
        return None
    paths = table["path"].to_pylist()
    place: dict[str, int] = {}
    of_row = np.array([place.setdefault(path, len(place)) for path in paths], np.int64)
    actual = table["actual"].to_pylist()
    if len(place) == len(paths) or len(set(zip(paths, actual, strict=True))) > len(place):
        return None
    first = np.unique(of_row, return_index=True)[1]
    slices = np.bincount(of_row)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(of_row, values) / slices

    probabilities = np.stack([mean(each) for each in probabilities_of(table).T], axis=1)
    predicted = [facts.labels[each] for each in probabilities.argmax(1)]
    made = {name: table[name].take(pa.array(first)) for name in table.column_names if name not in ("start", "seconds")}
    made |= {
        "id": pa.array(list(place)),
        "predicted": pa.array(predicted),
        "correct": pa.array([one == actual[row] for one, row in zip(predicted, first, strict=True)]),
        "probability": pa.array(probabilities.max(1)),
        **{f"p({label})": pa.array(probabilities[:, each]) for each, label in enumerate(facts.labels)},
        **{f"logit({label})": pa.array(mean(table[f"logit({label})"].to_numpy())) for label in facts.labels},
    }
    return described(pa.table(made), facts)
