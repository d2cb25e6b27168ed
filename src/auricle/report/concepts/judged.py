"""What ``auricle concepts evaluate`` found, as the tables of the index page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auricle.report.figures import number, setting


def judged(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values for the template: ``areas`` by method, ``between`` classes with tints, ``apart``, and how it came.

    ``between`` and ``apart`` are None where they were not measured, ``not_between`` says why classes could not be.
    """
    return {
        "clips": evaluation["clips"],
        "of": evaluation["of"],
        "flipping": setting(evaluation["flipping"]),
        "areas": [
            {"name": row["name"], "area": interval(row["mean"]), "difference": interval(row["difference"])}
            for row in evaluation["aupc"]
        ],
        "between": _between(evaluation["inter_class"]) if evaluation.get("inter_class") else None,
        "not_between": evaluation.get("not_between"),
        "apart": [
            {"name": name, "mean": number(each["mean"]), "error": number(each["standard_error"])}
            for name, each in (evaluation.get("disentangled") or {}).items()
        ],
    }


def interval(value: Mapping[str, Any] | None) -> str:
    """A mean with its interval.

    >>> interval({"mean": 0.25, "low": 0.125, "high": 0.5}), interval(None)
    ('0.250 (0.125 to 0.500)', '–')
    """
    if value is None:
        return "–"
    if value["low"] is None or value["high"] is None:
        return number(value["mean"])
    return f"{number(value['mean'])} ({number(value['low'])} to {number(value['high'])})"


def _between(found: Mapping[str, Any]) -> dict[str, Any]:
    labels, summary = found["labels"], found["summary"]
    strongest = max(abs(value) for row in found["matrix"] for value in row) or 1.0
    rows = [
        {
            "label": label,
            "best": best,
            "random": number(random),
            "cells": [
                {
                    "text": number(value),
                    "tint": round(0.75 * abs(value) / strongest, 3),
                    "negative": value < 0,
                    "own": other == label,
                }
                for other, value in zip(labels, row, strict=True)
            ],
        }
        for label, best, random, row in zip(
            labels, found["row_maximum"], found["random"], found["matrix"], strict=True
        )
    ]
    return {
        "labels": labels,
        "rows": rows,
        "maxima": summary["row_maxima"],
        "own": interval(summary["diagonal"]),
        "others": interval(summary["off_diagonal"]),
        "random": interval(summary["random"]),
    }
