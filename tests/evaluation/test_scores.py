"""Every score against scikit-learn, by hand where that has none, and where classes are missing."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from made_up import at_random, data_set, said
from sklearn import metrics

from auricle.errors import AuricleError
from auricle.evaluation import evaluate, predictions_table
from auricle.evaluation.measures import MULTI, SINGLE, multi, single
from auricle.evaluation.predictions import probabilities_of, truth_of
from auricle.evaluation.resampling import CHUNK, FEWEST_DRAWS, Units, bootstrap

YES_NO = ("no", "yes")


def value(table, name):
    return evaluate(table, draws=0).scores[name].value


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_single_label_scores_are_those_of_scikit_learn(classes):
    table = at_random(400, classes, seed=classes, skill=1.0)
    actual, predicted, p = truth_of(table), truth_of(table, "predicted"), probabilities_of(table)
    weighted = {"average": "weighted", "zero_division": 0}
    areas = (
        metrics.roc_auc_score(actual, p[:, 1])
        if classes == 2
        else metrics.roc_auc_score(actual, p, multi_class="ovr", average="macro")
    )
    expected = {
        "accuracy": metrics.accuracy_score(actual, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(actual, predicted),
        "precision": metrics.precision_score(actual, predicted, **weighted),
        "recall": metrics.recall_score(actual, predicted, **weighted),
        "f1": metrics.f1_score(actual, predicted, **weighted),
        "macro_f1": metrics.f1_score(actual, predicted, average="macro"),
        "kappa": metrics.cohen_kappa_score(actual, predicted),
        "roc_auc": areas,
        "log_loss": metrics.log_loss(actual, p),
        "brier": np.mean(((p - np.eye(classes)[actual]) ** 2).sum(1)),
    }
    found = evaluate(table, draws=0).scores
    assert {name: found[name].value for name in expected} == pytest.approx(expected, abs=1e-12)


def test_a_draw_of_the_bootstrap_scores_what_its_clips_would():
    """Weights are how often a clip was drawn: the same as listing it that often."""
    table = at_random(60, 3, seed=5, skill=1.0)
    actual, predicted, p = truth_of(table), truth_of(table, "predicted"), probabilities_of(table)
    times = np.random.default_rng(1).integers(0, 4, size=60)
    drawn = np.repeat(np.arange(60), times)
    by_weight = single(actual, predicted, p)(times[None].astype(float))
    by_list = single(actual[drawn], predicted[drawn], p[drawn])(np.ones((1, len(drawn))))
    for name in set(by_weight) - {"adaptive_ece"}:  # whose bins are those of the whole sample
        assert by_weight[name] == pytest.approx(by_list[name], abs=1e-12), name


def test_multi_label_scores_are_those_of_scikit_learn():
    generator = np.random.default_rng(2)
    truth = (generator.random((200, 4)) < [0.5, 0.3, 0.1, 0.4]).astype(int)
    p = 1 / (1 + np.exp(-(generator.normal(size=(200, 4)) + 2 * truth - 1.5)))
    predicted = (p >= 0.5).astype(int)
    found = {name: each[0] for name, each in multi(truth, predicted, p)(np.ones((1, 200))).items()}
    precision, recall, thresholds = metrics.precision_recall_curve(truth.ravel(), p.ravel())
    f1 = 2 * precision * recall / (precision + recall)
    expected = {
        "exact_match": metrics.accuracy_score(truth, predicted),
        "micro_auprc": metrics.average_precision_score(truth, p, average="micro"),
        "macro_auprc": metrics.average_precision_score(truth, p, average="macro"),
        "roc_auc": metrics.roc_auc_score(truth, p, average="macro"),
        "max_f1": f1.max(),
        "max_f1_threshold": thresholds[f1.argmax()],
        "micro_f1": metrics.f1_score(truth, predicted, average="micro"),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
        "log_loss": np.mean([metrics.log_loss(truth[:, c], p[:, c]) for c in range(4)]),
        "brier": np.mean([metrics.brier_score_loss(truth[:, c], p[:, c]) for c in range(4)]),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_a_class_that_no_clip_has_is_left_out_of_means():
    table = said([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]], list("abbb"), "abc")
    assert value(table, "balanced_accuracy") == 1.0
    assert value(table, "roc_auc") == 1.0
    assert value(table, "macro_f1") == 1.0
    (row,) = [row for row in evaluate(table, draws=0).classes if row["label"] == "c"]
    assert math.isnan(row["recall"])
    assert math.isnan(row["roc_auc"])


def test_clips_of_one_class_only_have_no_area_and_no_kappa():
    table = said([[0.8, 0.2], [0.4, 0.6]], ["no", "no"], YES_NO)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evaluate(table)
    assert found.scores["accuracy"].value == 0.5
    assert math.isnan(found.scores["roc_auc"].value)
    assert found.scores["roc_auc"].low is None
    assert found.scores["kappa"].value == 0.0
    assert math.isnan(value(said([[0.8, 0.2]], ["no"], YES_NO), "kappa"))


def test_a_label_that_no_clip_has_is_left_out_of_multi_label_means():
    table = said([[0.9, 0.2], [0.1, 0.3]], [["a"], []], ("a", "b"))
    assert value(table, "macro_auprc") == 1.0
    assert value(table, "micro_auprc") == 1.0
    assert value(table, "exact_match") == 1.0
    assert value(table, "max_f1_threshold") == pytest.approx(0.9)


def test_what_a_deaf_model_would_get():
    table = said([[0.6, 0.4]] * 4, ["no", "no", "no", "yes"], YES_NO)
    deaf = {name: score.deaf for name, score in evaluate(table, draws=0).scores.items()}
    assert deaf["accuracy"] == 0.75
    assert deaf["balanced_accuracy"] == 0.5
    assert deaf["kappa"] == 0.0
    assert deaf["roc_auc"] == 0.5
    assert deaf["log_loss"] == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    assert evaluate(table, draws=0).most_frequent == ("no", 0.75)


def test_intervals_draw_whole_groups_where_there_are_groups():
    """All of a speaker's clips are right or wrong together, so drawing clips would be far too sure."""
    right = [True] * 20 + [False] * 20
    p = [[0.9, 0.1] if each else [0.1, 0.9] for each in right]
    speakers = [f"s{number // 10}" for number in range(40)]
    grouped = evaluate(said(p, ["no"] * 40, YES_NO, group="speaker", speaker=speakers))
    alone = evaluate(said(p, ["no"] * 40, YES_NO))
    assert (grouped.drawn, grouped.units) == ("speaker", 4)
    assert (alone.drawn, alone.units) == ("clip", 40)
    assert "4 speakers are few" in grouped.note
    wide, narrow = (each.scores["accuracy"] for each in (grouped, alone))
    assert (wide.low, wide.high) == (0.0, 1.0)
    assert (narrow.low, narrow.high) == pytest.approx((0.35, 0.65), abs=0.06)


