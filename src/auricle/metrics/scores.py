"""The measured numbers of one explanation, and of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.metrics.bootstrap import Interval, bootstrap, paired
from auricle.metrics.curves import Curve
from auricle.metrics.registry import metric


@dataclass(frozen=True)
class Row:
    """One metric of one explanation: its value and the same number for each control."""

    name: str
    value: float
    controls: dict[str, float]
    title: str
    unit: str
    higher_is_better: bool | None
    meaning: str
    source: str


@dataclass(frozen=True, eq=False)
class Scores:
    """Everything measured on one explanation.

    ``curves["deletion" | "insertion"]["explanation" | "random" | "energy"]``, for explanations with components also
    ``"flipping" | "adding"``, are empty where no curves were asked for;
    ``probabilities`` are of the class explained, for each sound that was heard; ``sentence`` says what it means.
    ``details`` has what stands behind the rows of explanations with components or annotated events.
    """

    rows: list[Row]
    curves: dict[str, dict[str, Curve]]
    sentence: str
    probabilities: dict[str, float]
    settings: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)

    def row(self, name: str) -> Row:
        """A metric's row by its name."""
        for each in self.rows:
            if each.name == name:
                return each
        raise AuricleError(f'"{name}" was not measured; {nearest(name, [each.name for each in self.rows])}')

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "sentence": self.sentence,
            "rows": [asdict(row) for row in self.rows],
            "probabilities": dict(self.probabilities),
            "curves": {
                name: {whose: curve.to_dict() for whose, curve in curves.items()}
                for name, curves in self.curves.items()
            },
            "settings": dict(self.settings),
            "details": dict(self.details),
        }


@dataclass(frozen=True)
class SummaryRow:
    """One metric over many clips: mean and interval, of the explanations, the controls, and the paired differences."""

    name: str
    value: Interval
    controls: dict[str, Interval]
    differences: dict[str, Interval]
    title: str
    unit: str
    higher_is_better: bool | None
    meaning: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def row(name: str, value: float, controls: dict[str, float]) -> Row:
    """A row with its metric's declared facts."""
    facts = metric(name)
    return Row(
        name=name,
        value=float(value),
        controls={key: float(each) for key, each in controls.items()},
        title=facts.title,
        unit=facts.unit,
        higher_is_better=facts.higher_is_better,
        meaning=facts.meaning,
        source=facts.source,
    )


def summarise(
    scores: Sequence[Scores], *, draws: int = 2000, confidence: float = 0.95, seed: int = 0
) -> list[SummaryRow]:
    """Means over clips with bootstrap intervals, and clip-level paired differences to every control.

    Metrics that were not measured on every clip are left out.
    """
    if not scores:
        raise AuricleError("no clips were measured, so there is nothing to summarise")
    names = [each.name for each in scores[0].rows]
    settings: dict[str, Any] = {"draws": draws, "confidence": confidence, "seed": seed}
    table = []
    for name in names:
        if any(name not in {each.name for each in one.rows} for one in scores):
            continue
        rows = [one.row(name) for one in scores]
        values = [each.value for each in rows]
        controls = {key: [each.controls[key] for each in rows] for key in rows[0].controls}
        first = rows[0]
        table.append(
            SummaryRow(
                name=name,
                value=bootstrap(values, **settings),
                controls={key: bootstrap(each, **settings) for key, each in controls.items()},
                differences={key: paired(values, each, **settings) for key, each in controls.items()},
                title=first.title,
                unit=first.unit,
                higher_is_better=first.higher_is_better,
                meaning=first.meaning,
                source=first.source,
            )
        )
    return table
