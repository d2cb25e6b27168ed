"""What a page and a plot say about the parts of the sound: weights in order, their sounds, and every class."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.clip import Clip
from auricle.sonify.parts import listen, most_important

if TYPE_CHECKING:
    from auricle.components import Components
    from auricle.explanation import Explanation
    from auricle.methods.coalitions.contributions import Contributions

MOST_HEARD = 12
"""Parts whose own sound is on the page, and that are drawn."""
MOST_ROWS = 500
"""Parts that a page lists; a file has them all."""
MOST_CLASSES = 20
"""Classes of which a page shows the weights."""
TOP = 3
"""Parts that are heard together, where there are at least twice as many."""

UNITS = {"logit": "logits", "probability": "probability", "log-odds": "log-odds"}


def score_unit(explanation: Explanation) -> str:
    """What the weights of components are measured in."""
    if explanation.classifier.outputs == "values":
        return "the model's own units"
    score = str(getattr(explanation.method, "score", "logit"))
    if score == "logit" and explanation.classifier.outputs == "probabilities":
        return "log-odds" if explanation.classifier.multi_label else "log-probability"
    return UNITS.get(score, score)


def strongest(weights: np.ndarray, most: int = MOST_HEARD) -> list[int]:
    """The parts with the largest weights for or against, in the order of their weight.

    >>> strongest(np.array([0.1, -3.0, 2.0, 0.0]), 2)
    [2, 1]
    """
    order = np.argsort(-np.abs(weights), kind="stable")[:most]
    return sorted((int(k) for k in order), key=lambda k: -weights[k])


def errors_of(found: Contributions) -> np.ndarray | None:
    """Standard errors of the target's weights; None where none are known, or the weights are exact."""
    if found.errors is None or not bool((found.errors[:, 0] > 0).any()):
        return None
    return found.errors[:, 0].numpy()


def told(explanation: Explanation) -> dict[str, Any] | None:
    """Everything that the section about parts says; None where there are no components."""
    found = explanation.contributions
    if found is None:
        return None
    weights = found.weights[:, 0].numpy()
    errors = errors_of(found)
    spans = np.zeros_like(weights) if errors is None else np.nan_to_num(errors)
    low, high = min(float((weights - spans).min()), 0.0), max(float((weights + spans).max()), 0.0)
    heard = strongest(weights)
    silent = sorted(set(range(len(weights))) - set(heard), key=lambda k: -weights[k])
    digits = decimals(max(high, -low))
    rows = {
        k: _row(found, k, None if errors is None else float(errors[k]), low, high, digits)
        for k in [*heard, *silent[:MOST_ROWS]]
    }
    return {
        "kind": found.components.text,
        "count": len(weights),
        "heard": [rows[k] for k in heard],
        "others": [rows[k] for k in silent[:MOST_ROWS]],
        "left_out": max(len(silent) - MOST_ROWS, 0),
        "zero": _percent(0.0, low, high),
        "exact": found.errors is not None and errors is None,
        "of_values": explanation.classifier.outputs == "values",
        "unit": score_unit(explanation),
        "full": float(found.full[0]),
        "empty": float(found.empty[0]),
        "forwards": found.forwards,
        "baseline": found.baseline,
        "rate": found.components.sample_rate,
        "overlap": not found.components.disjoint,
        "classes": _classes(explanation, found, heard),
    }


def sources(explanation: Explanation) -> list[tuple[str, str, Clip, int | None]]:
    """What can be heard besides the kept and the removed part: id, name, sound, and of which component it is."""
    found = explanation.contributions
    if found is None:
        return []
    weights = found.weights[:, 0].numpy()
    top = most_important(weights, found.components, heard_together(len(weights)))
    sounds: list[tuple[str, str, Clip, int | None]] = []
    if top:
        for mode, name in (("only", f"top {len(top)} only"), ("without", f"without top {len(top)}")):
            sounds.append((mode, name, listen(explanation.clip, found, top=len(top), mode=mode), None))  # type: ignore[arg-type]
    names = found.components.names
    own = {k: (f"part-{k}", names[k], own_sound(found.components, k), k) for k in strongest(weights)}
    return [*sounds, *own.values()]


