"""What is measured of each case: the columns of a comparison, with their direction, unit and formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auricle.errors import AuricleError, nearest
from auricle.metrics.registry import METRICS

About = Literal["decision", "source", "mask", "legacy"]
FROM_REGISTRY: dict[str, About] = {
    **dict.fromkeys(("AI", "AD", "AG", "FF", "Fid-In"), "decision"),
    **dict.fromkeys(("SPS", "COMP", "MM", "energy"), "mask"),
}


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


COLUMNS: dict[str, Column] = {
    each.name: each
    for each in (
        *(
            Column(
                name=name,
                title=METRICS[name].title,
                unit=METRICS[name].unit,
                higher_is_better=METRICS[name].higher_is_better,
                formula=METRICS[name].formula,
                about=about,
            )
            for name, about in FROM_REGISTRY.items()
        ),
        Column(
            name="FF logit",
            title="faithfulness of logits",
            unit="logits",
            higher_is_better=True,
            formula="f_c(x) - f_c(x_out)",
            about="decision",
        ),
        Column(
            name="SI-SDR",
            title="the kept sound against the true source",
            unit="dB",
            higher_is_better=True,
            formula="10 log10 ‖α s‖² / ‖α s - x_in‖², within -30 and 30 dB",
            about="source",
        ),
        Column(
            name="SI-SDRi",
            title="improvement of SI-SDR over the mixture",
            unit="dB",
            higher_is_better=True,
            formula="SI-SDR(x_in) - SI-SDR(x)",
            about="source",
        ),
        Column(
            name="IoU",
            title="mask and true mask",
            unit="share",
            higher_is_better=True,
            formula="Σ min(M, M*) / Σ max(M, M*)",
            about="source",
        ),
        Column(
            name="mass",
            title="relevance mass accuracy",
            unit="share",
            higher_is_better=True,
            formula="Σ R⁺ M* / Σ R⁺",
            about="source",
        ),
        Column(
            name="rank",
            title="relevance rank accuracy",
            unit="share",
            higher_is_better=True,
            formula="share of the K most relevant cells with M* ≥ ½, K of which there are",
            about="source",
        ),
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
