"""Only the regions, end to end; and levels that do not clip."""

import numpy as np
import pytest

from auricle.axes import Axes
from auricle.regions.base import Regions, drawn
from auricle.sonify.boxes import Box
from auricle.sonify.joining import FADE_SECONDS, GAP_SECONDS, joined, spans_of
from auricle.sonify.loudness import amplifying_gain_db

AXES = Axes(np.linspace(0, 1, 101), np.linspace(0, 4000, 65))
RATE = 8000


def regions(*boxes):
    return Regions(drawn(boxes, AXES), AXES, boxes)


def test_spans_are_the_union_of_the_boxes_times():
    found = regions(Box(0, 100, 0.6, 0.9), Box(0, 100, 0.1, 0.3), Box(500, 900, 0.2, 0.4))
    np.testing.assert_allclose(spans_of(found, seconds=1.0), [(0.1, 0.4), (0.6, 0.9)])


def test_spans_of_a_mask_are_the_columns_that_stand_out():
    mask = np.zeros(AXES.shape, np.float32)
    mask[3, 20:40], mask[9, 60:70], mask[:, 80:] = 0.8, 0.5, 0.1
    np.testing.assert_allclose(spans_of(Regions(mask, AXES), seconds=1.0), [(0.2, 0.4), (0.6, 0.7)])


def test_spans_end_with_the_clip():
    np.testing.assert_allclose(spans_of(Regions(np.ones(AXES.shape), AXES), seconds=0.5), [(0.0, 0.5)])
    assert spans_of(regions(), seconds=1.0) == []


def test_spans_follow_each_other_with_silence_between():
    """Each span sounds in full, in its order, at its level."""
    sound = np.where(np.arange(RATE) < RATE // 2, 1.0, 2.0)[None]
    together = joined(sound, [(0.1, 0.3), (0.7, 0.8)], RATE)[0]
    fade, gap = round(FADE_SECONDS * RATE), round(GAP_SECONDS * RATE)
    first, second = round(0.2 * RATE), round(0.1 * RATE)
    assert len(together) == first + second + 4 * fade + gap
    np.testing.assert_allclose(together[fade : fade + first], 1.0)
    assert not together[2 * fade + first : 2 * fade + first + gap].any()
    np.testing.assert_allclose(together[-fade - second : -fade], 2.0)


def test_nothing_clicks():
    together = joined(np.ones((1, RATE)), [(0.1, 0.3), (0.7, 0.8)], RATE)[0]
    assert np.abs(np.diff(together, prepend=0.0, append=0.0)).max() < 0.03


def test_neighbours_are_one():
    assert joined(np.ones((1, RATE)), [(0.1, 0.3), (0.31, 0.5)], RATE).shape == (1, round(0.42 * RATE))


def test_the_whole_clip_is_itself():
    sound = np.random.default_rng(0).normal(size=(2, RATE))
    np.testing.assert_allclose(joined(sound, [(0.0, 1.0)], RATE), sound)
    assert joined(sound, [], RATE).shape == (2, 0)


@pytest.mark.parametrize(("peak", "gain"), [(0.01, 20.0), (0.5, 6.0206), (1.0, 0.0), (2.0, -6.0206), (0.0, 0.0)])
def test_amplified_sounds_never_pass_full_scale(peak, gain):
    assert amplifying_gain_db(np.array([0.0, -peak]), 20.0) == pytest.approx(gain, abs=1e-3)
