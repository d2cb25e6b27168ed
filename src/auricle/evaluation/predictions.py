"""What a classifier says of the clips of a data set: a table with one row a clip, which explains itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError, nearest
from auricle.evaluation.writing import csv_bytes, parquet_bytes
from auricle.files import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from auricle.classifier import Classifier
    from auricle.datasets import Dataset

FILE = "predictions.parquet"
KEY = b"auricle"
OWN = ("split", "actual", "predicted", "correct", "probability")
"""Columns that a predictions table adds; a data set's own column of such a name is called ``data_split`` and so on."""
BATCH, BATCH_SAMPLES = 64, 2**21
"""A classifier hears at most so many windows, and so many samples, at once."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a predictions table is about: ``labels`` are the network's outputs in order, ``group`` is a column."""

    task: str
    labels: tuple[str, ...]
    group: str | None = None
    multi_label: bool = False
    data: str = ""
    model: str = ""


@dataclass(frozen=True)
class Failure:
    """A clip that could not be heard: its id, and a sentence that says why."""

    id: str
    reason: str


# --- hearing ------------------------------------------------------------------------------------------------


def logits_of(
    classifier: Classifier,
    dataset: Dataset,
    numbers: Sequence[int] | np.ndarray,
    *,
    on_step: Callable[[], None] | None = None,
    failures: list[Failure] | None = None,
) -> np.ndarray:
    """Logits ``[N, C]`` (float64) of these rows: of a clip in windows their mean, as `Classifier.predict` has it.

    Clips stream through in batches, so memory stays flat. A clip that cannot be heard is appended to ``failures`` and
    its row is NaN; without a list to append to, its error is raised. ``on_step`` is called after every clip.
    """
    if classifier.outputs == "values":
        raise AuricleError(f"{classifier.name} gives values, not classes, so there is nothing right or wrong about it")
    sums = np.zeros((len(numbers), len(classifier.labels)))
    counts = np.zeros((len(numbers), 1))

    def hear(waiting: list[tuple[int, Any]]) -> None:
        import torch

        places = np.array([place for place, _ in waiting])
        heard = classifier.logits(torch.stack([window for _, window in waiting])).double().cpu().numpy()
        np.add.at(sums, places, heard)
        np.add.at(counts, places, 1.0)

    waiting: list[tuple[int, Any]] = []
    for place, number in enumerate(numbers):
        for window in _windows(classifier, dataset, int(number), failures):
            full = len(waiting) >= BATCH or len(waiting) * len(window) >= BATCH_SAMPLES
            if waiting and (full or len(window) != len(waiting[0][1])):
                hear(waiting)
                waiting = []
            waiting.append((place, window))
        if on_step is not None:
            on_step()
    if waiting:
        hear(waiting)
    with np.errstate(invalid="ignore"):
        return sums / counts  # 0 / 0 of a clip that could not be heard is NaN


def _windows(classifier: Classifier, dataset: Dataset, number: int, failures: list[Failure] | None) -> Iterator[Any]:
    """What the network hears of a clip, window by window; nothing of one that cannot be heard."""
    try:
        samples = classifier.windows(dataset.load(number)).samples
    except AuricleError as error:
        if failures is None:
            raise
        failures.append(Failure(str(dataset.row(number)["id"]), str(error)))
        return
    yield from samples


# --- the table ----------------------------------------------------------------------------------------------


