"""What an explanation says about itself: does it add up, what did biases absorb, which functions had no rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from auricle.axes import Axes
from auricle.methods.base import Attribution, Check

TOLERANCE = 0.01
"""A gap in the sum above this share of the score is a warning."""

BIAS_SHARE = 0.75
"""Biases that absorb more than this share of the score leave too little to explain."""


def checks_of(
    parts: Sequence[Attribution], relevance: np.ndarray, axes: Axes, seconds: float
) -> list[Check]:
    """The checks of one clip from the attributions of its windows."""
    return [*_sum(parts), *_functions(parts), *_baseline(parts), _padding(relevance, axes, seconds), _sign(relevance)]


def _sum(parts: Sequence[Attribution]) -> list[Check]:
    if parts[0].expected is None:
        text = "This method does not promise that its relevance adds up to the score, so there is nothing to check."
        return [Check("sum", "no promise", None, text)]
    total = sum(float(part.relevance.sum()) for part in parts)
    score = sum(float(part.expected.sum()) for part in parts if part.expected is not None)
    gap = max(float(part.gap().max()) for part in parts if part.expected is not None)  # type: ignore[union-attr]
    absorbed = [float(part.absorbed.sum()) for part in parts if part.absorbed is not None]
    whole = "score" if absorbed else "score's difference from the baseline"
    name = "conservation" if absorbed else "completeness"
    text = f"The relevance sums to {total:.3g} and the {whole} is {score:.3g}"
    text += f"; biases and ε absorb {sum(absorbed):.3g}; " if absorbed else "; "
    text += f"what is left unexplained is {_percent(gap)} of the score."
    adds_up = gap < TOLERANCE
    found = [Check(name, gap, adds_up, text if adds_up else text + " Read the picture with care.")]
    if absorbed:
        share = sum(absorbed) / score if score else float("nan")
        few = None if abs(share) < BIAS_SHARE else False
        text = f"Biases and ε absorb {100 * share:.3g} % of the score: that is the network's part, not the sound's."
        found.append(Check("bias share", share, few, text))
    return found


def _percent(share: float) -> str:
    """A share as a person reads it.

    >>> _percent(0.0123), _percent(1e-7)
    ('1.2 %', 'less than 0.01 %')
    """
    return f"{100 * share:.2g} %" if share >= 1e-4 else "less than 0.01 %"


def _functions(parts: Sequence[Attribution]) -> list[Check]:
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.unruled)
    if counts:
        names = ", ".join(sorted(counts))
        text = (
            f"The network uses functions that this method has no rule for ({names}); their plain gradient was used, "
            "so the sum need not hold."
        )
        return [Check("functions without a rule", names, False, text)]
    if parts[0].expected is None or parts[0].absorbed is None:
        return []
    return [Check("functions without a rule", "none", True, "Every function of the network on the way had a rule.")]


def _baseline(parts: Sequence[Attribution]) -> list[Check]:
    if parts[0].baseline is None:
        return []
    return [Check("baseline", parts[0].baseline, None, f"What counts as absent: {parts[0].baseline}.")]


def _padding(relevance: np.ndarray, axes: Axes, seconds: float) -> Check:
    amount = np.abs(relevance)
    outside = (axes.seconds[1:] <= 0) | (axes.seconds[:-1] >= seconds)
    share = float(amount[..., outside].sum() / amount.sum()) if amount.any() else 0.0
    passed = None if share < 0.5 else False
    shown = _percent(share)
    text = f"{shown[0].upper()}{shown[1:]} of the relevance lies on silence that was padded around the clip."
    return Check("padding share", share, passed, text)


def _sign(relevance: np.ndarray) -> Check:
    if not np.isfinite(relevance).all():
        return Check("values", "not finite", False, "Some relevance is NaN or infinite; nothing can be read from it.")
    if not relevance.any():
        text = "All relevance is zero: the method found nothing that speaks for or against the target."
        return Check("values", "all zero", False, text)
    if not (relevance > 0).any():
        text = "No relevance is positive: the method found nothing that speaks for the target."
        return Check("values", "none positive", False, text)
    return Check("values", "finite", True, "The relevance is finite and not empty.")
