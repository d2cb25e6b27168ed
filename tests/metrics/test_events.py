"""Annotated events: the figures by hand, on a stand-in, and on real explanations."""

import numpy as np
import pytest
from slices import explanation as of_slices
from two_bands import explanation, tone

import auricle
from auricle.errors import AuricleError
from auricle.metrics import event_auc, event_share, events, measure
from auricle.metrics.events import frames_inside


def test_auc_by_hand():
    """Of the 2 · 3 pairs of a frame within and one without, 4 are in the right order and one is equal."""
    scores, inside = np.array([3.0, 1.0, 0.0, 1.0, 2.0]), np.array([True, True, False, False, False])
    assert event_auc(scores, inside) == pytest.approx((3 + 1 + 0.5) / 6)
    assert event_share(scores, inside) == pytest.approx(4 / 7)
    assert event_share(np.zeros(5), inside) == 0.0


def test_frames_belong_to_an_event_by_their_centre():
    centres = np.array([0.0, 0.1, 0.2, 0.3])
    np.testing.assert_array_equal(frames_inside(centres, [(0.1, 0.2)], 0.3), [False, True, False, False])
    np.testing.assert_array_equal(frames_inside(centres, [(0.28, 0.29), (0.0, 0.05)], 0.3), [True, False, False, True])


def test_relevance_of_any_method():
    """The relevance of a map that is right about time, and of one that is wrong; the loudest part is elsewhere."""
    sound = tone(700, start=0.2, end=0.4) + tone(3000, start=0.5, end=1.0, amplitude=0.9)
    right = explanation(sound, lambda hertz, seconds: (seconds > 0.195) & (seconds < 0.395))
    right = events(right, [(0.2, 0.4)], draws=50)
    wrong = events(explanation(sound, lambda hertz, seconds: seconds > 0.5), [(0.2, 0.4)])
    assert right.auc == pytest.approx(1.0, abs=0.02)
    assert right.hit
    assert right.share == pytest.approx(1.0, abs=0.05)
    assert wrong.auc < 0.5
    assert not wrong.hit
    assert wrong.share == 0.0
    assert right.controls["auc"]["energy"] < 0.5
    assert 0.1 < right.controls["share"]["random"] < 0.4
    assert right.controls["hit"] == {"random": pytest.approx(0.2, abs=0.02), "energy": 0.0}


def test_components_hit_by_their_place():
    """Four slices of 0.1 s; the top one is the second, and so is the loudest of the lot that overlaps the event."""
    one = of_slices([1.0, 4.0, 2.0, -3.0])
    found = events(one, [(0.12, 0.25)])
    assert found.hit
    assert found.controls["hit"]["random"] == 2 / 4
    assert found.share == pytest.approx((0.8 * 4 + 0.5 * 2) / 7, abs=0.1)
    assert not events(one, [(0.3, 0.4)]).hit


def test_nothing_relevant():
    found = events(explanation(tone(700), lambda hertz, seconds: hertz < -1), [(0.2, 0.4)])
    assert (found.auc, found.hit, found.share) == (0.5, False, 0.0)


def test_rows_of_lrp(digits, clips):
    scores = measure(auricle.explain(clips[0], digits), curves=False, draws=2, events=[(0.2, 0.5)])
    assert 0.0 <= scores.row("event AUC").value <= 1.0
    assert set(scores.row("event hit").controls) == {"random", "energy"}
    assert scores.details["events"] == [[0.2, 0.5]]


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ([(0.2, 0.2)], "0.2 to 0.2 s"),
        ([(0.1, 0.2), (0.5, 1.5)], "0.5 to 1.5 s does not lie in a clip of 1 s"),
        ([(0.0, 1.0)], "cover the whole clip"),
        ([], "no event is annotated"),
    ],
)
def test_bad_events(intervals, words):
    with pytest.raises(AuricleError, match=words):
        events(explanation(tone(700), lambda hertz, seconds: seconds > 0.5), intervals)
