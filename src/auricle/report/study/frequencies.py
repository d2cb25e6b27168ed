"""The frequencies that each class is recognised by, told so that a shortcut stands out: a hum, a rumble, a hiss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MAINS = (50.0, 60.0)
HUM_ENDS = 200.0
"""A range that reaches mains hum and ends here or lower holds hum and its first multiples, and hardly a sound else."""
ALONE = 0.5
"""A range is of one class alone if at least this share of its hertz lies in no other class's ranges."""

Range = tuple[float, float]


def ranges_by_class(rows: Sequence[Mapping[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of ``frequency_ranges`` of one method, one entry a class in the ``order`` of labels.

    Each of its ``ranges``: low, high, share of relevance within, agreement over draws of clips, whether it is the
    class's ``alone`` (of several classes), and whether it is where mains hum is.
    """
    by: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by.setdefault(row["class"], []).append(row)
    places = {label: place for place, label in enumerate(order)}
    told = []
    for label in sorted(by, key=lambda each: (places.get(each, len(places)), each)):
        others = [_ends(row) for other, several in by.items() if other != label for row in several]
        ranges = [
            [*_ends(row), row["share"], row["agreement"], len(by) > 1 and is_alone(_ends(row), others),
             is_hum(_ends(row))]
            for row in by[label]
        ]  # fmt: skip
        told.append({"class": label, "clips": by[label][0]["clips"], "ranges": ranges})
    return told


def is_hum(ends: Range) -> bool:
    """Whether a range in hertz holds mains hum and little else.

    >>> is_hum((30.0, 110.0)), is_hum((80.0, 570.0)), is_hum((0.0, 4000.0))
    (True, False, False)
    """
    low, high = ends
    return low <= MAINS[1] and MAINS[0] <= high <= HUM_ENDS


def is_alone(ends: Range, others: Sequence[Range]) -> bool:
    """Whether most of a range lies in none of the others.

    >>> is_alone((0.0, 100.0), [(90.0, 500.0)]), is_alone((0.0, 100.0), [(40.0, 500.0)])
    (True, False)
    """
    low, high = ends
    shared, reached = 0.0, low
    for start, end in sorted(others):
        start, end = max(start, reached), min(end, high)
        if end > start:
            shared, reached = shared + end - start, end
    return high - low - shared >= ALONE * (high - low)


def range_text(low: float, high: float) -> str:
    """A range as words.

    >>> range_text(263.7, 645.4), range_text(900.0, 1744.0), range_text(1240.0, 3106.0)
    ('264–645 Hz', '0.9–1.74 kHz', '1.24–3.11 kHz')
    """
    factor, unit = (1000.0, "kHz") if high >= 1000.0 else (1.0, "Hz")
    return f"{low / factor:.3g}–{high / factor:.3g} {unit}"


def _ends(row: Mapping[str, Any]) -> Range:
    return float(row["low"]), float(row["high"])
