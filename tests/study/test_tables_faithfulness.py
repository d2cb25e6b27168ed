"""The faithfulness table says which method beats chance, how surely, and which does not."""

import numpy as np
import pyarrow as pa
import pytest
from made_up_tables import evaluated, predictions

from auricle.errors import AuricleError
from auricle.metrics import METRICS
from auricle.study.tables.columns import HIGHER_IS_BETTER
from auricle.study.tables.faithfulness import clips_needed, faithfulness
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
    assert found["lrp"]["p_holm"] == pytest.approx(min(3 * row["p"] for row in found.values()))
    assert found["lrp"]["verdict"].endswith(", 24 clips, 3 groups).")


def of_speakers(differences, speakers):
    """Predictions and explanations whose relevant less random is ``differences``."""
    predicted = predictions(len(differences))
    predicted = predicted.set_column(predicted.column_names.index("group"), "group", pa.array(speakers, pa.string()))
    heard = [0.5 + float(each) for each in differences]
    return predicted, evaluated(predicted, heard, 0.5, spread=0.0)


def test_alike_clips_of_few_speakers_do_not_make_a_method_beat_chance():
    """Means 0.3, 0.2 and -0.2 of 20 clips each: t = 0.1 / (√0.07 / √3) with 2 degrees of freedom."""
    differences = np.repeat([0.3, 0.2, -0.2], 20) + np.tile([-0.01, 0.01], 30)
    predicted, table = of_speakers(differences, [None] * 60)
    by_clips = faithfulness({"lrp": table}, predicted).to_pylist()[0]
    assert (by_clips["tested"], by_clips["groups"], by_clips["outcome"]) == ("clips", None, "beats")
    assert by_clips["p"] == by_clips["p_wilcoxon"] < 0.01
    assert by_clips["note"] == ""
    assert by_clips["verdict"].endswith(", 60 clips).")
    predicted, table = of_speakers(differences, list(np.repeat(["x", "y", "z"], 20)))
    by_groups = faithfulness({"lrp": table}, predicted).to_pylist()[0]
    assert (by_groups["tested"], by_groups["groups"], by_groups["outcome"]) == ("groups", 3, "does not")
    error = np.sqrt(0.07 / 3)
    t = 0.1 / error
    assert by_groups["p"] == pytest.approx(1.0 - t / np.sqrt(t**2 + 2.0))
    assert by_groups["difference_low"] == pytest.approx(0.1 - 4.30265 * error, rel=1e-4)
    assert by_groups["difference_high"] == pytest.approx(0.1 + 4.30265 * error, rel=1e-4)
    over_clips = ("p_t", "p_wilcoxon", "d_z", "rank_biserial")
    assert [by_groups[name] for name in over_clips] == [by_clips[name] for name in over_clips]


def test_without_any_effect_few_methods_are_said_to_have_one():
    """6 speakers of 50 clips, each with a shift of its own: tested clip by clip, two thirds would be false alarms."""
    generator = np.random.default_rng(0)
    speakers = list(np.repeat(list("abcdef"), 50))
    said = {"clips": 0, "groups": 0}
    for _ in range(60):
        differences = np.repeat(generator.normal(0.0, 0.05, 6), 50) + generator.normal(0.0, 0.05, 300)
        predicted, table = of_speakers(differences, speakers)
        row = faithfulness({"lrp": table}, predicted, draws=50).to_pylist()[0]
        said["groups"] += row["outcome"] in ("beats", "worse")
        said["clips"] += row["p_wilcoxon"] < 0.05
    assert said["groups"] <= 0.06 * 60
    assert said["clips"] >= 0.5 * 60


def test_many_groups_are_drawn_and_clips_of_unknown_group_are_groups_of_their_own():
    differences = np.random.default_rng(0).normal(0.1, 0.05, 60)
    predicted, table = of_speakers(differences, [f"{each // 3}" for each in range(60)])
    many = faithfulness({"lrp": table}, predicted).to_pylist()[0]
    assert many["groups"] == 20
    assert many["difference_low"] == faithfulness({"lrp": table}, predicted).to_pylist()[0]["difference_low"]
    assert many["difference_low"] != faithfulness({"lrp": table}, predicted, seed=1).to_pylist()[0]["difference_low"]
    predicted, table = of_speakers(differences, [None] * 10 + ["x", "y"] * 10 + ["z"] * 30)
    assert faithfulness({"lrp": table}, predicted).to_pylist()[0]["groups"] == 13


