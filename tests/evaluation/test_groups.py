"""Errors by group: intervals, order, who is heard as what, which columns count."""

from __future__ import annotations

import pytest
from made_up import at_random, said
from scipy.stats import binomtest

from auricle.errors import AuricleError
from auricle.evaluation import evaluate
from auricle.evaluation.groups import group_columns, participants, wilson

ANNA, BERT = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]], [[0.9, 0.1]]


def spoken(**more):
    return said(
        ANNA + BERT,
        ["no", "no", "no", "no"],
        ("no", "yes"),
        group="speaker",
        speaker=["anna"] * 3 + ["bert"],
        **more,
    )


@pytest.mark.parametrize(("errors", "clips"), [(0, 10), (3, 10), (50, 50), (1, 400)])
def test_intervals_are_wilsons(errors, clips):
    expected = binomtest(errors, clips).proportion_ci(method="wilson")
    assert wilson(errors, clips) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_the_worst_group_comes_first_and_says_what_it_is_heard_as():
    anna, bert = evaluate(spoken(), draws=0).groups
    assert (anna["value"], anna["clips"], anna["errors"], anna["heard_as"]) == ("anna", 3, 2, "no → yes 2×")
    assert anna["error_rate"] == pytest.approx(2 / 3)
    assert (bert["value"], bert["error_rate"], bert["heard_as"]) == ("bert", 0.0, "")


def test_every_column_of_few_values_is_looked_at_and_the_group_first():
    table = spoken(take=[0, 1, 0, 1], gender=["f", "f", "f", "m"], hertz=[1.0, 2.0, 1.0, 2.0], note=list("wxyz"))
    assert group_columns(table) == ["speaker", "take", "gender"]


def test_many_groups_stay_groups_and_missing_ones_are_unknown():
    assert {row["column"] for row in evaluate(at_random(300, 2, speakers=60), draws=0).groups} == {"speaker", "gender"}
    table = said(ANNA, ["no"] * 3, ("no", "yes"), group="speaker", speaker=["anna", None, "bert"])
    assert "unknown" in {row["value"] for row in evaluate(table, draws=0).groups}


def test_participants_come_with_what_is_known_of_them():
    anna, bert = participants(spoken(gender=["f", "f", "f", "m"], take=[0, 1, 2, 0]))
    assert anna["speaker"] == "anna"
    assert anna["gender"] == "f"
    assert anna["error_rate"] == pytest.approx(2 / 3)
    assert "take" not in anna  # differs from clip to clip
    assert bert["gender"] == "m"


def test_without_groups_there_are_no_participants():
    with pytest.raises(AuricleError, match="does not say who is heard"):
        participants(said(BERT, ["no"], ("no", "yes")))
