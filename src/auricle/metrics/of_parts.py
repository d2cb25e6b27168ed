"""What `measure` adds for explanations with components: rows, curves and a sentence about parts that have names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.methods.baselines import Baseline
from auricle.metrics.curves import Curve
from auricle.metrics.events import Interval, events
from auricle.metrics.flipping import flipping
from auricle.metrics.parts import Parts
from auricle.metrics.scores import Row, row
from auricle.metrics.sentence import sentence_of_parts
from auricle.metrics.stability import REPEATS, baseline_sensitivity, repeats, sample_size
from auricle.metrics.top_components import random_groups, top_components

if TYPE_CHECKING:
    from auricle.explanation import Explanation

TOP = 3
"""Parts that the sentence speaks of, at most, and never more than half of all."""
ORDERS = 4
"""Random orders behind the control of a curve, at most."""


@dataclass
class Found:
    """What was measured on an explanation's components."""

    rows: list[Row] = field(default_factory=list)
    curves: dict[str, dict[str, Curve]] = field(default_factory=dict)
    sentence: str | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


def measure_parts(
    explanation: Explanation,
    *,
    steps: int,
    draws: int,
    seed: int,
    legacy: bool,
    curves: bool,
    asked_repeats: int | None,
    baselines: Baseline | bool | None,
) -> Found:
    """Flipping, adding, top-k, stability and baselines, each where it can be measured; see `measure`."""
    found = Found()
    contributions = explanation.contributions
    if contributions is None:
        return found
    if contributions.components.disjoint:
        parts = Parts.of(explanation)
        if curves:
            _flip(found, explanation, parts, steps=steps, draws=min(draws, ORDERS), seed=seed, legacy=legacy)
        _top(found, explanation, parts, seed=seed)
        _say(found, parts, draws=draws, seed=seed)
    _stability(found, explanation, asked_repeats)
    if baselines or (baselines is None and len(contributions.tables) > 1):
        each = baseline_sensitivity(explanation, None if isinstance(baselines, bool) else baselines)
        found.rows += [row("baseline change", each.change, {}), row("baseline agreement", each.agreement, {})]
        found.details["baselines"] = {
            "names": list(each.names), "weights": each.weights.tolist(), "same_top": each.same_top
        }  # fmt: skip
    return found


def measure_events(explanation: Explanation, intervals: Sequence[Interval], *, draws: int, seed: int) -> list[Row]:
    """The rows of annotated events, for any explanation."""
    at = events(explanation, intervals, draws=draws, seed=seed)
    values = {"auc": at.auc, "hit": float(at.hit), "share": at.share}
    return [row(f"event {'AUC' if name == 'auc' else name}", values[name], at.controls[name]) for name in values]


def _flip(
    found: Found, explanation: Explanation, parts: Parts, *, steps: int, draws: int, seed: int, legacy: bool
) -> None:
    flipped = flipping(explanation, steps=steps, draws=draws, seed=seed, legacy=legacy)
    for name, lines in (("flipping", flipped.removing), ("adding", flipped.adding)):
        areas = {whose: curve.auc for whose, curve in lines.items()}
        found.rows.append(row(name, areas.pop("explanation"), areas))
        # The page has a colour for each of these.
        found.curves[name] = {whose: lines[whose] for whose in ("explanation", "random", "energy")}
    if not _is_said(parts):
        return  # "prediction unchanged" says nothing about a class that was not predicted
    for name, delta in (("flipping ΔAUC", flipped.delta), ("adding ΔAUC", flipped.delta_added)):
        others = {whose: 100.0 * delta(whose) for whose in ("random", "energy", "least first")}
        found.rows.append(row(name, 100.0 * delta("explanation"), others))


def _top(found: Found, explanation: Explanation, parts: Parts, *, seed: int) -> None:
    if parts.c != int(parts.whole().argmax()):
        return  # the top tag says nothing about a class that was not predicted
    same = top_components(explanation, seed=seed)
    means = same.means()
    if means is not None:
        found.rows.append(row("top-k same", means[0], {"random": means[1]}))
    found.details["top-k"] = {"k": list(same.sizes), "same": list(same.same), "random": list(same.random)}


def _stability(found: Found, explanation: Explanation, asked: int | None) -> None:
    again = repeats(explanation, count=REPEATS if asked is None else asked, free=asked is None)
    if again is None:
        return
    found.rows += [row("U_n", again.union, {}), row("rank agreement", again.spearman, {})]
    found.details["stability"] = {
        "repeats": len(again.weights), "top": again.top, "kendall": again.kendall, "fixed": again.fixed
    }  # fmt: skip
    size = None if asked is None else sample_size(explanation, repeats=asked)
    if size is not None:
        found.details["stability"]["samples"] = {
            "rule": size.rule, "needed": size.needed, "unions": {str(n): u for n, u in size.unions.items()}
        }  # fmt: skip


def _say(found: Found, parts: Parts, *, draws: int, seed: int) -> None:
    """Probabilities and the sentence of the top parts alone, beside as many parts drawn from all."""
    whole, labels, c = parts.whole(), parts.classifier.labels, parts.c
    chosen = parts.positive(seed=seed)[: min(TOP, max(len(parts) // 2, 1))]
    if len(chosen) == 0:
        return  # the sentence about an empty mask says that
    by_chance = random_groups(np.arange(len(parts)), len(chosen), draws, np.random.default_rng(seed))
    heard = parts.probabilities(parts.only(chosen, *by_chance))
    kept, random = heard[0], float(heard[1:, c].mean())
    multi = parts.classifier.multi_label
    found.probabilities = {"top parts": float(kept[c]), "random parts": random}
    found.sentence = sentence_of_parts(
        [parts.components.names[k] for k in chosen],
        count=len(parts),
        label=labels[c],
        said=labels[int(whole.argmax())],
        heard=labels[int(kept.argmax())],
        heard_probability=float(kept.max()),
        original=float(whole[c]),
        kept=float(kept[c]),
        random=random,
        named=bool(kept[c] >= 0.5) if multi else int(kept.argmax()) == c,
    )


def _is_said(parts: Parts) -> bool:
    """Whether the model says the class about the whole sound."""
    whole = parts.whole()
    return bool(whole[parts.c] >= 0.5) if parts.classifier.multi_label else int(whole.argmax()) == parts.c
