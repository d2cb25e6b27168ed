"""How concepts were found and what is known of how good they are, for reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from auricle.report.figures import number, setting

if TYPE_CHECKING:
    from auricle.concepts.concepts import Concepts

PLACES = {"model_path", "task", "split", "scheme", "fold"}
"""Facts that tell a program where things were; not for a page that is passed on."""
EVALUATION = "evaluation"
"""What `auricle.report.concepts.judged` tells in tables of its own."""


def facts_of(concepts: Concepts) -> list[dict[str, Any]]:
    """Everything that was written down with the concepts: of each fact a name, and a value, rows or pairs.

    Lists of mappings become tables; whatever a later measurement adds is shown too.
    """
    found = []
    for name, value in concepts.facts.items():
        if name in PLACES or name == EVALUATION or value in (None, {}, [], ""):
            continue
        title = name.replace("_", " ")
        if isinstance(value, Mapping):
            pairs = [(str(key).replace("_", " "), _text(each)) for key, each in value.items() if each is not None]
            found.append({"name": title, "pairs": pairs})
        elif isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
            heads = list(dict.fromkeys(key for each in value for key in each))
            rows = [[_text(each.get(head)) for head in heads] for each in value]
            found.append({"name": title, "heads": [head.replace("_", " ") for head in heads], "rows": rows})
        else:
            found.append({"name": title, "pairs": [("", _text(value))]})
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return setting(value) if value is not None else "–"
    return number(value)


def fits_of(concepts: Concepts) -> list[dict[str, str]]:
    """Of every class how well its concepts could be found: what was reached, and whether other seeds find the same."""
    rows = []
    for label, subspaces in concepts.subspaces.items():
        known = subspaces.statistics
        starts = (known.get("history") or {}).get("starts") or []
        names = concepts.names_of(label)
        garbage = [names[k] for k in known.get("garbage") or []]
        rows.append(
            {
                "label": label,
                "learner": str(known.get("learner", "–")),
                "sizes": _sizes(subspaces.sizes, subspaces.channels),
                "objective": number(known.get("objective")),
                "starts": f"{number(min(starts))} to {number(max(starts))}" if len(starts) > 1 else "–",
                "held_out": number(known.get("held_out")),
                "stability": number(known.get("stability")),
                "chance": number(known.get("stability_by_chance")),
                "garbage": ", ".join(garbage),
            }
        )
    return rows


def _sizes(sizes: tuple[int, ...], channels: int) -> str:
    """Directions of each concept, of all there are.

    >>> _sizes((4, 4), 16), _sizes((2, 3), 8)
    ('2 × 4 of 16', '2 + 3 of 8')
    """
    same = f"{len(sizes)} × {sizes[0]}" if len(set(sizes)) == 1 else " + ".join(map(str, sizes))
    return f"{same} of {channels}"
