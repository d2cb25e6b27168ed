"""What is measured of each case: the columns of a comparison, with their direction, unit and formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auricle.errors import AuricleError, nearest
from auricle.metrics.registry import METRICS
from auricle.protocols.scoring import HIGHEST_DB, LOWEST_DB

About = Literal["decision", "source", "mask", "legacy"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A measured column: ``about`` the decision, the true source or the mask itself.

    ``legacy`` is a published variant, there only where it is asked for.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool | None
    formula: str
    about: About

    @property
    def legacy(self) -> bool:
        return self.about == "legacy"


def _of_metric(metric: str, about: About, *, name: str | None = None, within: str = "") -> Column:
    """The column of a metric, with its facts."""
    facts = METRICS[metric]
    return Column(
        name=name or metric,
        title=facts.title,
        unit=facts.unit,
        higher_is_better=facts.higher_is_better,
        formula=facts.formula + within,
        about=about,
    )


COLUMNS: dict[str, Column] = {
    each.name: each
    for each in (
        *(_of_metric(name, "decision") for name in ("AI", "AD", "AG", "FF", "Fid-In")),
        *(_of_metric(name, "mask") for name in ("SPS", "COMP", "MM", "energy")),
        Column(
            name="FF logit",
            title="faithfulness of logits",
            unit="logits",
            higher_is_better=True,
            formula="f_c(x) - f_c(x_out)",
            about="decision",
        ),
        _of_metric("SI-SDR", "source", within=f", within {LOWEST_DB:g} and {HIGHEST_DB:g} dB"),
        _of_metric("SI-SDRi", "source"),
        _of_metric("IoU", "source"),
        _of_metric("mass accuracy", "source", name="mass"),
        _of_metric("rank accuracy", "source", name="rank"),
        Column(
            name="AD legacy",
            title="average drop with a second softmax",
            unit="%",
            higher_is_better=False,
            formula="AD of softmax(p) and softmax(o)",
            about="legacy",
        ),
        Column(
            name="Fid-In legacy",
            title="input fidelity, halved",
            unit="share",
            higher_is_better=True,
            formula="Σ 1[argmax o = c] / 2N",
            about="legacy",
        ),
    )
}


def column(name: str) -> Column:
    """A column's facts.

    >>> column("SI-SDR").unit
    'dB'
    """
    if name not in COLUMNS:
        raise AuricleError(f'nothing called "{name}" is measured; {nearest(name, COLUMNS)}')
    return COLUMNS[name]
