"""Where a concept is in a clip: against maps whose numbers are known by hand."""

import numpy as np
import pytest

from auricle.axes import Axes
from auricle.concepts.gallery.map_statistics import map_statistics

STEP = 0.01


def axes(frames=101, rows=10, first=-STEP / 2):
    return Axes(first + STEP * np.arange(frames + 1), np.arange(rows + 1) * 100.0)


def block(low=2, high=4, start=30, end=60, frames=101):
    values = np.zeros((10, frames), np.float32)
    values[low:high, start:end] = 2.0
    return values


def test_a_block_is_where_it_was_put():
    found = map_statistics(block(), axes(), 1.0)
    assert found.centroid_hz == pytest.approx(300)  # rows at 250 and 350 Hz
    assert found.bandwidth_hz == pytest.approx(50)
    assert found.centroid_time == pytest.approx(0.445)  # frames 30 to 59 lie at 0.30 to 0.59 s
    assert found.active_share == pytest.approx(30 / 101)
    assert found.onsets_per_second == pytest.approx(1.0)
    # 80 % of it are 24 of its 30 frames, the first of equals, and 50 ms on either side
    assert (found.start, found.end) == (pytest.approx(0.295 - 0.05), pytest.approx(0.535 + 0.05))


def test_only_what_speaks_for_the_class_counts():
    values = block()
    values[7:, 70:] = -50.0
    assert map_statistics(values, axes(), 1.0) == map_statistics(block(), axes(), 1.0)


def test_the_crop_leaves_the_faint_out_and_holds_the_strong():
    values = block(start=0, end=101) * 0.01
    values[:, 40:60] += 1.0
    found = map_statistics(values, axes(), 1.0)
    assert 0.34 < found.start < found.end < 0.65
    assert 0.8 * values.sum() <= values[:, round(found.start / STEP) : round(found.end / STEP) + 1].sum()


@pytest.mark.parametrize(("at", "expected"), [(50, (0.375, 0.625)), (0, (0.0, 0.25)), (100, (0.75, 1))])
def test_a_click_gets_room_and_the_crop_stays_within_the_clip(at, expected):
    found = map_statistics(block(start=at, end=at + 1), axes(), 1.0)
    assert (found.start, found.end) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


def test_a_clip_shorter_than_a_crop_is_kept_whole():
    found = map_statistics(block(start=2, end=4, frames=9), axes(9), 0.08)
    assert (found.start, found.end) == (0.0, pytest.approx(0.08))


def test_of_a_long_clip_the_densest_seconds_are_taken():
    values = block(start=0, end=1001, frames=1001)
    values[:, 500:700] *= 1.2
    found = map_statistics(values, axes(1001), 10.0)
    assert found.end - found.start == pytest.approx(3.1)
    assert found.start <= 5.0 < 7.0 <= found.end


def test_relevance_on_padding_is_not_in_the_clip():
    values = block(start=10, end=90)
    found = map_statistics(values, axes(first=-0.2 - STEP / 2), 0.4)  # the clip lasts from frame 20 to frame 60
    assert found.active_share == 1.0
    assert found.centroid_time == pytest.approx(0.5)
    assert 0 <= found.start < found.end <= 0.4
    nothing = map_statistics(block(start=80, end=90), axes(), 0.5)
    assert nothing.centroid_hz is None
    assert (nothing.start, nothing.end) == (0.0, 0.5)


def test_strokes_are_counted_and_ripples_are_not():
    time = np.arange(201) * STEP
    strokes = sum(np.exp(-0.5 * ((time - at) / 0.02) ** 2) for at in (0.0, 0.5, 1.0, 1.5, 2.0))
    ripples = 0.05 * (1 + np.sin(2 * np.pi * 20 * time))
    values = np.zeros((10, 201))
    values[3] = strokes + ripples
    assert map_statistics(values, axes(201), 2.0).onsets_per_second == pytest.approx(5 / 2)


def test_without_positive_relevance_there_is_nothing_rather_than_nan():
    for values in (np.zeros((10, 101)), -block()):
        found = map_statistics(values, axes(), 1.0)
        assert found.centroid_hz is found.bandwidth_hz is found.centroid_time is None
        assert found.onsets_per_second is found.active_share is None
        assert (found.start, found.end) == (0.0, 1.0)
