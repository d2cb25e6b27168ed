"""What it all comes to: tables of the whole study, then pictures and the site that are made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.evaluation.writing import csv_bytes
from auricle.study.plan import Plan
from auricle.study.store import Store
from auricle.study.tables import faithfulness, groups, ranking
from auricle.study.tables.classes import average_table
from auricle.study.tables.clusters import clip_table, cluster_table
from auricle.study.tables.columns import as_table
from auricle.study.tables.components import component_table

if TYPE_CHECKING:
    import pyarrow as pa

    from auricle.report.study.method_found import MethodFound

TABLES, PICTURES, SITE = "tables", "pictures", "site"
SAME_SHARE, SAME_HERTZ = 0.03, 2.0
"""Parts that lie no farther apart, in seconds or shares of the clip and in hertz, are the same."""


def write_overview(store: Store, plan: Plan) -> None:
    """Tables (Parquet and CSV), pictures (PNG) and the site, from what the other stages wrote.

    One method at a time, and of it one shard at a time; what was not made (sounds, measures) is left out.
    """
    from auricle.report.study.drawing import Gallery
    from auricle.report.study.site import write_site

    for folder in (TABLES, PICTURES, SITE):
        store.remove(folder)
    predicted = store.table("predict")
    if predicted is None or not predicted.num_rows:
        return  # every clip is a failure, and there is nothing to show
    tables = measured_tables(store, plan, predicted)
    gallery = Gallery(store, plan, predicted)
    for method in plan.methods:
        if not store.names(f"explain/{method}"):
            continue
        parts = _parts(store, method, predicted)
        found = gallery.add(method, parts)
        for name, table in method_tables(found, parts).items():
            tables.setdefault(name, []).append(table)
    joined = {name: _together(each) for name, each in tables.items() if each}
    for name, table in joined.items():
        write_both(store, name, table)
    pictures = gallery.finish()
    if plan.config.overview.site:
        write_site(store, plan, predicted, joined, pictures)


def measured_tables(store: Store, plan: Plan, predicted: pa.Table) -> dict[str, list[pa.Table]]:
    """What follows from ``evaluate``: faithfulness and scores (all, by class, by group), ranking and its pairs."""
    evaluated = {
        method: table
        for method in plan.methods
        if (table := store.table(f"evaluate/{method}")) is not None and table.num_rows
    }
    if not evaluated:
        return {}
    settings: dict[str, Any] = {"draws": plan.config.evaluate.draws, "seed": plan.config.seed}
    grouped = predicted["group"].null_count < predicted.num_rows
    parts: list[str | None] = [None, "class", *(["group"] if grouped else [])]
    found = ranking.rankings(evaluated, predicted, **settings)
    scores = [groups.by_part(evaluated, predicted, by=by, **settings) for by in parts]
    tables = {
        "faithfulness": [faithfulness.faithfulness(evaluated, predicted, by=by, **settings) for by in parts],
        "scores": scores,
        "ranking": [ranking.ranking_table(found)] if found else [],
        "pairs": [ranking.pairs_table(found)] if found else [],
    }
    located = [_rows_where(table, "metric", lambda name: str(name).startswith("loc_")) for table in scores]
    tables["localisation"] = [table for table in located if table.num_rows]
    return tables


def method_tables(found: MethodFound, parts: pa.Table | None) -> dict[str, pa.Table]:
    """What follows from the relevance of one method, each row with its name."""
    tables: dict[str, pa.Table] = {}
    if found.averages:
        tables["classes"] = average_table(found.sums)
    ranges = [{"class": label, **each.to_dict()} for label, several in found.ranges.items() for each in several]
    if ranges:
        tables["frequency_ranges"] = as_table(ranges)
    if parts is not None:
        tables["components"] = component_table(parts)
    if found.kept is not None:
        tables["clusters"] = cluster_table(found.kept, found.clusters)
        tables["cluster_clips"] = clip_table(found.kept, found.clusters)
    return {name: _of_method(table, found.method) for name, table in tables.items()}


def write_both(store: Store, name: str, table: pa.Table) -> None:
    """A table as Parquet and as CSV, which has no maps: a spreadsheet could not show them."""
    store.write_table(f"{TABLES}/{name}.parquet", table)
    maps = [
        column for column in ("mean", "occupancy") if name in ("classes", "clusters") and column in table.column_names
    ]
    store.write(f"{TABLES}/{name}.csv", csv_bytes(table.drop_columns(maps)))


def comparable(components: pa.Table, seconds: Mapping[str, float]) -> pa.Table | None:
    """Components whose names mean the same part of the sound in every clip, or None.

    Parts at the same seconds and hertz under the same name are; so are as many equal shares of clips of any length,
    which are named by their place (``10–20 % of the clip``). Superpixels and onsets, numbered anew in every clip, are
    not. ``seconds`` of every clip by its id.
    """
    import pyarrow as pa

    rows = components.to_pylist()
    clips: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        clips.setdefault(row["id"], []).append(row)
    every = list(clips.values())
    if not every or len({len(each) for each in every}) != 1:
        return None
    names = [[row["component"] for row in each] for each in every]
    whole = np.array([[_place(row, 1.0) for row in each] for each in every])
    shares = np.array([[_place(row, seconds.get(row["id"], 1.0)) for row in each] for each in every])
    if names.count(names[0]) == len(names):
        same = min(float(np.ptp(each[..., :2], axis=0).max()) for each in (whole, shares)) <= SAME_SHARE
        return components if same and float(np.ptp(whole[..., 2:], axis=0).max()) <= SAME_HERTZ else None
    if np.ptp(shares[..., :2], axis=0).max() > SAME_SHARE or np.ptp(shares[..., 2:], axis=0).max() > SAME_HERTZ:
        return None
    middle = np.median(shares, axis=0)
    if len({(start, end) for start, end, *_ in middle.round(3).tolist()}) < len(middle):
        return None  # parts at the same time but other frequencies: a share of the clip does not name them
    named = [f"{100 * start:.0f}–{100 * end:.0f} % of the clip" for start, end, *_ in middle]
    renamed = {
        (id, row["component"]): name for id, each in clips.items() for row, name in zip(each, named, strict=True)
    }
    column = pa.array([renamed[row["id"], row["component"]] for row in rows], pa.string())
    return components.set_column(components.column_names.index("component"), "component", column)


def _place(row: Mapping[str, Any], seconds: float) -> tuple[float, ...]:
    """Start, end (as shares of ``seconds``), low and high of a component; 0 where it has none."""
    start, end, low, high = (float(row[name] or 0.0) for name in ("start", "end", "low", "high"))
    return start / max(seconds, 1e-9), end / max(seconds, 1e-9), low, high


def _parts(store: Store, method: str, predicted: pa.Table) -> pa.Table | None:
    """The weights of a method's parts, where these can be compared between clips."""
    found = store.table(f"components/{method}")
    if found is None or not found.num_rows:
        return None
    found = _rows_where(found, "asked", lambda asked: asked == "predicted")
    seconds = dict(zip(predicted["id"].to_pylist(), predicted["seconds"].to_pylist(), strict=True))
    return comparable(found, seconds) if found.num_rows else None


def _of_method(table: pa.Table, method: str) -> pa.Table:
    import pyarrow as pa

    return table.add_column(0, "method", pa.array([method] * table.num_rows, pa.string()))


def _together(tables: Iterable[pa.Table]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(list(tables), promote_options="permissive")


def _rows_where(table: pa.Table, name: str, test: Any) -> pa.Table:
    import pyarrow as pa

    return table.filter(pa.array([bool(test(each)) for each in table[name].to_pylist()], pa.bool_()))
