"""What the first page says of a study: headline, whether relevance is to be trusted, ranking, settings, costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auricle.report.study.wording import word
from auricle.study.plan import Plan
from auricle.study.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

RANKED = (
    "relevant-random",
    "p_relevant",
    "FF",
    "AD",
    "deletion",
    "insertion",
    "loc_mass",
    "loc_iou",
    "sanity",
    "stability",
)
"""Scores whose ranking is shown at once, in this order; the others fold away."""
QUESTIONS = {
    (True, "predicted"): "Right predictions",
    (False, "predicted"): "Wrong predictions, explained for what was predicted",
    (False, "true"): "Wrong predictions, explained for the true class",
    (False, "contrast"): "Wrong predictions, explained for what was predicted against the true class",
}


def summary(
    store: Store, plan: Plan, clips: Sequence[Mapping[str, Any]], tables: Mapping[str, pa.Table], methods: Sequence[str]
) -> dict[str, Any]:
    """Values for the template of the first page."""
    right = sum(bool(clip["correct"]) for clip in clips)
    faith = _faithfulness(tables)
    manifest = json.loads(store.read("manifest.json")) if store.exists("manifest.json") else {}
    subject = plan.subject
    return {
        "title": f"{subject.dataset.name}: {len(clips):,} clips explained by {len(methods)} "
        f"method{'' if len(methods) == 1 else 's'}",
        "headline": f"{right:,} of {len(clips):,} clips are recognised",
        "sentence": verdict(faith[0]["rows"])
        if faith
        else "The stage evaluate was not run, so nothing is said about trust.",
        "model": ", ".join(dict.fromkeys(Path(part.model).name for part in subject.parts)),
        "notes": [*manifest.get("notes", subject.notes)],
        "faith": faith,
        "ranked": _ranked(tables),
        "config": json.dumps(manifest.get("config", plan.config.model_dump(mode="json")), indent=2, ensure_ascii=False),
        "manifest": manifest,
        "stages": list(manifest.get("stages", {}).items()),
        "regions": _region_settings(store, methods),
    }


def verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    """One sentence over all methods, from rows of the table of faithfulness.

    >>> print(verdict([{"method": "lrp", "outcome": "beats"}]))
    What lrp calls relevant tells the model more than random parts of the same sizes do.
    >>> print(verdict([{"method": "lrp", "outcome": "not judged"}]))
    No prediction is right, so whether relevance is to be trusted is not judged.
    """
    by: dict[str, list[str]] = {}
    for row in rows:
        by.setdefault(row["outcome"], []).append(row["method"])
    parts = []
    if "beats" in by:
        verb = "calls" if len(by["beats"]) == 1 else "call"
        parts.append(
            f"What {_and(by['beats'])} {verb} relevant tells the model more than random parts of the same sizes do"
        )
    if "does not" in by:
        parts.append(
            f"this could not be shown for {_and(by['does not'])}"
            if parts
            else f"For {_and(by['does not'])} it could not be shown that relevant parts tell the model "
            f"more than random ones"
        )
    if "worse" in by:
        parts.append(f"{'for' if parts else 'For'} {_and(by['worse'])} random parts tell it more")
    if "not judged" in by and not parts:
        parts.append("No prediction is right, so whether relevance is to be trusted is not judged")
    if "untested" in by and not parts:
        parts.append("There are too few clips to say whether relevant parts tell the model more than random ones")
    return "; ".join(parts) + "."


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _faithfulness(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """The rows of all clips by question and level; right predictions at their own level first."""
    if "faithfulness" not in tables:
        return []
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in tables["faithfulness"].to_pylist():
        if row["by"] == "all":
            found.setdefault((row["right"], row["asked"], row["level"]), []).append(row)
    order = [(*question, level) for question in QUESTIONS for level in ("own", "held")]
    return [
        {
            "name": QUESTIONS[key[0], key[1]],
            "level": key[2],
            "rows": sorted(found[key], key=lambda row: -(row["difference"] or -9)),
        }
        for key in order
        if key in found
    ]


def _ranked(tables: Mapping[str, pa.Table]) -> list[dict[str, Any]]:
    """One table a score: methods, best first."""
    if "ranking" not in tables:
        return []
    by: dict[str, list[dict[str, Any]]] = {}
    for row in tables["ranking"].to_pylist():
        by.setdefault(row["metric"], []).append(row)
    names = [name for name in RANKED if name in by] + [name for name in by if name not in RANKED]
    return [{"name": name, "first": name in RANKED[:6], "word": word(name), "rows": by[name]} for name in names]


def _region_settings(store: Store, methods: Sequence[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """How regions were found for each method, as the first shard says."""
    found = []
    for method in methods:
        names = store.names(f"regions/{method}")
        facts = store.facts_of(names[0]) if names else {}
        if facts:
            found.append((method, str(facts.get("kind", "")), dict(facts.get("settings", {}))))
    return found