def test_a_single_speaker_is_said_to_be_one():
    found = evaluate(said([[0.9, 0.1]] * 3, ["no"] * 3, YES_NO, group="speaker", speaker=["theo"] * 3))
    assert found.drawn == "clip"
    assert "one speaker (theo)" in found.note


def test_the_same_seed_gives_the_same_intervals():
    table = at_random(80, 3)
    assert evaluate(table).to_dict() == evaluate(table).to_dict()


def test_slices_of_a_recording_vote_by_their_mean_probability():
    """One sure slice outvotes two that lean the other way."""
    table = said(
        [[0.95, 0.05], [0.4, 0.6], [0.45, 0.55], [0.2, 0.8]],
        ["no", "no", "no", "yes"],
        YES_NO,
        path=["a.wav", "a.wav", "a.wav", "b.wav"],
        start=[0.0, 3.0, 6.0, 0.0],
        seconds=[3.0] * 4,
    )
    found = evaluate(table, draws=0)
    assert found.scores["accuracy"].value == 0.5
    assert found.recordings.clips == 2
    assert found.recordings.scores["accuracy"].value == 1.0
    assert evaluate(table).drawn == "recording"


def test_slices_that_differ_in_label_do_not_vote():
    where = {"path": ["a.wav"] * 2, "start": [0.0, 1.0], "seconds": [1.0] * 2}
    assert evaluate(said([[0.9, 0.1], [0.1, 0.9]], ["no", "yes"], YES_NO, **where), draws=0).recordings is None


def test_a_label_that_the_model_does_not_know_is_told():
    dataset = data_set([{"sound": "maybe"}], ("no", "yes", "maybe"))
    with pytest.raises(AuricleError, match='clips of "maybe", which the model cannot say'):
        predictions_table(dataset, [0], "sound", np.zeros((1, 2)), split="test", labels=YES_NO)


def test_every_score_is_described_with_its_formula():
    page = (Path(__file__).parents[2] / "docs" / "evaluate-a-model.md").read_text()
    for scores in (SINGLE, MULTI):
        for name, about in scores.items():
            formula = about.formula.replace("|", "\\|")
            assert f"\n| `{name}` | {about.title}" in page
            assert f" | {formula} | " in page, name


def test_a_bootstrap_of_many_classes_holds_few_draws_at_once():
    sizes = []

    def scores(weights):
        sizes.append(weights.size)
        return {"mean": weights.mean(1)}

    units = Units(np.arange(20_000), 20_000, "clip")
    bootstrap(scores, units, draws=1000, classes=100)
    assert max(sizes) * 100 <= CHUNK
    assert sum(sizes) == FEWEST_DRAWS * 20_000