def predictions_table(
    dataset: Dataset,
    numbers: Sequence[int] | np.ndarray,
    task: str,
    logits: np.ndarray,
    *,
    split: str,
    labels: Sequence[str] | None = None,
    threshold: float = 0.5,
    data: str = "",
    model: str = "",
) -> pa.Table:
    """The table of what was said of these rows of a data set; rows whose ``logits [N, C]`` are NaN are left out.

    Columns: all of the data set's, then ``split``, ``actual``, ``predicted``, ``correct``, ``probability`` (of the
    predicted class), and ``p(LABEL)`` and ``logit(LABEL)`` of every class. ``labels`` names the columns of ``logits``
    where they are not the data set's classes. With several labels a clip, ``actual`` and ``predicted`` are lists, those
    with a probability of at least ``threshold`` are predicted, ``correct`` is an exact match and ``probability`` the
    highest. Raises `AuricleError` if a clip has a label that the network does not know.
    """
    import pyarrow as pa

    numbers = np.asarray(numbers, np.int64)
    labels = tuple(labels or dataset.classes_of(task))
    logits = np.asarray(logits, np.float64)
    if logits.shape != (len(numbers), len(labels)):
        raise AuricleError(
            f"logits of shape {logits.shape} do not fit {len(numbers)} clips and {len(labels)} labels; give one row a "
            "clip and one column a label"
        )
    heard = np.isfinite(logits).all(axis=1)
    numbers, logits = numbers[heard], logits[heard]
    if len(numbers) == 0:
        raise AuricleError(f"no clip of {dataset.name} could be heard; auricle data check says what is wrong with them")
    multi_label = dataset.is_multi_label(task)
    probabilities = _sigmoid(logits) if multi_label else _softmax(logits)
    rows = dataset.table.take(pa.array(numbers))
    _same_classes(rows[task].to_pylist(), labels, dataset.name, multi_label=multi_label)
    columns = {_free(name): rows[name] for name in rows.column_names}
    if multi_label:
        chosen = probabilities >= threshold
        actual = [sorted(each or (), key=labels.index) for each in rows[task].to_pylist()]
        predicted = [[label for label, yes in zip(labels, row, strict=True) if yes] for row in chosen]
        kind: Any = pa.list_(pa.string())
    else:
        actual = rows[task].to_pylist()
        predicted = [labels[place] for place in logits.argmax(1)]
        kind = pa.string()
    columns |= {
        "split": pa.array([split] * len(numbers), pa.string()),
        "actual": pa.array(actual, kind),
        "predicted": pa.array(predicted, kind),
        "correct": pa.array([one == other for one, other in zip(actual, predicted, strict=True)]),
        "probability": pa.array(probabilities.max(1)),
    }
    columns |= {f"p({label})": pa.array(probabilities[:, place]) for place, label in enumerate(labels)}
    columns |= {f"logit({label})": pa.array(logits[:, place]) for place, label in enumerate(labels)}
    group = None if dataset.group is None else _free(dataset.group)
    return described(
        pa.table(columns),
        Facts(task=task, labels=labels, group=group, multi_label=multi_label, data=data or dataset.name, model=model),
    )


def described(table: pa.Table, facts: Facts) -> pa.Table:
    """The table with its facts in its schema, where they travel with the Parquet file."""
    return table.replace_schema_metadata({KEY: json.dumps(asdict(facts))})


def facts_of(table: pa.Table) -> Facts:
    """The facts that a predictions table carries."""
    try:
        found = json.loads((table.schema.metadata or {})[KEY])
        return Facts(**{**found, "labels": tuple(found["labels"])})
    except (KeyError, TypeError, ValueError) as error:
        raise AuricleError(
            "this is no table of predictions (it does not say its task and labels); write one with 'auricle evaluate'"
        ) from error


def probabilities_of(table: pa.Table) -> np.ndarray:
    """Probabilities ``[N, C]`` in the network's order."""
    labels = facts_of(table).labels
    lacking = [label for label in labels if f"p({label})" not in table.column_names]
    if lacking:
        raise AuricleError(f"the predictions have no column p({lacking[0]}); write them again with 'auricle evaluate'")
    return np.stack([table[f"p({label})"].to_numpy() for label in labels], axis=1)


def truth_of(table: pa.Table, column: str = "actual") -> np.ndarray:
    """Column ``actual`` or ``predicted`` as class numbers ``[N]``, or with several labels as 0 and 1 ``[N, C]``."""
    facts = facts_of(table)
    place = {label: number for number, label in enumerate(facts.labels)}
    values = table[column].to_pylist()
    if not facts.multi_label:
        return np.array([place[label] for label in values], np.int64)
    found = np.zeros((len(values), len(place)), np.int64)
    for number, labels in enumerate(values):
        found[number, [place[label] for label in labels]] = 1
    return found


# --- files --------------------------------------------------------------------------------------------------


def write_predictions(folder: Path, table: pa.Table) -> Path:
    """Write ``predictions.parquet``, and the same as ``predictions.csv`` (lists of labels with ``;`` between)."""
    write_whole(folder / "predictions.csv", csv_bytes(table))
    return write_whole(folder / FILE, parquet_bytes(table))


def read_predictions(folder: str | Path) -> pa.Table:
    """The predictions of a trained or evaluated folder, or of a Parquet file of them."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = Path(folder)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        what = f"{folder} holds no {FILE}" if path.name == FILE else f"{path} does not exist"
        below = sorted(each.parent.name for each in Path(folder).glob(f"*/{FILE}"))
        hint = f"give one of its folders: {', '.join(below)}" if below else "write it with 'auricle evaluate'"
        raise AuricleError(f"{what}; {hint}")
    try:
        table = parquet.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise AuricleError(f"{path} is not a Parquet file that can be read ({reason}); write it again") from error
    facts_of(table)
    return table


# --- parts --------------------------------------------------------------------------------------------------


def _free(column: str) -> str:
    return f"data_{column}" if column in OWN or column.startswith(("p(", "logit(")) else column


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return expit(logits)


def _same_classes(actual: Sequence[Any], labels: Sequence[str], name: str, *, multi_label: bool) -> None:
    """Every clip's label is one of the network's."""
    for said in actual:
        for label in (said or ()) if multi_label else (said,):
            if label not in labels:
                raise AuricleError(
                    f'{name} has clips of "{label}", which the model cannot say; {nearest(str(label), labels)}. Leave '
                    "these clips out, or take a model that knows them"
                )
