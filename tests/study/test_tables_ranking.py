"""Methods are ranked with the uncertainty of the ranking."""

import numpy as np
import pytest
from made_up_tables import evaluated, predictions
from scipy import stats

from auricle.errors import AuricleError
from auricle.study.tables.ranking import critical_difference, friedman, pairs_table, rank, ranking_table, rankings
from auricle.study.tables.resampling import units


def test_friedman_is_scipys_with_and_without_ties():
    generator = np.random.default_rng(0)
    for values in (generator.random((12, 4)), generator.integers(0, 3, (12, 4)).astype(float)):
        known = stats.friedmanchisquare(*values.T)
        found = rank(values, list("abcd"), higher_is_better=True)
        assert found.friedman == pytest.approx(known.statistic)
        assert found.p == pytest.approx(known.pvalue)
    assert friedman(np.full((5, 3), 2.0)) == 0.0


def test_critical_difference_is_demsars():
    """Table 5 of Demšar 2006: q of 2, 5 and 10 classifiers at 0.05 is 1.960, 2.728, 3.164."""
    for methods, q in ((2, 1.960), (5, 2.728), (10, 3.164)):
        assert critical_difference(methods, 30) == pytest.approx(q * np.sqrt(methods * (methods + 1) / 180), rel=1e-3)


def test_a_clear_winner_is_surely_best_and_equals_share():
    generator = np.random.default_rng(0)
    values = generator.normal(size=(40, 3))
    values[:, 0] += 5.0
    values[:, 2] = values[:, 1]
    found = rank(values, ["good", "a", "b"], higher_is_better=True)
    assert found.mean_rank.tolist() == [1.0, 2.5, 2.5]
    assert found.best.tolist() == [1.0, 0.0, 0.0]
    assert found.wins[0].tolist() == [0.5, 1.0, 1.0]
    assert found.wins[1, 2] == 0.5
    assert found.pairs[1, 2] == 1.0
    assert found.pairs[0, 1] < 0.001
    assert found.differences[0, 1] == pytest.approx(values[:, 0].mean() - values[:, 1].mean())
    assert found.cliques() == [("a", "b")]


def test_methods_that_do_not_differ_share_the_first_place():
    values = np.random.default_rng(0).normal(size=(200, 2))
    found = rank(values, ["a", "b"], higher_is_better=True)
    assert found.best.sum() == pytest.approx(1.0)
    assert found.low[0] < 1.5 < found.high[0]
    assert found.p > 0.05
    assert found.cliques() == [("a", "b")] or found.cliques() == [("b", "a")]


def test_lower_is_better_turns_the_order():
    values = np.array([[0.1, 0.9], [0.2, 0.8], [0.1, 0.7]])
    assert rank(values, ["a", "b"], higher_is_better=False).mean_rank.tolist() == [1.0, 2.0]
    assert rank(values, ["a", "b"], higher_is_better=True).mean_rank.tolist() == [2.0, 1.0]


def test_clips_that_a_method_lacks_are_left_out():
    values = np.array([[1.0, 2.0], [np.nan, 2.0], [1.0, 3.0]])
    found = rank(values, ["a", "b"], higher_is_better=True)
    assert (found.clips, found.left_out) == (2, 1)


def test_groups_that_are_left_are_drawn_and_clips_where_only_one_is_left():
    values = np.array([[1.0, 2.0], [3.0, 2.0], [2.0, 4.0], [np.nan, 2.0], [np.nan, 3.0]])
    groups = units(range(5), ["x", "x", "x", "y", "y"])
    one = rank(values, ["a", "b"], higher_is_better=True, drawn=groups)
    assert (one.drawn, one.clips) == ("clip", 3)
    assert one.low[0] < one.mean_rank[0] < one.high[0]
    both = rank(np.nan_to_num(values), ["a", "b"], higher_is_better=True, drawn=groups)
    assert both.drawn == "group"


def test_a_method_that_found_no_regions_on_many_clips_is_named():
    values = np.random.default_rng(0).normal(size=(20, 3))
    assert rank(values, list("abc"), higher_is_better=True).note == ""
    values[:4, 1] = np.nan
    assert rank(values, list("abc"), higher_is_better=True).note == ""
    values[4:7, 1] = values[19, 2] = np.nan
    found = rank(values, list("abc"), higher_is_better=True)
    assert found.note.startswith("8 of 20 clips are left out because not every method has them: b lacks 7")
    assert {row["note"] for row in ranking_table({"AD": found}).to_pylist()} == {found.note}
    values[7:19] = np.nan  # measured on 8 clips only, by all methods alike
    values[:7, 1] = 0.0
    assert rank(values, list("abc"), higher_is_better=True).note == ""


def test_every_metric_with_a_direction_is_ranked():
    predicted = predictions(24)
    methods = {
        "lrp": evaluated(predicted, 0.8, 0.3, seed=1, AD=10.0, MM=0.1, sanity=0.2),
        "edges": evaluated(predicted, 0.5, 0.3, seed=2, AD=30.0, MM=0.2, sanity=0.9),
        "even": evaluated(predicted, 0.3, 0.3, seed=3, AD=50.0, MM=0.3, sanity=None),
    }
    found = rankings(methods, predicted)
    assert {"AD", "p_relevant", "relevant-random", "sanity"} <= set(found)
    assert "MM" not in found
    assert found["sanity"].methods == ("lrp", "edges")
    assert found["AD"].mean_rank.tolist() == [1.0, 2.0, 3.0]
    assert found["AD"].drawn == "group"
    table = ranking_table(found).to_pylist()
    assert [row["method"] for row in table if row["metric"] == "relevant-random"] == ["lrp", "edges", "even"]
    pairs = pairs_table(found).to_pylist()
    assert {row["wins"] for row in pairs if (row["metric"], row["method"]) == ("AD", "lrp")} == {1.0}
    assert rankings(methods, predicted, asked="true", right=False) == {}


def test_nothing_to_rank_says_so():
    with pytest.raises(AuricleError, match="2 methods"):
        rank(np.ones((3, 1)), ["a"], higher_is_better=True)
    with pytest.raises(AuricleError, match="at least 2"):
        rank(np.array([[np.nan, 1.0], [1.0, 2.0]]), ["a", "b"], higher_is_better=True)
