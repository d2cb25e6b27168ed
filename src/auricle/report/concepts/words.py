"""What a concepts page says of one clip, as plain values for its template."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.report.concepts.drawing import Depth, clip_data
from auricle.report.concepts.shares import Share, alike, equation, shares_of
from auricle.report.figures import number, percent, unbroken

if TYPE_CHECKING:
    from auricle.concepts.explained import ConceptExplanation
    from auricle.sonify import Sounds


def told_of(
    explained: ConceptExplanation,
    standard: Sounds,
    sounds: Sequence[Sounds],
    equal: Sequence[Sounds] | None,
    *,
    depth: Depth = "PCM_24",
) -> dict[str, Any]:
    """One clip with its maps and sounds, for the macro ``clip_piece``."""
    shares = shares_of(explained, sounds)
    clip, heard = explained.clip, standard.kept
    total, figures = float(explained.sums.sum()), alike([explained.sums.sum(), *explained.sums])
    same = (clip.sample_rate, clip.channels) == (heard.sample_rate, heard.channels)
    data = clip_data(explained, shares, standard, sounds, equal, depth=depth)
    return {
        "clip": clip,
        "target": explained.whole.subject,
        "shares": shares,
        "equal": equal is not None,
        "sum": figures[0],
        "sums": figures[1:],
        "parts": [part_text(share.sum, total) for share in shares],
        "equation": equation(total, [share.sum for share in shares]),
        "limit": data["maps"][0]["strongest"],
        "beyond": _beyond(explained, shares, data["maps"][0]["strongest"]),
        "resampled": "" if same else f"mono, {heard.sample_rate} Hz",
        "data": data,
    }


def part_text(value: float, total: float) -> str:
    """A share of all relevance in per cent; nothing where all of it is not positive, as then shares mean nothing.

    >>> part_text(1.0, 4.0), part_text(-0.5, 4.0), part_text(1.0, -2.0)
    ('25 %', '−12 %', '')
    """
    return f"{100 * value / total:.0f} %".replace("-", "−") if total > 0 else ""


def _beyond(explained: ConceptExplanation, shares: Sequence[Share], limit: float) -> str:
    """The names of the concepts that have cells stronger than the scale's end: where concepts oppose each other."""
    finite = np.nan_to_num(explained.maps, posinf=0.0, neginf=0.0)
    over = [share.name for share, values in zip(shares, finite, strict=True) if np.abs(values).max() > 1.005 * limit]
    return ", ".join(over)


def negatives(shares: Sequence[Share], target: str) -> list[str]:
    """A line for every share whose relevance as a whole is negative.

    >>> negatives([Share("concept-1", "1", "hum", ("", ""), -0.5, None, None, None)], "dog")
    ['“hum” speaks against dog here: its relevance sums to −0.500.']
    """
    lines = []
    for share in shares:
        if not share.against:
            continue
        text = f"“{share.name}” speaks against {target} here: its relevance sums to {alike([share.sum])[0]}."
        if share.removed is not None and share.removed < 0:
            text += f" Without it the logit rises by {alike([-share.removed])[0]}."
        lines.append(text)
    return lines


def sentence(shares: Sequence[Share], total: float, target: str) -> str:
    """What contributes most, in one sentence.

    >>> hum, click = (Share("", "", name, ("", ""), sum, 0, 0, 0) for name, sum in (("hum", 3.0), ("click", -1.0)))
    >>> sentence([hum, click], 2.0, "bee")
    'Most comes from “hum” (+3.00); “click” takes away 1.00, which leaves 2.00.'
    """
    positive = sorted((share for share in shares if share.sum > 0), key=lambda share: -share.sum)
    if not positive or total <= 0:
        return f"As a whole, the sound speaks against {target}: its relevance sums to {alike([total])[0]}."
    against = [share for share in shares if share.against]
    if against:  # shares of a sum that others lower would exceed it
        lost = -sum(share.sum for share in against)
        taken, left, *amounts = alike([lost, total, *(share.sum for share in positive[:2])])
        told = [f"“{share.name}” (+{text})" for share, text in zip(positive, amounts, strict=False)]
        names = " and ".join(f"“{share.name}”" for share in against)
        takes = "takes" if len(against) == 1 else "take"
        return f"Most comes from {', then from '.join(told)}; {names} {takes} away {taken}, which leaves {left}."
    told = [f"“{share.name}”, {part_text(share.sum, total)}" for share in positive[:2]]
    return unbroken(f"Most comes from {told[0]} of the relevance for {target}{', then from '.join(['', *told[1:]])}.")


def rows(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """Every share in figures; a dash where there is none."""
    total = sum(share.sum for share in shares)
    columns = [_column([getattr(share, name) for share in shares]) for name in ("sum", "total", "removed")]
    return [
        {
            "share": share,
            "sum": sums,
            "part": part_text(share.sum, total) or "–",
            "total": at_layer,
            "removed": _change(removed),
            "energy": "–" if share.energy is None else percent(share.energy),
        }
        for share, sums, at_layer, removed in zip(shares, *columns, strict=True)
    ]


def _column(values: Sequence[float | None]) -> list[str]:
    texts = iter(alike([value for value in values if value is not None]))
    return ["–" if value is None else next(texts) for value in values]


def _change(fall: str) -> str:
    """A fall of the logit as its change.

    >>> _change("1.20"), _change("−0.74"), _change("–")
    ('−1.20', '+0.74', '–')
    """
    if fall == "–" or not fall.strip("0."):
        return fall
    return f"+{fall[1:]}" if fall.startswith("−") else f"−{fall}"


def about_shares(explained: ConceptExplanation) -> str:
    """How the three bars hang together."""
    logit = _logit(explained)
    at_layer = float(explained.totals.sum())
    told = "" if logit is None else f" (the logit is {number(logit)})"
    return (
        f"Relevance shares out the score for {explained.whole.subject}, in logits. At the layer the concepts hold "
        f"{alike([at_layer])[0]}{told}. On the way from there to the input, biases give or take some, so the maps sum "
        f"to {alike([float(explained.sums.sum())])[0]}. The last bar shares nothing out: each concept was taken out of "
        "the layer on its own, and the network ran on. Hatched is negative."
    )


def _logit(explained: ConceptExplanation) -> float | None:
    prediction = explained.whole.prediction
    if explained.whole.target not in prediction.labels:
        return None
    value = float(prediction.logits[prediction.labels.index(explained.whole.target)])
    return value if math.isfinite(value) else None


def facts(explained: ConceptExplanation) -> list[tuple[str, str]]:
    """What the concepts are and how they were found."""
    concepts = explained.concepts
    return [
        ("layer", concepts.layer),
        ("concepts", ", ".join(explained.names)),
        *found_by(concepts[explained.label].statistics),
    ]


def found_by(statistics: dict[str, Any]) -> list[tuple[str, str]]:
    """The learner with its settings, as name and value."""
    if "learner" not in statistics:
        return []
    settings = {key: value for key, value in statistics.get("settings", {}).items() if value is not None}
    text = ", ".join(f"{key} {value}" for key, value in settings.items())
    return [("found by", statistics["learner"]), *([("its settings", text)] if text else [])]