def heard_together(count: int) -> int:
    """How many of so many parts are heard together: at most half, so that they are not simply the clip.

    >>> heard_together(12), heard_together(4), heard_together(2), heard_together(1)
    (3, 2, 1, 1)
    """
    return max(min(TOP, count // 2), 1)


def own_sound(components: Components, k: int) -> Clip:
    """One component as a sound of its own length; ``start_seconds`` says where in the clip it begins."""
    for block in components.own:
        if k in block.which:
            sound = block.values[block.which.index(k)].float().numpy()
            start = block.start / components.sample_rate
            return Clip(sound, components.sample_rate, components.names[k], None, start)
    raise KeyError(k)


def table_csv(explanation: Explanation) -> str:
    """All components as CSV, in the clip's order, with the weights for every class."""
    target = io.StringIO()
    rows = explanation.components(all_classes=True)
    labels = list(rows[0].classes or ())
    head = ["component", "weight", "standard_error", "start", "end", "low", "high", "source"]
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*head, *labels])
    for row in rows:
        place = [row.name, row.weight, row.standard_error, row.start, row.end, row.low, row.high, row.source]
        writer.writerow(["" if value is None else value for value in (*place, *(row.classes or {}).values())])
    return target.getvalue()


def recorded(explanation: Explanation) -> dict[str, Any] | None:
    """The components for ``explanation.json``."""
    found = explanation.contributions
    if found is None:
        return None

    def by_class(values: Any) -> dict[str, float]:
        return dict(zip(found.labels, values[1:].tolist(), strict=True))

    parts = []
    for k, row in enumerate(explanation.components(all_classes=True).to_dicts()):
        errors = None if found.errors is None else by_class(found.errors[k])
        parts.append({**row, "class_standard_errors": errors})
    return {
        "kind": found.components.text,
        "score": str(getattr(explanation.method, "score", "logit")),
        "unit": score_unit(explanation),
        "baseline": found.baseline,
        "forwards": found.forwards,
        "full": {"target": float(found.full[0]), "classes": by_class(found.full)},
        "empty": {"target": float(found.empty[0]), "classes": by_class(found.empty)},
        "parts": parts,
    }


def decimals(largest: float) -> int:
    """Decimal places that leave three digits of the largest of several figures.

    >>> decimals(14.2), decimals(6.3), decimals(0.004)
    (1, 2, 5)
    """
    return max(2 - math.floor(math.log10(largest)), 0) if largest > 0 else 2


def small(error: float, digits: int) -> str:
    """A standard error beside a weight with so many decimal places.

    >>> small(0.031, 2), small(0.0004, 2)
    ('0.03', 'less than 0.01')
    """
    least = 10.0**-digits
    return f"less than {least:.{digits}f}" if 0 < error < least / 2 else figure(error, digits).lstrip("+")


def figure(value: float, digits: int) -> str:
    """A signed weight with so many decimal places.

    >>> figure(-0.5551, 2), figure(0.001, 2)
    ('−0.56', '0.00')
    """
    text = f"{value:+.{digits}f}"
    return (text if float(text) else text[1:]).replace("-", "−")


def _row(
    found: Contributions, k: int, error: float | None, low: float, high: float, digits: int
) -> dict[str, Any]:
    each = found.components.each[k]
    weight = float(found.weights[k, 0])
    ends = sorted((_percent(0.0, low, high), _percent(weight, low, high)))
    reach = error if error is not None and np.isfinite(error) else 0.0
    whisker = (_percent(weight - reach, low, high), _percent(weight + reach, low, high))
    return {
        "id": f"part-{k}",
        "name": each.name,
        "weight": weight,
        "figure": figure(weight, digits),
        "error": None if error is None else small(error, digits),
        "start": each.start,
        "end": each.end,
        "low": each.low,
        "high": each.high,
        "bar": (ends[0], ends[1] - ends[0]),
        "whisker": (whisker[0], whisker[1] - whisker[0]) if reach else None,
    }


def _classes(explanation: Explanation, found: Contributions, heard: Sequence[int]) -> dict[str, Any]:
    """Weights of the strongest parts for every class, the explained class first, then the most probable."""
    order = list(np.argsort(-explanation.prediction.logits, kind="stable"))
    order.sort(key=lambda c: found.labels[c] != explanation.target)
    shown = [int(c) for c in order[:MOST_CLASSES]]
    weights, full, empty = found.weights[:, 1:].numpy(), found.full[1:].numpy(), found.empty[1:].numpy()
    digits = decimals(float(np.abs(weights[np.ix_(heard, shown)]).max()))

    def told_of(values: np.ndarray) -> list[str]:
        return [figure(float(values[c]), digits) for c in shown]

    return {
        "labels": [found.labels[c] for c in shown],
        "left_out": len(order) - len(shown),
        "rows": [(found.components.names[k], told_of(weights[k])) for k in heard],
        "full": told_of(full),
        "empty": told_of(empty),
    }


def _percent(value: float, low: float, high: float) -> float:
    span = high - low
    return 100.0 * (value - low) / span if span > 0 else 50.0
