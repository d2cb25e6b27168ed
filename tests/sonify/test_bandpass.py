"""Boxes cut out of sound, in signal terms."""

import numpy as np
import pytest

from auricle.axes import Axes
from auricle.sonify.bandpass import cut_out, filter_of
from auricle.sonify.boxes import Box, area_of, boxes_of, slices_of

RATE = 8000
SECONDS = np.arange(RATE) / RATE


def tone(hertz, seconds=SECONDS):
    return np.sin(2 * np.pi * hertz * seconds)


def cut(samples, boxes, rate=RATE):
    return cut_out(samples, slices_of(boxes, seconds=samples.shape[-1] / rate), sample_rate=rate)


def level_db(part, whole):
    return 10 * np.log10((part**2).mean() / (whole**2).mean() + 1e-30)


MIDDLE = slice(RATE // 4, 3 * RATE // 4)


def test_tone_inside_survives_and_outside_dies():
    box = [Box(900, 1100, 0, 1)]
    assert abs(level_db(cut(tone(1000), box)[MIDDLE], tone(1000))) < 0.02
    for outside in (300, 700, 1300, 3000):
        assert level_db(cut(tone(outside), box)[MIDDLE], tone(outside)) < -40


def test_narrow_box_keeps_its_level():
    assert abs(level_db(cut(tone(1000), [Box(985, 1016, 0, 1)])[MIDDLE], tone(1000))) < 0.1


def test_box_from_zero_keeps_the_constant_part():
    kept = cut(np.ones(RATE), [Box(0, 500, 0, 1)])
    np.testing.assert_allclose(kept[MIDDLE], 1.0, atol=2e-3)


def test_box_above_zero_drops_the_constant_part():
    assert np.abs(cut(np.ones(RATE), [Box(200, 500, 0, 1)])[MIDDLE]).max() < 2e-3


def test_whole_plane_is_the_sound_itself():
    noise = np.random.default_rng(0).normal(size=(2, RATE))
    np.testing.assert_allclose(cut(noise, [Box(0, 4000, 0, 1)]), noise, atol=1e-12)


def test_no_box_is_silence():
    assert not cut(tone(1000), []).any()


def test_nothing_is_delayed():
    noise = np.random.default_rng(0).normal(size=RATE)
    kept = cut(noise, [Box(500, 2000, 0, 1)])
    lags = np.correlate(noise, kept, mode="full")
    assert lags.argmax() == RATE - 1


def test_length_is_kept_for_any_length():
    for n in (81, 1001, RATE + 37):
        assert cut(np.ones(n), [Box(100, 300, 0, n / RATE)]).shape == (n,)


def test_overlap_counts_once():
    noise = np.random.default_rng(0).normal(size=RATE)
    twice = cut(noise, [Box(500, 1500, 0.1, 0.8), Box(500, 1500, 0.1, 0.8), Box(700, 1000, 0.3, 0.5)])
    once = cut(noise, [Box(500, 1500, 0.1, 0.8)])
    np.testing.assert_allclose(twice, once, atol=1e-12)


def test_overlapping_boxes_give_no_gain_above_one():
    sound = tone(1000)
    kept = cut(sound, [Box(800, 1300, 0.1, 0.7), Box(900, 1500, 0.3, 0.9)])
    assert abs(level_db(kept[MIDDLE], sound)) < 0.02
    assert np.abs(kept).max() < 1.01


def test_gate_opens_and_closes_with_the_box():
    kept = cut(tone(1000), [Box(500, 1500, 0.4, 0.6)])
    assert not kept[: int(0.39 * RATE)].any()
    assert not kept[int(0.61 * RATE) :].any()
    assert abs(level_db(kept[int(0.42 * RATE) : int(0.58 * RATE)], tone(1000))) < 0.05


def test_adjacent_boxes_in_time_leave_no_seam():
    sound = tone(1000)
    kept = cut(sound, [Box(500, 1500, 0, 0.5), Box(500, 1500, 0.5, 1)])
    np.testing.assert_allclose(kept[MIDDLE], sound[MIDDLE], atol=2e-3)


@pytest.mark.parametrize(
    "bands", [((0, 3),), ((3998, 4000),), ((5000, 6000),), ((1, 2), (3999, 4100)), ((30, 40), (41, 60))]
)
def test_any_bands_have_a_filter(bands):
    kernel = filter_of(bands, RATE)
    assert len(kernel) % 2 == 1
    np.testing.assert_allclose(kernel, kernel[::-1], atol=1e-12)
    assert np.abs(np.fft.rfft(kernel, 65536)).max() < 1.05


def test_boxes_surround_connected_parts():
    axes = Axes(seconds=np.linspace(0, 0.5, 6), hertz=np.linspace(0, 400, 5))
    regions = np.zeros((4, 5))
    regions[0, 0] = regions[1, 1] = regions[3, 4] = 1
    boxes = boxes_of(regions, axes, seconds=0.45)
    assert [box.to_dict() for box in boxes] == [
        {"low": 0.0, "high": 200.0, "start": 0.0, "end": 0.2},
        {"low": 300.0, "high": 400.0, "start": 0.4, "end": 0.45},
    ]


def test_area_of_overlapping_boxes_by_hand():
    slices = slices_of([Box(0, 100, 0, 1), Box(50, 200, 0.5, 1)], seconds=1.0)
    assert area_of(slices, seconds=1.0, top=400.0) == pytest.approx((50 + 100) / 400)
