"""Choosing predictions: by what is wrong, by any column, however a value is written."""

from __future__ import annotations

import pyarrow as pa
import pytest

from auricle.errors import AuricleError
from auricle.evaluation import choose
from auricle.evaluation.choosing import conditions, flags

TABLE = pa.table({
    "id": list("abcdef"),
    "speaker": ["01", "01", "02", "02", "56", "56"],
    "digit": ["two", "six", "two", "six", "two", "six"],
    "native_speaker": [True, True, False, False, True, True],
    "labels": [["dog"], ["dog", "rain"], [], ["rain"], ["rain"], []],
    "correct": [True, False, True, False, False, True],
    "probability": [0.9, 0.5, 0.8, 0.99, 0.7, 0.6],
})  # fmt: skip


def ids(**how):
    return "".join(choose(TABLE, **how)["id"].to_pylist())


def test_wrong_ones_come_with_the_surest_first_and_right_ones_in_order():
    assert ids(wrong=True) == "deb"
    assert ids(wrong=False) == "acf"
    assert ids(wrong=True, limit=2) == "de"
    assert ids() == "abcdef"


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"speaker": "56"}, "ef"),
        ({"speaker": "1"}, "ab"),
        ({"digit": "2"}, "ace"),
        ({"digit": ["2", "six"], "speaker": "02"}, "cd"),
        ({"native-speaker": "no"}, "cd"),
        ({"labels": "rain"}, "bde"),
    ],
)
def test_values_are_found_however_they_are_written(where, found):
    assert ids(where=where) == found


def test_a_combination_that_nobody_has_is_empty():
    table = choose(TABLE, where={"speaker": "01", "id": "f"})
    assert table.num_rows == 0
    assert table.column_names == TABLE.column_names


def test_flags_and_conditions_name_columns():
    assert flags(["--speaker", "56", "--digit=2", "--speaker=1"], TABLE) == {"speaker": ["56", "1"], "digit": ["2"]}
    assert conditions(["digit=2", "id=a=b"], TABLE) == {"digit": ["2"], "id": ["a=b"]}


@pytest.mark.parametrize(
    ("make", "hint"),
    [
        (lambda: flags(["--speakr", "56"], TABLE), 'did you mean "speaker"'),
        (lambda: flags(["--speaker"], TABLE), "needs a value, for example --speaker 01"),
        (lambda: flags(["56"], TABLE), "out of place"),
        (lambda: conditions(["speaker"], TABLE), "COLUMN=VALUE"),
        (lambda: choose(TABLE, where={"digit": "sixx"}), 'no prediction has digit=sixx; did you mean "six"'),
        (lambda: choose(TABLE, where={"speaker": "57"}), "no prediction has speaker=57"),
        (lambda: choose(TABLE, limit=0), "at least 1"),
    ],
)
def test_what_is_not_there_is_told(make, hint):
    with pytest.raises(AuricleError, match=hint):
        make()
