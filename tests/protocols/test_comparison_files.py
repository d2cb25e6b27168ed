"""What a comparison leaves behind: cases as they come, figures with intervals, a page."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from low_and_high import Pointing, choice

from auricle.metrics import METRICS
from auricle.protocols import COLUMNS, compare, scenes, summarise
from auricle.protocols.pitfalls import pitfalls
from auricle.protocols.summary import grouped
from auricle.protocols.writing import CaseFile, write_comparison
from auricle.report.compared.page import write_compared_page

FACTS = {
    "protocol": "overlap",
    "summary": "two clips at once",
    "source": "a paper",
    "model": "<b>two bands</b>",
    "data": "tones",
    "split": "all clips",
    "explain": "predicted",
    "multi_label": False,
    "methods": {"right": "pointing"},
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_facts_of_columns_are_those_of_the_metrics() -> None:
    for name, other in (("AI", "AI"), ("IoU", "IoU"), ("mass", "mass accuracy"), ("rank", "rank accuracy")):
        facts, shown = METRICS[other], COLUMNS[name]
        assert (shown.title, shown.unit, shown.formula) == (facts.title, facts.unit, facts.formula)
    assert COLUMNS["SI-SDR"].formula == f"{METRICS['SI-SDR'].formula}, within -30 and 30 dB"


def test_an_interruption_loses_no_case_that_was_done(tmp_path: Path) -> None:
    chosen = choice(tmp_path)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if done == 5:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), CaseFile(out, legacy=False) as cases:
        compare(chosen.classifier, scenes(chosen, "overlap"), {"right": Pointing()}, keep=cases.keep, on_step=step)
    rows = rows_of(out / "cases.csv")
    assert {row["explainer"] for row in rows} >= {"right", "random", "oracle"}
    assert len({row["clip"] for row in rows}) == 8  # a batch is explained together, and was scored before the stop
    assert all(row["AI"] for row in rows)


def test_files_and_page_say_the_same(tmp_path: Path) -> None:
    chosen, out = choice(tmp_path), tmp_path / "out"
    with CaseFile(out, legacy=True) as cases:
        found = compare(
            chosen.classifier, scenes(chosen, "noise"), {"right": Pointing()}, legacy=True, keep=cases.keep
        )
    figures = summarise(found.rows)
    mistakes = {each.name: each.sentence for each in pitfalls(found)}
    write_comparison(out, found, figures, FACTS, legacy=True)
    page = write_compared_page(out, found, figures, {**FACTS, "pitfalls": mistakes}).read_text(encoding="utf-8")

    table = parquet.read_table(out / "cases.parquet").to_pylist()
    assert len(table) == len(rows_of(out / "cases.csv")) == len(found.rows)
    record = json.loads((out / "comparison.json").read_text())
    own = next(
        each for each in record["figures"]
        if (each["explainer"], each["column"], each["condition"]) == ("right", "SI-SDR", "white noise, 0 dB")
    )  # fmt: skip
    values = [row["SI-SDR"] for row in table if (row["explainer"], row["condition"]) == ("right", "white noise, 0 dB")]
    assert own["value"]["mean"] == pytest.approx(np.mean(values))
    assert own["value"]["low"] <= own["value"]["mean"] <= own["value"]["high"]
    chance = [row["SI-SDR"] for row in table if (row["explainer"], row["condition"]) == ("random", "white noise, 0 dB")]
    assert own["over_random"]["mean"] == pytest.approx(np.mean(values) - np.mean(chance))
    assert {"softmax twice", "divided by 2N", "maps not calibrated", "no controls"} <= set(mistakes)
    assert "&lt;b&gt;two bands&lt;/b&gt;" in page
    assert page.count("<audio") == sum(len(each.sounds) for each in found.examples) == 21
    for text in ("controls: they know nothing of the model", "white noise, 6 dB", "white noise, 0 dB", "oracle"):
        assert text in page
    assert len(rows_of(out / "clips.csv")) == 16


def test_cases_of_one_recording_are_drawn_together() -> None:
    rng = np.random.default_rng(0)
    per_group = rng.normal(size=40)
    values, groups = np.repeat(per_group, 10), np.repeat([f"g{n}" for n in range(40)], 10)
    together, apart = grouped(values, groups), grouped(values, [str(n) for n in range(400)])
    assert together.mean == pytest.approx(apart.mean)
    width, narrow = together.high - together.low, apart.high - apart.low
    assert width == pytest.approx(narrow * np.sqrt(10), rel=0.15)
    assert width == pytest.approx(2 * 1.96 * per_group.std() / np.sqrt(40), rel=0.15)


def test_the_best_map_is_the_one_whose_mean_is_best_in_the_right_direction() -> None:
    about = {"condition": "c", "label": "x"}
    rows = [
        {**about, "explainer": name, "kind": kind, "clip": str(n), "group": str(n), "AI": ai, "AD": ad}
        for n in range(4)
        for name, kind, ai, ad in (("a", "map", 10.0, 9.0), ("b", "map", 20.0, 1.0), ("m", "mask", 30.0, 2.0))
    ]
    figures = {(each.explainer, each.column): each for each in summarise(rows)}
    assert figures["m", "AI"].best_map == figures["m", "AD"].best_map == "b"
    assert figures["m", "AI"].over_best_map.mean == 10.0
    assert figures["m", "AD"].over_best_map.mean == 1.0
    assert figures["b", "AI"].over_best_map is None
    assert figures["a", "AI"].over_random is None
