"""The static site of a study: pages that work from a disk, and data that they load when it is asked for.

``index.html`` and ``clip.html`` hold texts, styles and scripts; everything else is a script that hands over data:
``data/clips.js`` (a row a clip), ``data/scores-N.js`` (a row a clip of method N), ``data/classes-N.js``,
``data/map-N.js``, ``data/pictures.js`` and ``clips/KEY.js``. Nothing is asked of the network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.report.colours import RAMP
from auricle.report.study.charts import colour_of
from auricle.report.study.clip_files import write_clips
from auricle.report.study.frequencies import ranges_by_class
from auricle.report.study.mosaic import Drawn
from auricle.report.study.packing import GREYS, STEPS, plain, put
from auricle.report.study.pages import render
from auricle.report.study.summary import summary
from auricle.report.study.wording import is_control, words
from auricle.study.plan import Plan
from auricle.study.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "site"
SHOWN_FAILURES = 300
BY_CLASS = (
    "p_original", "p_relevant", "p_random", "relevant-random", "p_removed", "FF", "AD", "deletion", "insertion",
    "loc_mass", "loc_area", "sanity", "stability",
)  # fmt: skip
"""Scores in the tables of classes and groups; all are in ``tables/scores.csv``."""


def write_site(
    store: Store,
    plan: Plan,
    predicted: pa.Table,
    tables: Mapping[str, pa.Table],
    pictures: Sequence[tuple[str, str, Drawn]],
) -> None:
    """Write the site; ``tables`` are those of the overview by name, ``pictures`` kind, method and what was drawn."""
    clips = predicted.drop_columns(["logits", "probabilities"]).to_pylist()
    place = {clip["id"]: number for number, clip in enumerate(clips)}
    methods = [method for method in plan.methods if store.names(f"explain/{method}")]
    scores = _Scores(len(clips))
    for id, method, numbers in write_clips(store, plan, FOLDER):
        scores.add(method, place[id], numbers)
    for number, method in enumerate(plan.methods):
        if method in methods:
            _put(store, f"scores-{number}", scores.of(method))
            _put(store, f"classes-{number}", _classes(tables, method, plan.subject.labels))
            _put(store, f"map-{number}", _map(tables, method, clips))
    _put(store, "clips", _clips(clips))
    _put(store, "pictures", [_picture(kind, method, drawn) for kind, method, drawn in pictures])
    failures = _failures(store)
    facts = {
        "methods": [
            {"key": method, "number": list(plan.methods).index(method), "summary": plan.methods[method].summary}
            for method in methods
        ],
        "labels": list(plan.subject.labels),
        "columns": words([*dict.fromkeys([*BY_CLASS, *scores.names])]),
        "scores": {method: scores.names_of(method) for method in methods},
        "grouped": any(clip["group"] is not None for clip in clips),
        "group": plan.subject.dataset.group or "group",
        "packed": {"steps": STEPS, "ramp": RAMP, "greys": GREYS},
        "sounds": any(store.exists(f"sonify/{method}") for method in methods),
    }
    told = summary(store, plan, clips, tables, methods)
    common = {"facts": plain(facts), "name": plan.subject.dataset.name}
    store.write(
        f"{FOLDER}/index.html",
        render(
            "study.html.j2", **common, **told, failures=failures[:SHOWN_FAILURES], failed=len(failures),
            tables=sorted(tables), pictures=len(pictures),
        ).encode(),
    )  # fmt: skip
    store.write(f"{FOLDER}/clip.html", render("clip.html.j2", **common).encode())


class _Scores:
    """Columns of numbers by method, one value a clip; controls are only on the clips' own pages."""

    def __init__(self, clips: int) -> None:
        self.clips = clips
        self.columns: dict[str, dict[str, np.ndarray]] = {}
        self.names: dict[str, None] = {}

    def add(self, method: str, place: int, numbers: Mapping[str, Any]) -> None:
        mine = self.columns.setdefault(method, {})
        for name, value in numbers.items():
            if isinstance(value, float | int) and not is_control(name):
                mine.setdefault(name, np.full(self.clips, np.nan, np.float32))[place] = value
                self.names.setdefault(name)

    def names_of(self, method: str) -> list[str]:
        return list(self.columns.get(method, {}))

    def of(self, method: str) -> dict[str, list[Any]]:
        """Values with four digits; None where nothing was measured."""
        return {
            name: [None if not np.isfinite(value) else float(value) for value in values]
            for name, values in self.columns.get(method, {}).items()
        }


