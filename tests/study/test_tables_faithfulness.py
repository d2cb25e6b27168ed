"""The faithfulness table says which method beats chance, how surely, and which does not."""

import numpy as np
import pyarrow as pa
import pytest
from made_up_tables import evaluated, predictions

from auricle.errors import AuricleError
from auricle.metrics import METRICS
from auricle.study.tables.columns import HIGHER_IS_BETTER
from auricle.study.tables.faithfulness import faithfulness
from auricle.study.tables.groups import by_part


def rows_of(table, **equal):
    return [row for row in table.to_pylist() if all(row[name] == value for name, value in equal.items())]


def test_a_method_beats_chance_or_not_or_is_worse_and_the_sentence_says_so():
    predicted = predictions()
    methods = {
        "lrp": evaluated(predicted, 0.8, 0.3, seed=1),
        "even": evaluated(predicted, 0.3, 0.3, seed=2),
        "upside-down": evaluated(predicted, 0.1, 0.4, seed=3),
    }
    found = {row["method"]: row for row in rows_of(faithfulness(methods, predicted), level="own")}
    assert [found[name]["outcome"] for name in methods] == ["beats", "does not", "worse"]
    assert found["lrp"]["verdict"].startswith("lrp: relevant-only beats random-only (0.8")
    assert "does not beat" in found["even"]["verdict"]
    assert "is worse than" in found["upside-down"]["verdict"]
    assert found["lrp"]["difference"] == pytest.approx(found["lrp"]["p_relevant"] - found["lrp"]["p_random"])
    assert found["lrp"]["rank_biserial"] == 1.0
    assert found["lrp"]["p_wilcoxon_holm"] >= found["lrp"]["p_wilcoxon"]


def test_random_controls_of_a_clip_are_one_value():
    """AudibleXAI's pairs × R would make any difference certain: here it is the same whatever R is."""
    predicted = predictions(6, groups=0)
    once = evaluated(predicted, 0.5, 0.45, draws=1)
    repeated = pa.array([each * 100 for each in once["p_randoms"].to_pylist()])
    often = once.set_column(once.column_names.index("p_randoms"), "p_randoms", repeated)
    first, second = (faithfulness({"lrp": each}, predicted).to_pylist()[0] for each in (once, often))
    assert first["clips"] == second["clips"] == 6
    assert first["p_t"] == pytest.approx(second["p_t"])


def test_explanations_without_regions_are_counted_and_not_heard():
    predicted = predictions(20)
    values = [None if number < 5 else 0.8 for number in range(20)]
    row = faithfulness({"lrp": evaluated(predicted, values, 0.3)}, predicted).to_pylist()[0]
    assert (row["explanations"], row["without_regions"], row["clips"]) == (20, 5, 15)
    assert row["p_original"] == pytest.approx(0.95)


def test_wrong_predictions_stand_apart_by_what_was_asked():
    predicted = predictions(20, wrong=(0, 1, 2))
    table = faithfulness({"lrp": evaluated(predicted, 0.8, 0.3)}, predicted)
    counts = {(row["right"], row["asked"]): row["explanations"] for row in table.to_pylist()}
    assert counts == {(True, "predicted"): 17, (False, "predicted"): 3, (False, "true"): 3, (False, "contrast"): 3}


def test_levels_classes_and_groups_have_rows_of_their_own():
    predicted = predictions(24)
    held = {f"{name}_held": 0.5 for name in ("p_original", "p_relevant", "p_removed", "p_random")}
    table = evaluated(predicted, 0.8, 0.3, **held)
    by_class = faithfulness({"lrp": table}, predicted, by="class").to_pylist()
    assert {(row["level"], row["value"]) for row in by_class} == {
        (level, value) for level in ("own", "held") for value in ("one", "two")
    }
    assert all(row["p_relevant"] == 0.5 and row["outcome"] == "does not" for row in by_class if row["level"] == "held")
    by_group = faithfulness({"lrp": table}, predicted, by="group").to_pylist()
    assert {row["value"] for row in by_group} == {"speaker 0", "speaker 1", "speaker 2"}
    assert all(row["drawn"] == "clip" for row in by_group)


def test_intervals_draw_speakers_where_they_are_known():
    predicted = predictions(24, groups=3)
    row = faithfulness({"lrp": evaluated(predicted, 0.8, 0.3)}, predicted).to_pylist()[0]
    assert (row["drawn"], row["units"], row["note"]) == ("group", 3, "3 groups are few, so the interval is rough")


def test_one_clip_is_untested():
    predicted = predictions(1)
    row = faithfulness({"lrp": evaluated(predicted, 0.8, 0.3)}, predicted).to_pylist()[0]
    assert row["outcome"] == "untested"
    assert "too few" in row["verdict"]


def test_clips_of_several_classes_count_for_each():
    predicted = predictions(8)
    several = predicted.set_column(
        predicted.column_names.index("actual"), "actual", pa.array([["one", "two"]] * 4 + [["two"]] * 3 + [[]])
    )
    rows = faithfulness({"lrp": evaluated(predicted, 0.8, 0.3)}, several, by="class").to_pylist()
    assert {row["value"]: row["explanations"] for row in rows} == {"one": 4, "two": 7}


def test_an_unpredicted_clip_and_an_unknown_part_are_errors():
    predicted = predictions(4)
    with pytest.raises(AuricleError, match="never predicted"):
        faithfulness({"lrp": evaluated(predictions(5), 0.8, 0.3)}, predicted)
    with pytest.raises(AuricleError, match='"speakr"'):
        faithfulness({"lrp": evaluated(predicted, 0.8, 0.3)}, predicted, by="speakr")
    with pytest.raises(AuricleError, match="no method"):
        faithfulness({}, predicted)


def test_every_metric_for_every_class():
    predicted = predictions(20)
    table = evaluated(predicted, 0.8, 0.3, AD=[float(number % 2) for number in range(20)], SPS=0.5)
    found = by_part({"lrp": table}, predicted, by="class")
    means = {(row["value"], row["metric"]): row["mean"] for row in found.to_pylist()}
    assert means["one", "AD"] == 0.0
    assert means["two", "AD"] == 1.0
    assert means["one", "SPS"] == 0.5
    assert ("one", "relevant-random") in means
    assert rows_of(found, metric="AD")[0]["higher_is_better"] is False
    with pytest.raises(AuricleError, match="was not measured"):
        by_part({"lrp": table}, predicted, metrics=["AG"])


def test_every_metric_has_a_direction():
    assert set(METRICS) <= set(HIGHER_IS_BETTER)


def test_same_seed_same_table():
    predicted = predictions(12)
    methods = {"lrp": evaluated(predicted, 0.6, 0.5)}
    assert faithfulness(methods, predicted, seed=3).equals(faithfulness(methods, predicted, seed=3))
    assert np.isfinite(faithfulness(methods, predicted)["p_t"].to_numpy()).all()
