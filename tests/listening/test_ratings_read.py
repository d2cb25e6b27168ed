"""Only whole results of this test count, and a bad file says what is wrong with it."""

import json

import pytest
from made_up_ratings import a_key, ratings_file, save_key, steady

from auricle.errors import AuricleError
from auricle.listening import read_key, read_result
from auricle.listening.results import read_results


def test_a_key_comes_back_as_it_was_saved(tmp_path):
    assert read_key(save_key(a_key(), tmp_path)) == a_key()


def test_ratings_are_read_under_their_names(tmp_path):
    key = a_key()
    found = read_result(ratings_file(tmp_path, key, "p1", lambda number, name: 10 * number + len(name)), key)
    assert found.listener == "p1"
    assert found.ratings["i3"]["poor"].rating == 34
    assert (found.ratings["i3"]["poor"].plays, found.ratings["i3"]["poor"].seconds) == (2, 1.5)


@pytest.mark.parametrize(
    ("rating", "changes", "said"),
    [
        (steady(), {"test": "t2"}, "of the test t2, not of t1"),
        (steady(good=None), {}, "lacks 4 of 16 ratings, the first of clip i0"),
        (steady(good=101), {}, "has a rating of 101, and ratings are 0 to 100"),
        (steady(poor=-1), {}, "has a rating of -1"),
        (steady(poor="20"), {}, "has a rating of '20'"),
        (steady(poor=float("nan")), {}, "has a rating of nan"),
        (steady(), {"ratings": [{"item": "i0"}]}, "holds no ratings of a test"),
        (steady(), {"ratings": [{"item": "i0", "condition": "x", "rating": 1}]}, "that the test does not have"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, rating, changes, said):
    key = a_key()
    path = ratings_file(tmp_path, key, "p1", rating, **changes)
    with pytest.raises(AuricleError, match=said) as error:
        read_result(path, key)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"), [("[1]", "not of a listening test"), ("{", "is not JSON"), ("{}", "no ratings")]
)
def test_other_files_are_refused(tmp_path, text, said):
    path = tmp_path / "p1.json"
    path.write_text(text)
    with pytest.raises(AuricleError, match=said):
        read_result(path, a_key())


def test_a_bad_file_leaves_the_others_alone(tmp_path):
    key = a_key()
    good = [ratings_file(tmp_path, key, f"p{i}", steady()) for i in (1, 2)]
    again = tmp_path / "again.json"
    again.write_text(good[0].read_text())
    bad = ratings_file(tmp_path, key, "p3", steady(), test="other")
    results, left_out = read_results([good[0], bad, again, good[1], tmp_path / "none.json"], key)
    assert [each.listener for each in results] == ["p1", "p2"]
    assert [line.split()[0] for line in left_out] == [str(bad), str(again), str(tmp_path / "none.json")]


def test_a_folder_without_a_key_says_where_keys_come_from(tmp_path):
    with pytest.raises(AuricleError, match="listening-test make"):
        read_key(tmp_path)
    (tmp_path / "key.json").write_text(json.dumps({"test": "t1", "items": [{"id": "i0"}]}))
    with pytest.raises(AuricleError, match="not the key"):
        read_key(tmp_path)
