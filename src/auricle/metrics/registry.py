"""The metrics' declared facts: what each means, how it is computed, and who made it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from auricle.errors import AuricleError, nearest


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What there is to know of a metric before reading its number.

    ``higher_is_better`` is None where neither is better. ``settings`` names the arguments of `measure` that change it.
    """

    name: str
    title: str
    meaning: str
    formula: str
    unit: str
    range: tuple[float, float | None]
    higher_is_better: bool | None
    source: str
    settings: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


_MASKING = {"masking": "how relevance becomes a mask"}
_CURVES = {"steps": "points of the curve after the first (20)", "seed": "for the random control (0)"}
_HEARD = _MASKING | {"draws": "random masks the control is averaged over (8)", "seed": "for the random control (0)"}

METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric(
            name="AI",
            title="average increase",
            meaning="share of clips whose class is more probable when only the kept part is heard",
            formula="100 · mean 1[o_c > p_c]",
            unit="%",
            range=(0.0, 100.0),
            higher_is_better=True,
            source="Chattopadhay et al. 2018 (Grad-CAM++); Paissan et al. 2024 (L-MAC)",
            settings=_HEARD,
        ),
        Metric(
            name="AD",
            title="average drop",
            meaning="how much of its probability the class loses when only the kept part is heard",
            formula="100 · mean max(0, p_c - o_c) / p_c",
            unit="%",
            range=(0.0, 100.0),
            higher_is_better=False,
            source="Chattopadhay et al. 2018 (Grad-CAM++); Paissan et al. 2024 (L-MAC)",
            settings=_HEARD | {"legacy": "softmax twice, as the published tables (false)"},
        ),
        Metric(
            name="AG",
            title="average gain",
            meaning="how much of the missing probability the class gains when only the kept part is heard",
            formula="100 · mean max(0, o_c - p_c) / (1 - p_c)",
            unit="%",
            range=(0.0, 100.0),
            higher_is_better=True,
            source="Zhang et al. 2024 (Opti-CAM); Paissan et al. 2024 (L-MAC)",
            settings=_HEARD,
        ),
        Metric(
            name="FF",
            title="faithfulness",
            meaning="how much probability the class loses when the kept part is taken out of the sound",
            formula="mean (p_c - q_c)",
            unit="probability",
            range=(-1.0, 1.0),
            higher_is_better=True,
            source="Parekh et al. 2022 (Listen to Interpret)",
            settings=_HEARD,
        ),
        Metric(
            name="Fid-In",
            title="input fidelity",
            meaning="share of clips whose kept part alone is named as the class",
            formula="mean 1[argmax o = c]",
            unit="share",
            range=(0.0, 1.0),
            higher_is_better=True,
            source="Paissan et al. 2024 (L-MAC)",
            settings=_HEARD,
        ),
        Metric(
            name="deletion",
            title="deletion curve",
            meaning="mean probability while the sound is taken away, most relevant first",
            formula="AUC of f_c(sound without the top k cells) over k/n",
            unit="probability",
            range=(0.0, 1.0),
            higher_is_better=False,
            source="Petsiuk et al. 2018 (RISE)",
            settings=_CURVES,
        ),
        Metric(
            name="insertion",
            title="insertion curve",
            meaning="mean probability while the sound is built up from silence, most relevant first",
            formula="AUC of f_c(the top k cells alone) over k/n",
            unit="probability",
            range=(0.0, 1.0),
            higher_is_better=True,
            source="Petsiuk et al. 2018 (RISE)",
            settings=_CURVES,
        ),
        Metric(
            name="SPS",
            title="sparseness",
            meaning="how unevenly the mask is spread: 0 everywhere alike, 1 one point",
            formula="Gini of |mask|: sum_i (2i - n - 1) a_(i) / (n sum a)",
            unit="Gini",
            range=(0.0, 1.0),
            higher_is_better=True,
            source="Chalasani et al. 2020",
            settings=_MASKING,
        ),
        Metric(
            name="COMP",
            title="complexity",
            meaning="how many cells the mask is spread over: e to this power, if all were equal",
            formula="entropy of |mask| / sum |mask|",
            unit="nats",
            range=(0.0, None),
            higher_is_better=False,
            source="Bhatt et al. 2020",
            settings=_MASKING,
        ),
        Metric(
            name="MM",
            title="mean mask",
            meaning="share of the plane of hertz and seconds that is kept",
            formula="mean of the mask over the clip",
            unit="share",
            range=(0.0, 1.0),
            higher_is_better=None,
            source="Paissan et al. 2024 (LMAC-ZS)",
            settings=_MASKING,
        ),
        Metric(
            name="energy",
            title="energy kept",
            meaning="share of the sound's energy that is kept",
            formula="|kept|² / |original|²",
            unit="share",
            range=(0.0, 1.0),
            higher_is_better=None,
            source="this project",
            settings=_MASKING,
        ),
    )
}


def metric(name: str) -> Metric:
    """A metric's facts by its name.

    >>> metric("FF").higher_is_better
    True
    """
    if name not in METRICS:
        raise AuricleError(f'no metric is called "{name}"; {nearest(name, METRICS)}')
    return METRICS[name]
