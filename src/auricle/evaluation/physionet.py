"""The official score of the PhysioNet/CinC Challenge 2016: normal or abnormal heart sounds, some of them noisy.

Conventions: a recording is ``normal`` or ``abnormal`` and of good quality (1) or poor (0); an answer is ``normal``,
``abnormal`` or ``unsure``. A missing answer counts as unsure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from auricle.errors import AuricleError, nearest
from auricle.evaluation.predictions import facts_of

if TYPE_CHECKING:
    import pyarrow as pa

Answer = Literal["normal", "abnormal", "unsure"]


@dataclass(frozen=True, kw_only=True)
class Official:
    """Sensitivity, specificity and their mean (MAcc), with the shares of clean recordings that weight the two.

    ``clean_abnormal`` is the share of the abnormal recordings that are of good quality, ``clean_normal`` of the normal.
    """

    sensitivity: float
    specificity: float
    macc: float
    clean_abnormal: float
    clean_normal: float
    unsure: int
    recordings: int


def official_score(reference: Mapping[str, tuple[str, int]], answers: Mapping[str, str]) -> Official:
    """The score of August 2016 from ``{id: (condition, quality)}`` and ``{id: answer}``.

    Se = w₁ Aa₁/(Aa₁+Aq₁+An₁) + w₂ (Aa₂+Aq₂)/(Aa₂+Aq₂+An₂) over the abnormal recordings, clean (1) and noisy (2), where
    a, q, n are the answers abnormal, unsure, normal: on a noisy recording unsure is right. w is the share of clean
    (noisy) ones among the abnormal recordings of this reference. Sp is the same of the normal ones, MAcc = (Se + Sp)/2.
    A kind of recording that does not occur counts 0. Source: https://physionet.org/content/challenge-2016/1.0.0/

    >>> reference = {"a": ("abnormal", 1), "b": ("normal", 1), "c": ("normal", 0)}
    >>> official_score(reference, {"a": "abnormal", "b": "normal"}).macc  # c is missing, which is right as it is noisy
    1.0
    """
    if not reference:
        raise AuricleError("there are no recordings to score; give the reference of at least one")
    for name, answer in answers.items():
        if answer not in get_args(Answer):
            raise AuricleError(f'the answer "{answer}" to {name} is none; {nearest(answer, get_args(Answer))}')
        if name not in reference:
            raise AuricleError(f'there is an answer to "{name}", which the reference does not have; take it out')
    sensitivity, clean_abnormal = _of("abnormal", reference, answers)
    specificity, clean_normal = _of("normal", reference, answers)
    return Official(
        sensitivity=sensitivity,
        specificity=specificity,
        macc=(sensitivity + specificity) / 2,
        clean_abnormal=clean_abnormal,
        clean_normal=clean_normal,
        unsure=sum(answers.get(each, "unsure") == "unsure" for each in reference),
        recordings=len(reference),
    )


def answer(probability: float, *, unsure: tuple[float, float] = (0.5, 0.5)) -> Answer:
    """What is answered at a probability of abnormal: unsure lies strictly between the two thresholds.

    >>> [answer(p, unsure=(0.4, 0.6)) for p in (0.4, 0.5, 0.6)]
    ['normal', 'unsure', 'abnormal']
    """
    low, high = unsure
    if not 0 <= low <= high <= 1:
        raise AuricleError(f"unsure between {low:g} and {high:g} cannot be; give two probabilities, the lower first")
    return "unsure" if low < probability < high else "abnormal" if probability >= high else "normal"


def concerns(table: pa.Table) -> bool:
    """Whether predictions are of normal and abnormal recordings, all with a quality, as the Challenge has them."""
    rated = "quality" in table.column_names and not table["quality"].null_count
    return rated and set(facts_of(table).labels) == {"normal", "abnormal"}


def of_predictions(
    table: pa.Table, reference: pa.Table | None = None, *, unsure: tuple[float, float] = (0.5, 0.5)
) -> Official:
    """The official score of a table of predictions.

    ``reference`` has ``id``, the task's column and ``quality`` of all recordings, where some were not answered.
    """
    task = facts_of(table).task
    known = table if reference is None else reference
    quality = known["quality"].to_pylist()
    if None in quality:
        raise AuricleError("some recordings have no quality, so PhysioNet's score has no weights; complete the column")
    rows = zip(known["id"].to_pylist(), known[task].to_pylist(), quality, strict=True)
    probabilities = zip(table["id"].to_pylist(), table["p(abnormal)"].to_pylist(), strict=True)
    return official_score(
        {name: (condition, int(good)) for name, condition, good in rows},
        {name: answer(probability, unsure=unsure) for name, probability in probabilities},
    )


def _of(condition: str, reference: Mapping[str, tuple[str, int]], answers: Mapping[str, str]) -> tuple[float, float]:
    """The weighted share of right answers, and the share of clean recordings."""
    mine = {name: quality for name, (said, quality) in reference.items() if said == condition}
    if not mine:
        return 0.0, 0.0
    clean = [name for name, quality in mine.items() if quality]
    noisy = [name for name, quality in mine.items() if not quality]
    weight = len(clean) / len(mine)
    right = weight * _share(clean, answers, {condition}) + (1 - weight) * _share(noisy, answers, {condition, "unsure"})
    return right, weight


def _share(names: list[str], answers: Mapping[str, str], right: set[str]) -> float:
    return sum(answers.get(name, "unsure") in right for name in names) / len(names) if names else 0.0
