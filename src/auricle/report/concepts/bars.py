"""Signed bars one on another: what is positive to the right of zero, what is negative to its left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auricle.report.concepts.shares import Share, alike


def stacks(shares: Sequence[Share]) -> list[dict[str, Any]]:
    """Three bars of the shares on one scale: of their maps, of the layer, and of what the logit loses without each."""
    kinds: list[tuple[str, str, list[float | None]]] = [
        ("relevance", "Σ of each map, at the input", [share.sum for share in shares]),
        ("at the layer", "relevance where the concepts are", [share.total for share in shares]),
        ("logit without it", "by how much it falls when the concept is taken out", [share.removed for share in shares]),
    ]
    scale = extent([[value or 0.0 for value in values] for _, _, values in kinds])
    return [_stack(name, meaning, shares, values, scale) for name, meaning, values in kinds]


def _stack(
    name: str, meaning: str, shares: Sequence[Share], values: Sequence[float | None], scale: tuple[float, float]
) -> dict[str, Any]:
    """One bar; shares without a value have no part in it."""
    known = [(share, value) for share, value in zip(shares, values, strict=True) if value is not None]
    numbers = [value for _, value in known]
    return {
        "name": name,
        "meaning": meaning,
        "zero": zero(scale),
        "total": alike([sum(numbers)])[0],
        "parts": [
            {"name": share.name, "colour": share.colour, "figure": figure, **part}
            for (share, _), figure, part in zip(known, alike(numbers), laid(numbers, scale), strict=True)
        ],
    }


def extent(bars: Sequence[Sequence[float]]) -> tuple[float, float]:
    """How far the longest bar reaches to either side.

    >>> extent([[2.0, -1.0, 3.0], [-0.5, -2.0]])
    (-2.5, 5.0)
    """
    low = min(sum(min(value, 0.0) for value in values) for values in bars)
    high = max(sum(max(value, 0.0) for value in values) for values in bars)
    return low, high


def zero(scale: tuple[float, float]) -> float:
    """The place of zero on a scale, in per cent."""
    low, high = scale
    return -100 * low / ((high - low) or 1.0)


def laid(values: Sequence[float], scale: tuple[float, float]) -> list[dict[str, Any]]:
    """Left end and width of every part of a bar, in per cent of the scale.

    >>> [(part["left"], part["width"]) for part in laid([2.0, -1.0, 1.0], (-1.0, 3.0))]
    [(25.0, 50.0), (0.0, 25.0), (75.0, 25.0)]
    """
    low, high = scale
    span = (high - low) or 1.0
    parts, up, down = [], 0.0, 0.0
    for value in values:
        begin = up if value >= 0 else down + value
        up, down = up + max(value, 0.0), down + min(value, 0.0)
        parts.append(
            {"left": 100 * (begin - low) / span, "width": 100 * abs(value) / span, "negative": value < 0}
        )
    return parts
