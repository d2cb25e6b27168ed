"""What pages say of an evaluation, as plain values for their templates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.evaluation.groups import confusions
from auricle.evaluation.measures import About
from auricle.evaluation.predictions import probabilities_of, truth_of
from auricle.evaluation.ranking import Ranking
from auricle.evaluation.scores import Evaluation, Score
from auricle.report.charts import line_chart, square

if TYPE_CHECKING:
    import pyarrow as pa

PERCENT = {"accuracy", "balanced_accuracy", "exact_match"}
"""Scores that are read as per cent."""
SHOWN_GROUPS = 15
"""Of a column; the others fold away."""
SHOWN_WRONG = 50


def figure(name: str, value: float | None) -> str:
    """A score for a person.

    >>> figure("accuracy", 0.9967), figure("kappa", 0.9963), figure("kappa", float("nan")), figure("ece", 0.00001)
    ('99.7 %', '0.996', '–', '0.000')
    """
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{100 * value:.1f} %" if name in PERCENT else f"{value:.3f}"
    return text.replace("-", "−")


def interval(name: str, score: Score) -> str:
    """The interval of a score for a person, or nothing."""
    if score.low is None or score.high is None:
        return ""
    return f"{figure(name, score.low)} to {figure(name, score.high)}"


def arrow(score: About) -> str:
    """Up where higher is better, down where lower."""
    return {True: "↑", False: "↓", None: ""}[score.higher_is_better]


def headline(found: Evaluation) -> dict[str, str]:
    """The first sentence of a page and what stands below it."""
    name = found.headline
    score = found.scores[name]
    label, share = found.most_frequent
    clips = f"{found.clips:,} clip{'' if found.clips == 1 else 's'}"
    if found.facts.multi_label:
        main, rest = f"{figure(name, score.value)} AUPRC", f"on {clips}"
        bare = f"Ranking labels at random would give {figure(name, score.deaf)}."
    else:
        main, rest = figure(name, score.value), f"of {clips} heard right"
        chance = figure("accuracy", 1 / len(found.facts.labels))
        bare = (
            f"Always answering “{label}”, the most frequent class, would be right about {figure('accuracy', share)}; "
            f"guessing among {len(found.facts.labels)} classes, about {chance}."
        )
    between = interval(name, score)
    drawn = f"{found.units:,} {found.drawn}{'' if found.units == 1 else 's'}"
    known = f"95 % interval {between}, from {drawn} drawn anew. " if between else ""
    return {"main": main, "rest": rest, "sentence": known + bare}


def score_rows(found: Evaluation) -> list[dict[str, Any]]:
    """One row a score: figure, interval, the same without listening, formula and source."""
    return [
        {
            "title": found.about[name].title,
            "arrow": arrow(found.about[name]),
            "value": figure(name, score.value),
            "interval": interval(name, score),
            "deaf": figure(name, score.deaf),
            "formula": found.about[name].formula,
            "source": "" if found.about[name].source == "usage" else found.about[name].source,
            "recordings": figure(name, found.recordings.scores[name].value) if found.recordings else "",
        }
        for name, score in found.scores.items()
    ]


def confusion_of(found: Evaluation, table: pa.Table) -> dict[str, Any] | None:
    """The heat map of a confusion table and its most frequent mistakes; None with several labels a clip."""
    if found.counts is None:
        return None
    return {**square(found.counts, found.facts.labels), "most": confusions(table)}


def groups_of(found: Evaluation) -> list[dict[str, Any]]:
    """Bars of error rates, column by column, worst first; all bars of a column have one scale."""
    columns = []
    for name, rows in groupby(found.groups, key=lambda row: row["column"]):
        mine = list(rows)
        full = max(max(row["high"] for row in mine), 0.01)
        bars = [
            {
                **row,
                "rate": f"{100 * row['error_rate']:.1f} %",
                "bar": round(100 * row["error_rate"] / full, 2),
                "from": round(100 * row["low"] / full, 2),
                "to": round(100 * row["high"] / full, 2),
                "range": f"{100 * row['low']:.1f} to {100 * row['high']:.1f} %",
            }
            for row in mine
        ]
        kind = "fold" if name == "split" else name
        named = any(row["heard_as"] for row in mine)
        columns.append({"name": kind, "first": bars[:SHOWN_GROUPS], "rest": bars[SHOWN_GROUPS:], "confused": named})
    return columns


def history_charts(history: Sequence[Mapping[str, Any]], epoch: int | None) -> list[dict[str, Any]]:
    """Loss and accuracy by epoch (counted from 1), training and validation, with the chosen epoch marked."""
    charts = []
    for what in ("loss", "accuracy"):
        lines = {}
        for part, words in (("train", "training clips"), ("validate", "validation clips")):
            pairs = [(row["epoch"], row.get(f"{part}_{what}")) for row in history]
            kept = [(a, b) for a, b in pairs if b is not None]
            if kept:
                lines[words] = (np.array([a + 1 for a, _ in kept], float), np.array([b for _, b in kept], float))
        if lines:
            mark = None if epoch is None else (epoch + 1.0, f"chosen: epoch {epoch + 1}")
            charts.append(line_chart(what.capitalize(), lines, x="epoch", y=what, mark=mark))
    return charts


def reliability_chart(found: Evaluation) -> dict[str, Any]:
    """How often each confidence was right, as dots whose area is the number of cases."""
    rows = [row for row in found.reliability if row["cases"]]
    most = max(row["cases"] for row in rows)
    chart = line_chart(
        "Calibration",
        {"perfect": (np.array([0.0, 1.0]), np.array([0.0, 1.0]))},
        x="probability given" if found.facts.multi_label else "probability of the answer",
        y="share that was right",
        x_range=(0, 1),
        y_range=(0, 1),
    )
    chart["lines"][0]["kind"] = "second"
    chart["dots"] = [
        {
            "x": round(chart["width"] * row["confidence"], 1),
            "y": round(chart["height"] * (1 - row["accuracy"]), 1),
            "r": round(3 + 9 * math.sqrt(row["cases"] / most), 1),
            "told": f"{row['cases']} cases of {100 * row['confidence']:.0f} % on average: "
            f"{100 * row['accuracy']:.0f} % right",
        }
        for row in rows
    ]
    return chart


def ranking_charts(table: pa.Table, found: Evaluation) -> list[dict[str, Any]]:
    """ROC and precision–recall curves: of the second of two classes, else of every class (thin) and all together."""
    actual, probabilities, labels = truth_of(table), probabilities_of(table), found.facts.labels
    truth = actual == 1 if found.facts.multi_label else np.eye(len(labels))[actual] == 1
    rankings = {
        label: Ranking.of(probabilities[:, place], truth[:, place])
        for place, label in enumerate(labels)
        if 0 < truth[:, place].sum() < len(truth)
    }
    if not rankings:
        return []
    if len(labels) == 2 and not found.facts.multi_label:
        rankings = {labels[1]: rankings[labels[1]]}
    else:
        rankings["all classes together"] = Ranking.of(probabilities.ravel(), truth.ravel())
    many = len(rankings) > 1
    roc = {name: each.roc_curve() for name, each in rankings.items()}
    precise = {name: each.precision_recall_curve() for name, each in rankings.items()}
    return [
        line_chart(title, lines, x=x, y=y, x_range=(0.0, 1.0), y_range=(0.0, 1.0), faint=many)
        for title, lines, x, y in (
            ("ROC", roc, "false alarms, share of the others", "hits, share of the class"),
            ("Precision and recall", precise, "recall", "precision"),
        )
    ]


def wrong_rows(table: pa.Table, found: Evaluation) -> list[dict[str, Any]]:
    """The surest mistakes: id, group, what it was, what was heard, and with which probability."""
    from auricle.evaluation.choosing import choose

    facts = found.facts
    rows = []
    for row in choose(table, wrong=True, limit=SHOWN_WRONG).to_pylist():
        actual = row["actual"]
        rows.append({
            "id": row["id"],
            "group": row[facts.group] if facts.group else None,
            "actual": ", ".join(actual) or "nothing" if facts.multi_label else actual,
            "predicted": ", ".join(row["predicted"]) or "nothing" if facts.multi_label else row["predicted"],
            "probability": row["probability"],
            "of_actual": None if facts.multi_label else row[f"p({actual})"],
        })  # fmt: skip
    return rows
