"""What `measure` adds for explanations with components: rows, curves, and a sentence that names the parts."""

import dataclasses
import json
from itertools import combinations

import numpy as np
import pytest
from slices import explanation, sigmoid

import auricle
from auricle.errors import AuricleError
from auricle.methods.occlusion import Occlusion
from auricle.methods.shap import ExactShap, KernelShap
from auricle.metrics import METRICS, measure, summarise

FREE = {"flipping", "adding", "flipping ΔAUC", "adding ΔAUC", "top-k same"}
REPEATED = {"U_n", "rank agreement"}


@pytest.fixture(scope="module")
def sampled(digits, clips):
    return auricle.explain(clips[0], digits, method=KernelShap(components="time:12", budget=200))


def names(scores):
    return {row.name for row in scores.rows if METRICS[row.name].needs == "components"}


def test_rows_and_their_controls(sampled):
    scores = measure(sampled, steps=12, draws=4)
    assert names(scores) == FREE
    row = scores.row("flipping")
    assert row.value < row.controls["random"] < row.controls["least first"]
    assert row.value == scores.curves["flipping"]["explanation"].auc
    assert scores.row("adding").value > scores.row("adding").controls["random"]
    assert scores.row("flipping ΔAUC").value > 0.0 == scores.row("flipping ΔAUC").controls["random"]
    assert scores.row("top-k same").value > scores.row("top-k same").controls["random"]
    assert json.loads(json.dumps(scores.to_dict(), allow_nan=False))["details"] == scores.details


def test_they_cost_few_new_coalitions(digits, clips):
    """At most 11 coalitions in each of 8 orders, the groups of top-k and 8 random parts."""
    one = auricle.explain(clips[1], digits, method=KernelShap(components="time:12", budget=200))
    table = one.contributions.tables[0]
    before = table.forwards
    measure(one, curves=True, steps=20, draws=8)
    assert 0 < table.forwards - before <= 150
    after = table.forwards
    measure(one, steps=20, draws=8)
    assert table.forwards == after


def test_exact_methods_are_repeated_for_nothing(digits, clips):
    one = auricle.explain(clips[0], digits, method=ExactShap(components="time:6"))
    table = one.contributions.tables[0]
    before = table.forwards
    scores = measure(one, curves=False, draws=1)
    assert names(scores) == {"top-k same"} | REPEATED
    assert scores.row("U_n").value == 3.0
    assert scores.row("rank agreement").value == 1.0
    assert table.forwards == before  # all 64 coalitions are known


def test_repeats_and_baselines_when_asked(sampled):
    scores = measure(sampled, curves=False, draws=1, repeats=2, baselines="silence,noise")
    assert names(scores) == {"top-k same"} | REPEATED | {"baseline change", "baseline agreement"}
    assert 3.0 <= scores.row("U_n").value <= 6.0
    assert -1.0 <= scores.row("baseline agreement").value <= 1.0
    assert scores.details["stability"]["samples"]["rule"] == 3600
    assert scores.details["baselines"]["names"] == ["silence", "noise"]


def test_the_sentence_is_what_the_table_says():
    """Six slices; the top three are worth 4 + 2 + 1, against "no" with 1/2; three at random by hand."""
    worth = [1.0, -3.0, 4.0, -1.0, 2.0, -1.5]
    scores = measure(explanation(worth), curves=False, draws=1000)
    by_chance = np.mean([sigmoid(sum(three) - 0.5) for three in combinations(worth, 3)])
    assert scores.probabilities["top parts"] == pytest.approx(sigmoid(6.5), abs=1e-5)
    assert scores.probabilities["random parts"] == pytest.approx(by_chance, abs=1e-5)
    assert scores.sentence == (
        "Hearing only the top 3 of 6 parts (0.2–0.3 s; 0.4–0.5 s; 0.0–0.1 s), the model still says yes with 1.00; "
        f"3 random parts give {by_chance:.2f}."
    )


def test_the_sentence_is_about_what_listen_plays(sampled):
    told = measure(sampled, curves=False, draws=1).probabilities["top parts"]
    heard = sampled.classifier.predict(sampled.listen(top=3))
    assert told == pytest.approx(heard.probabilities[heard.labels.index(sampled.target)], abs=1e-4)


def test_metrics_of_the_mask_stay_as_they_are(sampled):
    own = measure(sampled, curves=False, draws=2)
    plain = measure(dataclasses.replace(sampled, contributions=None), curves=False, draws=2)
    assert [row for row in own.rows if row.name not in FREE] == plain.rows
    assert own.sentence != plain.sentence


def test_a_class_that_is_not_predicted_has_no_prediction_to_lose():
    scores = measure(explanation([-4.0, 2.0, -1.0, -3.0]), draws=1, steps=2)
    assert {"flipping", "adding"} <= names(scores)
    assert not {"flipping ΔAUC", "adding ΔAUC", "top-k same"} & names(scores)
    start = "Hearing only the top part of 4 (0.1–0.2 s), the model says yes with 0.82 (the whole sound gives 0.00);"
    assert scores.sentence.startswith(start)


def test_windows_that_overlap_are_not_flipped(digits, clips):
    one = auricle.explain(clips[0], digits, method=Occlusion(components="patch:200"))
    assert not one.contributions.components.disjoint
    assert names(measure(one, curves=False, draws=1)) == REPEATED
    with pytest.raises(AuricleError, match="overlap"):
        auricle.metrics.flipping(one)


def test_values_are_no_probabilities():
    with pytest.raises(AuricleError, match="gives values, not probabilities"):
        measure(explanation([4.0, 2.0, -1.0], outputs="values"))


def test_over_many_clips(digits, clips):
    method = KernelShap(components="time:5")
    each = [measure(auricle.explain(clip, digits, method=method), draws=2, steps=5) for clip in clips[:3]]
    table = {row.name: row for row in summarise(each)}
    assert FREE - {"top-k same"} <= set(table)
    assert table["flipping"].differences["random"].mean < 0.0
