"""Tables of predictions that are made up, so that their scores are known or at least alike in every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from auricle.datasets import Dataset, table_of
from auricle.evaluation import predictions_table


def data_set(rows: Sequence[Mapping[str, Any]], classes: Sequence[str], *, group: str | None = None) -> Dataset:
    """Rows with the label column ``sound``, as a data set without files."""
    full = [{"id": f"clip {number}", "path": f"{number}.wav", **row} for number, row in enumerate(rows)]
    return Dataset(name="made up", table=table_of(full), root=Path(), classes={"sound": tuple(classes)}, group=group)


def said(
    probabilities: Sequence[Sequence[float]],
    actual: Sequence[Any],
    classes: Sequence[str],
    *,
    group: str | None = None,
    **columns: Sequence[Any],
) -> pa.Table:
    """Predictions with exactly these probabilities; with lists of labels, each class's own."""
    rows = [
        {"sound": label, **{name: values[row] for name, values in columns.items()}} for row, label in enumerate(actual)
    ]
    given = np.asarray(probabilities, float)
    logits = np.log(given / (1 - given)) if isinstance(actual[0], list) else np.log(given)
    dataset = data_set(rows, classes, group=group)
    return predictions_table(dataset, range(len(dataset)), "sound", logits, split="test", model="ear")


def at_random(
    clips: int, classes: int, *, seed: int = 0, skill: float = 2.0, speakers: int = 6, split: str = "fold 0"
) -> pa.Table:
    """Predictions of a model that is right more often than not, of speakers who differ in clearness and gender."""
    generator = np.random.default_rng(seed)
    labels = [f"class {number}" for number in range(classes)]
    actual = generator.integers(classes, size=clips)
    speaker = generator.integers(speakers, size=clips)
    clear = np.linspace(0.3, 1.5, speakers)[speaker]
    logits = generator.normal(size=(clips, classes))
    logits[np.arange(clips), actual] += skill * clear
    rows = [
        {"sound": labels[a], "speaker": f"s{s:02}", "gender": "female" if s % 3 == 0 else "male"}
        for a, s in zip(actual, speaker, strict=True)
    ]
    dataset = data_set(rows, labels, group="speaker")
    return predictions_table(dataset, range(clips), "sound", logits, split=split, model="ear")
