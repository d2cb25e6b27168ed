"""How much the known mistakes of published tables would have changed this one, measured on the same cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.protocols.comparing import Comparison
from auricle.protocols.masks import ENERGY, EVERYTHING, ORACLE, RANDOM

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pitfall:
    """A mistake, and what it would have done here, in one sentence with figures."""

    name: str
    sentence: str


def pitfalls(found: Comparison) -> list[Pitfall]:
    """The mistakes whose size can be told from this comparison."""
    told = [
        _softmaxed_twice(found.rows),
        _halved(found.rows),
        _not_calibrated(found.rows),
        _without_controls(found.rows),
        _true_label(found.clips),
        _silent(found.rows),
    ]
    return [each for each in told if each is not None]


def _softmaxed_twice(rows: Sequence[Row]) -> Pitfall | None:
    both = [(row["AD"], row["AD legacy"]) for row in rows if "AD legacy" in row and row["explainer"] == RANDOM]
    if not both:
        return None
    right, published = np.mean(both, axis=0)
    return Pitfall(
        "softmax twice",
        f"The average drop of a random mask is {right:.1f} %; with a second softmax, as published, it reads "
        f"{published:.1f} %.",
    )


def _halved(rows: Sequence[Row]) -> Pitfall | None:
    held = [(row["Fid-In"], row["Fid-In legacy"]) for row in rows if "Fid-In legacy" in row and _best(rows, row)]
    if not held:
        return None
    right, published = np.mean(held, axis=0)
    return Pitfall(
        "divided by 2N",
        f"Fid-In of the best explainer is {right:.2f}; divided by twice the number of clips, as the published "
        f"in-domain rows very probably were, it reads {published:.2f}.",
    )


def _best(rows: Sequence[Row], row: Row) -> bool:
    names = {each["explainer"] for each in rows if each["kind"] in ("mask", "map")}
    return bool(names) and row["explainer"] == max(names, key=lambda name: _mean(rows, name, "Fid-In"))


def _not_calibrated(rows: Sequence[Row]) -> Pitfall | None:
    pairs = [
        (each, f"{each}, |R| / max")
        for each in dict.fromkeys(row["explainer"] for row in rows if row["kind"] == "map")
        if any(row["explainer"] == f"{each}, |R| / max" for row in rows)
    ]
    if not pairs:
        return None
    told = "; ".join(
        f"{name} AI {_mean(rows, published, 'AI'):.0f} instead of {_mean(rows, name, 'AI'):.0f} %, area "
        f"{100 * _mean(rows, published, 'MM'):.1f} instead of {100 * _mean(rows, name, 'MM'):.1f} %"
        for name, published in pairs
    )
    return Pitfall("maps not calibrated", f"With |R| / max as the mask, as published: {told}.")


def _without_controls(rows: Sequence[Row]) -> Pitfall | None:
    kinds = (RANDOM, ENERGY, EVERYTHING, ORACLE)
    known = [name for name in kinds if any(row["explainer"] == name for row in rows)]
    if not known:
        return None
    told = ", ".join(f"{name} {_mean(rows, name, 'Fid-In'):.2f}" for name in known)
    return Pitfall("no controls", f"Fid-In of masks that know nothing of the model: {told}.")


def _true_label(clips: Sequence[Row]) -> Pitfall | None:
    if not clips:
        return None
    other = sum(not set(row["labels"]) & set(row["predicted"]) for row in clips)
    return Pitfall(
        "the true label explained",
        f"In {other} of {len(clips)} clips the model does not say the label of the first sound; an explanation for it "
        "explains a decision that was not made.",
    )


def _silent(rows: Sequence[Row]) -> Pitfall | None:
    own = [row for row in rows if row["kind"] in ("mask", "map")]
    if not own:
        return None
    empty = sum(row["MM"] == 0.0 for row in own)
    return Pitfall(
        "empty masks left out",
        f"{empty} of {len(own)} masks are empty; they count here, with a sparseness of 0, and were left out of "
        "published means.",
    )


def _mean(rows: Sequence[Row], explainer: str, column: str) -> float:
    return float(np.mean([row[column] for row in rows if row["explainer"] == explainer]))
