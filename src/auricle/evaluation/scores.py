"""A table of predictions, evaluated: scores with intervals, confusions, classes, groups, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.evaluation.calibration import reliability
from auricle.evaluation.confusion import confusion, of_classes
from auricle.evaluation.groups import errors_by_group
from auricle.evaluation.measures import MULTI, SINGLE, About, multi, single, without_listening
from auricle.evaluation.physionet import Official, concerns, of_predictions
from auricle.evaluation.predictions import Facts, facts_of, probabilities_of, truth_of
from auricle.evaluation.ranking import Ranking
from auricle.evaluation.recordings import by_recording
from auricle.evaluation.resampling import DRAWS, bootstrap, units_of

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Score:
    """A score with its 95 % interval (None where it cannot be drawn), and what a model that hears nothing would get."""

    value: float
    low: float | None = None
    high: float | None = None
    deaf: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """Everything that a table of predictions tells about a model.

    ``drawn`` says what the intervals draw with replacement (``speaker``, ``recording``, ``clip``), of which there are
    ``units``; ``note`` says what these intervals cannot tell. ``counts [C, C]`` has a row for each actual class (None
    with several labels a clip). ``recordings`` is the same for whole recordings, where rows are slices of them.
    """

    facts: Facts
    clips: int
    scores: Mapping[str, Score]
    drawn: str
    units: int
    note: str
    most_frequent: tuple[str, float]
    counts: np.ndarray | None
    classes: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    reliability: list[dict[str, Any]]
    official: Official | None = None
    recordings: Evaluation | None = None

    @property
    def about(self) -> Mapping[str, About]:
        """What each score means."""
        return MULTI if self.facts.multi_label else SINGLE

    @property
    def headline(self) -> str:
        """The score that is named first: accuracy, or micro-AUPRC with several labels a clip."""
        return "micro_auprc" if self.facts.multi_label else "accuracy"

    @property
    def sentence(self) -> str:
        """The headline in words, with its interval and what it would be without listening."""
        score = self.scores[self.headline]
        interval = "" if score.low is None or score.high is None else f" ({score.low:.3f} to {score.high:.3f})"
        deaf = "" if score.deaf is None else f"; without listening {score.deaf:.3f}"
        return f"{self.about[self.headline].title} {score.value:.3f}{interval} of {self.clips} clips{deaf}"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        label, share = self.most_frequent
        return {
            **asdict(self.facts),
            "clips": self.clips,
            "interval": {"level": 0.95, "drawn": self.drawn, "units": self.units, "note": self.note},
            "scores": {name: asdict(score) for name, score in self.scores.items()},
            "most_frequent": {"label": label, "share": share},
            "physionet_2016": None if self.official is None else asdict(self.official),
            "recordings": None if self.recordings is None else self.recordings.to_dict(),
        }


def evaluate(table: pa.Table, *, draws: int = DRAWS, seed: int = 0, reference: pa.Table | None = None) -> Evaluation:
    """All scores of a table of predictions, with 95 % bootstrap intervals of so many ``draws`` (0: none).

    ``reference`` are all clips that should have been heard, for PhysioNet's score, which counts missing answers.
    """
    facts = facts_of(table)
    if table.num_rows == 0:
        raise AuricleError("there are no predictions to evaluate; a filter left none")
    actual, predicted, probabilities = truth_of(table), truth_of(table, "predicted"), probabilities_of(table)
    units, classes = units_of(table), len(facts.labels)
    scorer = (multi if facts.multi_label else single)(actual, predicted, probabilities)
    values = scorer(np.ones((1, table.num_rows)))
    intervals = bootstrap(scorer, units, draws=draws, classes=classes, seed=seed)
    deaf = without_listening(actual, classes)
    slices = by_recording(table)
    if facts.multi_label:
        confidence, right = probabilities.ravel(), actual.ravel()
        frequent = actual.mean(0)
    else:
        confidence, right = probabilities[np.arange(len(predicted)), predicted], actual == predicted
        frequent = np.bincount(actual, minlength=classes) / len(actual)
    return Evaluation(
        facts=facts,
        clips=table.num_rows,
        scores={name: _score(float(value[0]), intervals.get(name), deaf.get(name)) for name, value in values.items()},
        drawn=units.what,
        units=units.count,
        note=units.note,
        most_frequent=(facts.labels[int(frequent.argmax())], float(frequent.max())),
        counts=None if facts.multi_label else confusion(actual, predicted, classes),
        classes=_classes(facts, actual, predicted, probabilities),
        groups=errors_by_group(table),
        reliability=reliability(confidence, right),
        official=of_predictions(table, reference) if concerns(table) else None,
        recordings=None if slices is None else evaluate(slices, draws=draws, seed=seed),
    )


def _score(value: float, interval: tuple[float, float] | None, deaf: float | None) -> Score:
    low, high = interval or (None, None)
    return Score(value, low, high, deaf)


def _classes(
    facts: Facts, actual: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray
) -> list[dict[str, Any]]:
    """One row a class: how many clips have it, how many are said to, hits, precision, recall, F1, areas."""
    rows = []
    for number, label in enumerate(facts.labels):
        is_it, said = ((each[:, number] if facts.multi_label else each == number) for each in (actual, predicted))
        counts = confusion(np.asarray(is_it, np.int64), np.asarray(said, np.int64), 2)
        ranking = Ranking.of(probabilities[:, number], np.asarray(is_it, bool))
        rows.append({
            "label": label,
            "clips": int(counts[1].sum()),
            "predicted": int(counts[:, 1].sum()),
            "hits": int(counts[1, 1]),
            **{name: float(values[1]) for name, values in of_classes(counts).items()},
            "roc_auc": float(ranking.roc_auc()[0]),
            "average_precision": float(ranking.average_precision()[0]),
        })  # fmt: skip
    return rows
