"""Prototypes: the best clips, from as many places as there are."""

import itertools

import pytest

from auricle.concepts.gallery.prototypes import Prototype, choose_prototypes


def row(clip, relevance, group=None, source=None, strength=1.0):
    group = group or source or clip
    places = {"start": 0.1, "end": 0.4}
    return {"clip": clip, "source": source, "group": group, "relevance": relevance, "strength": strength, **places}


def names(chosen):
    return "".join(each.clip for each in chosen)


SPEAKERS = [row("a", 9, "ann"), row("b", 8, "ann"), row("c", 7, "ann"), row("d", 3, "bob"), row("e", 2, "cleo")]


@pytest.mark.parametrize(("count", "expected"), [(1, "a"), (3, "ade"), (4, "abde"), (5, "abcde"), (9, "abcde")])
def test_each_speaker_gives_one_before_any_gives_a_second(count, expected):
    for rows in itertools.permutations(SPEAKERS):
        assert names(choose_prototypes(rows, "relevance", count)) == expected


def test_no_file_gives_two_whatever_its_score():
    rows = [row("a", 9, source="x.wav"), row("b", 8, source="x.wav"), row("c", 1, source="y.wav")]
    assert names(choose_prototypes(rows, "relevance", 3)) == "ac"
    one_speaker = [{**each, "group": "ann"} for each in rows]
    assert names(choose_prototypes(one_speaker, "relevance", 3)) == "ac"


def test_ranked_by_what_is_there_or_by_what_was_used():
    rows = [row("a", 2.0, strength=1.0), row("b", 1.0, strength=3.0)]
    assert [each.score for each in choose_prototypes(rows, "relevance", 2)] == [2.0, 1.0]
    assert names(choose_prototypes(rows, "activation", 2)) == "ba"


def test_what_speaks_against_is_no_example():
    rows = [row("a", -1.0), row("b", 0.0), row("c", 0.5)]
    assert names(choose_prototypes(rows, "relevance", 3)) == "c"
    assert choose_prototypes(rows[:2], "relevance", 3) == ()
    assert names(choose_prototypes(rows, "activation", 3)) == "abc"


def test_a_prototype_knows_where_it_is():
    (only,) = choose_prototypes([row("a", 2.0, "ann", "x.wav")], "relevance", 1)
    assert only == Prototype(clip="a", source="x.wav", group="ann", start=0.1, end=0.4, score=2.0)
