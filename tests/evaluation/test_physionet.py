"""The official score of the Challenge on twelve recordings, worked out by hand."""

from __future__ import annotations

import pytest
from made_up import said

from auricle.errors import AuricleError
from auricle.evaluation import evaluate, official_score
from auricle.evaluation.physionet import of_predictions

#          id: (condition, quality, answer); "–" is missing
TWELVE = {
    "a1": ("abnormal", 1, "abnormal"),  # clean abnormal: 2 of 4 right, unsure is wrong
    "a2": ("abnormal", 1, "abnormal"),
    "a3": ("abnormal", 1, "unsure"),
    "a4": ("abnormal", 1, "normal"),
    "a5": ("abnormal", 0, "unsure"),  # noisy abnormal: 1 of 2 right, unsure is right
    "a6": ("abnormal", 0, "normal"),
    "n1": ("normal", 1, "normal"),  # clean normal: 2 of 3 right, missing is unsure
    "n2": ("normal", 1, "normal"),
    "n3": ("normal", 1, "–"),
    "n4": ("normal", 0, "abnormal"),  # noisy normal: 2 of 3 right, missing is unsure
    "n5": ("normal", 0, "–"),
    "n6": ("normal", 0, "normal"),
}
REFERENCE = {name: (condition, quality) for name, (condition, quality, _) in TWELVE.items()}
ANSWERS = {name: answer for name, (_, _, answer) in TWELVE.items() if answer != "–"}


def test_twelve_recordings():
    found = official_score(REFERENCE, ANSWERS)
    assert (found.clean_abnormal, found.clean_normal) == pytest.approx((4 / 6, 3 / 6))
    assert found.sensitivity == pytest.approx(4 / 6 * 2 / 4 + 2 / 6 * 1 / 2)  # 1/2
    assert found.specificity == pytest.approx(3 / 6 * 2 / 3 + 3 / 6 * 2 / 3)  # 2/3
    assert found.macc == pytest.approx(7 / 12)
    assert (found.unsure, found.recordings) == (4, 12)


def test_answering_normal_to_everything_is_worth_a_half_on_clean_recordings():
    clean = {name: (condition, 1) for name, (condition, _) in REFERENCE.items()}
    found = official_score(clean, dict.fromkeys(clean, "normal"))
    assert (found.sensitivity, found.specificity, found.macc) == (0.0, 1.0, 0.5)


def test_a_kind_of_recording_that_does_not_occur_counts_nothing():
    found = official_score({"n": ("normal", 1)}, {"n": "normal"})
    assert (found.sensitivity, found.specificity, found.macc) == (0.0, 1.0, 0.5)


def test_the_weights_of_the_whole_training_set():
    """2,304 of 2,575 normal and 572 of 665 abnormal recordings are clean in version 1.0.0."""
    reference = {f"n{number}": ("normal", int(number < 2304)) for number in range(2575)}
    reference |= {f"a{number}": ("abnormal", int(number < 572)) for number in range(665)}
    found = official_score(reference, {})
    assert (found.clean_normal, found.clean_abnormal) == pytest.approx((0.8948, 0.8602), abs=5e-5)
    assert found.sensitivity == pytest.approx(93 / 665)  # nothing answered: right on what is noisy


def predicted():
    return said(
        [[0.9, 0.1], [0.45, 0.55], [0.2, 0.8]],
        ["normal", "normal", "abnormal"],
        ("normal", "abnormal"),
        quality=[1, 0, 1],
    )


def test_probabilities_between_the_thresholds_are_unsure():
    assert of_predictions(predicted()).specificity == 0.5
    found = of_predictions(predicted(), unsure=(0.4, 0.6))
    assert (found.unsure, found.specificity) == (1, 1.0)


def test_recordings_that_could_not_be_heard_are_missing_answers():
    table = predicted()
    heard = table.slice(0, 2).replace_schema_metadata(table.schema.metadata)
    found = of_predictions(heard, table)
    assert (found.recordings, found.unsure, found.sensitivity) == (3, 1, 0.0)


def test_it_is_part_of_the_evaluation_of_such_recordings():
    assert evaluate(predicted(), draws=0).official.macc == 0.75
    assert evaluate(predicted().drop_columns(["quality"]), draws=0).official is None


@pytest.mark.parametrize(
    ("answers", "hint"),
    [({"n1": "norml"}, 'did you mean "normal"'), ({"z": "normal"}, "which the reference does not have")],
)
def test_wrong_answers_are_told(answers, hint):
    with pytest.raises(AuricleError, match=hint):
        official_score(REFERENCE, answers)