def _clips(clips: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = ("id", "key", "actual", "predicted", "correct", "probability", "probability_actual", "seconds", "group")
    return {name: [clip[name] for clip in clips] for name in names}


def _classes(tables: Mapping[str, pa.Table], method: str, labels: Sequence[str]) -> dict[str, Any]:
    """Scores by class and by group over right predictions, ranges of frequency, and weights of parts."""
    found: dict[str, Any] = {"class": [], "group": [], "ranges": [], "components": []}
    columns: dict[str, dict[str, dict[str, Any]]] = {"class": {}, "group": {}}
    for row in _rows(tables, "scores", method):
        if row["right"] and row["by"] in columns and row["metric"] in BY_CLASS:
            columns[row["by"]].setdefault(row["value"], {})[row["metric"]] = [
                row["mean"],
                row["low"],
                row["high"],
                row["explanations"],
            ]
    order = {label: place for place, label in enumerate(labels)}
    for by, values in columns.items():
        found[by] = [
            [value, scores]
            for value, scores in sorted(values.items(), key=lambda each: (order.get(each[0], 0), each[0]))
        ]
    found["ranges"] = ranges_by_class(_rows(tables, "frequency_ranges", method), labels)
    found["top"] = max((row["hertz"][-1] for row in _rows(tables, "classes", method)), default=0.0)
    parts = ("class", "component", "mean", "std", "mean_absolute", "lime", "homogeneity", "clips")
    found["components"] = [[row[name] for name in parts] for row in _rows(tables, "components", method)]
    return found


def _map(tables: Mapping[str, pa.Table], method: str, clips: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Places and clusters over all clips, and the clusters of each class that differ most from the rest of it."""
    place = {clip["id"]: number for number, clip in enumerate(clips)}
    points = [
        [place[row["id"]], row["x"], row["y"], row["cluster"], row["silhouette"]]
        for row in _rows(tables, "cluster_clips", method)
        if row["scope"] == "all"
    ]
    members: dict[tuple[str, int], list[int]] = {}
    for row in _rows(tables, "cluster_clips", method):
        members.setdefault((row["scope"], row["cluster"]), []).append(place[row["id"]])
    rows = sorted(_rows(tables, "clusters", method), key=lambda row: -row["suspicion"])
    several = {row["scope"] for row in rows if row["cluster"] > 0}
    clusters = [_cluster(row, members, place) for row in rows if row["scope"] == "all" or row["scope"] in several]
    return {"points": points, "clusters": clusters}


def _cluster(
    row: Mapping[str, Any], members: Mapping[tuple[str, int], list[int]], place: Mapping[str, int]
) -> dict[str, Any]:
    mean = np.array(row["mean"])
    share = mean / (mean.max() or 1.0)
    names = (
        "scope", "cluster", "clips", "share", "class", "purity", "coverage", "low", "high", "start", "end",
        "silhouette", "suspicion", "rows", "columns", "hertz",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "colour": colour_of(row["cluster"]),
        "classes": json.loads(row["classes"]),
        "mean": [int(each) for each in np.rint(99 * share)],
        "seconds": row["seconds"][-1],
        "typical": [place[id] for id in row["typical"]],
        "members": members[row["scope"], row["cluster"]],
    }


def _picture(kind: str, method: str, drawn: Drawn) -> dict[str, Any]:
    spots = [[spot.left, spot.top, spot.width, spot.height, spot.key, spot.told] for spot in drawn.spots]
    return {
        "kind": kind, "method": method, "name": drawn.name, "title": drawn.title, "caption": drawn.caption,
        "width": drawn.width, "height": drawn.height, "spots": spots,
    }  # fmt: skip


def _rows(tables: Mapping[str, pa.Table], name: str, method: str) -> list[dict[str, Any]]:
    if name not in tables:
        return []
    return [row for row in tables[name].to_pylist() if row["method"] == method]


def _failures(store: Store) -> list[dict[str, Any]]:
    return [
        row
        for stage in store.folders("failures")
        for method in store.folders(f"failures/{stage}")
        for row in store.rows(f"failures/{stage}/{method}")
    ]


def _put(store: Store, name: str, value: Any) -> None:
    store.write(f"{FOLDER}/data/{name}.js", put(name, value))