def test_one_or_two_groups_are_no_sample_and_the_note_says_so():
    differences = np.random.default_rng(0).normal(0.1, 0.05, 20)
    for speakers, count in ((["x", "y"] * 10, "2 groups"), (["x"] * 20, "1 group")):
        predicted, table = of_speakers(differences, speakers)
        row = faithfulness({"lrp": table}, predicted).to_pylist()[0]
        assert (row["tested"], row["p"]) == ("clips", row["p_wilcoxon"])
        assert f"clips of only {count} were compared" in row["note"]


def test_a_large_group_unlike_the_others_is_noted():
    """300 clips of one speaker at +0.3, five other speakers near 0: neither number tells it all."""
    differences = [0.3] * 300 + [0.01, -0.01, 0.0, 0.02, -0.02]
    predicted, table = of_speakers(differences, ["x"] * 300 + list("abcde"))
    row = faithfulness({"lrp": table}, predicted).to_pylist()[0]
    assert row["outcome"] == "does not"
    assert "+0.30 over clips and +0.05 over groups" in row["note"]


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
    nothing = faithfulness({"lrp": evaluated(predicted, [None] * 20, 0.3)}, predicted).to_pylist()[0]
    assert (nothing["clips"], nothing["difference"], nothing["outcome"]) == (0, None, "untested")
    assert nothing["verdict"].startswith("lrp: 0 clips with a relevant part and random ones are too few")


def test_wrong_predictions_stand_apart_by_what_was_asked():
    predicted = predictions(20, wrong=(0, 1, 2))
    table = faithfulness({"lrp": evaluated(predicted, 0.8, 0.3)}, predicted)
    counts = {(row["right"], row["asked"]): row["explanations"] for row in table.to_pylist()}
    assert counts == {(True, "predicted"): 17, (False, "predicted"): 3, (False, "true"): 3, (False, "contrast"): 3}


def test_a_wrong_prediction_is_judged_only_where_the_true_class_is_explained():
    predicted = predictions(24, wrong=range(24))
    rows = faithfulness({"lrp": evaluated(predicted, 0.1, 0.4)}, predicted).to_pylist()
    assert {row["asked"]: row["outcome"] for row in rows} == {
        "predicted": "not judged", "true": "worse", "contrast": "not judged",
    }  # fmt: skip
    assert all("true class" in row["verdict"] for row in rows if row["asked"] != "true")
    assert rows[0]["p_relevant"] < rows[0]["p_random"]


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
    assert row["verdict"].startswith("lrp: 1 clip with a relevant part and random ones is too few")


def test_clips_that_cannot_pass_whatever_they_say_are_untested():
    """The smallest p of Wilcoxon's test is 2 / 2^n: 1/16 of 5 clips, 1/32 of 6, which two methods double."""
    for clips, methods, expected in ((5, 1, "untested"), (6, 1, "beats"), (6, 2, "untested"), (7, 2, "beats")):
        predicted = predictions(clips, groups=0)
        tables = {f"m{each}": evaluated(predicted, 0.8, 0.3, seed=each) for each in range(methods)}
        rows = [row for row in faithfulness(tables, predicted).to_pylist() if row["level"] == "own"]
        assert {row["outcome"] for row in rows} == {expected}
        assert all(row["p_wilcoxon"] == 2.0 ** (1 - clips) and row["methods"] == methods for row in rows)
    few = predictions(6, groups=0)
    said = faithfulness({"lrp": evaluated(few, 0.8, 0.3), "ig": evaluated(few, 0.8, 0.3)}, few).to_pylist()
    assert "6 clips with a relevant part and random ones are too few to compare them; it takes 7" in said[0]["verdict"]
    for methods in (1, 2, 9, 40):
        needed = clips_needed(methods)
        assert methods * 2.0 ** (1 - needed) < 0.05 <= methods * 2.0 ** (2 - needed)


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
