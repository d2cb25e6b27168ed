"""Frequency ranges of a class: a tone that was planted at known hertz is found, and how surely."""

import dataclasses

import numpy as np
import pytest
import torch

from auricle.axes import Axes
from auricle.datasets.planted import Plant, plant
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import listening_axes, spectrum_of
from auricle.regions.base import Regions, drawn
from auricle.regions.ranges import Profile, frequency_ranges, profile_of
from auricle.sonify.boxes import boxes_of

RATE = 8000
GRID = STFT(n_fft=512, hop=80)
HERTZ = np.array([0.0, 100.0, 200.0, 400.0, 800.0])


def heard(truth: Plant):
    """What a tone does to the spectrogram: relevance that is right, with its regions."""
    power = spectrum_of(torch.tensor(truth.sound.mono(RATE)), GRID).abs().square().numpy()
    axes = listening_axes(RATE, GRID, RATE)
    boxes = tuple(boxes_of(power > 0.05 * power.max(), axes, seconds=1.0))
    return power, Regions(drawn(boxes, axes), axes, boxes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_tone_is_found_at_its_hertz(seed):
    profiles, truths = [], []
    for number in range(6):
        _, truth = plant("tone", seed=seed)  # the same tone, later and later
        later = np.roll(truth.sound.mono(RATE), number * 800)
        truth = dataclasses.replace(truth, sound=dataclasses.replace(truth.sound, samples=later[None]))
        relevance, regions = heard(truth)
        profiles.append(profile_of(regions, relevance, seconds=1.0))
        truths.append(truth)
    (found,) = frequency_ranges(profiles, ["tone"] * 6, listening_axes(RATE, GRID, RATE).hertz)["tone"]
    middle = (truths[0].low + truths[0].high) / 2
    assert found.low <= middle <= found.high
    assert found.high - found.low < 100
    assert found.share > 0.8
    assert found.agreement > 0.9


def test_a_class_of_two_tones_has_two_ranges_and_another_class_its_own():
    low, high, other = (np.eye(4)[row] * 0.5 for row in (0, 2, 3))
    profiles = [Profile(each, each) for each in (low + high, low + high, other)]
    found = frequency_ranges(profiles, ["two", "two", "one"], HERTZ)
    assert [(each.low, each.high) for each in found["two"]] == [(0, 100), (200, 400)]
    assert [each.share for each in found["two"]] == [0.5, 0.5]
    assert [(each.low, each.high, each.agreement) for each in found["one"]] == [(400, 800, None)]


def test_rows_side_by_side_are_one_range_and_level_1_is_the_greatest_alone():
    profiles = [Profile(np.array([0.1, 0.7, 1.0, 0.5]), np.ones(4))]
    assert [(r.low, r.high) for r in frequency_ranges(profiles, ["a"], HERTZ)["a"]] == [(100, 400)]
    assert [(r.low, r.high) for r in frequency_ranges(profiles, ["a"], HERTZ, level=1)["a"]] == [(200, 400)]


def test_every_clip_counts_the_same_however_strong_its_relevance():
    profiles = [Profile(np.eye(4)[1], scale * np.eye(4)[row]) for scale, row in ((1000.0, 1), (1.0, 0))]
    (found,) = frequency_ranges(profiles, ["a", "a"], HERTZ)["a"]
    assert found.share == 0.5


def test_ranges_that_hang_on_single_clips_agree_little():
    sure = [Profile(np.eye(4)[0], np.ones(4))] * 8
    unsure = [Profile(np.eye(4)[number % 4], np.ones(4)) for number in range(8)]
    (same,) = frequency_ranges(sure, ["a"] * 8, HERTZ)["a"]
    (all_rows,) = frequency_ranges(unsure, ["a"] * 8, HERTZ)["a"]
    assert same.agreement == 1.0
    assert all_rows.agreement < 0.8


def test_padding_takes_no_time():
    axes = Axes(np.linspace(0.0, 2.0, 5), HERTZ)
    mask = np.zeros((4, 4), np.float32)
    mask[1, :2] = 1.0
    assert profile_of(Regions(mask, axes), np.ones((4, 4)), seconds=1.0).occupancy[1] == 1.0


def test_a_class_without_regions_has_no_ranges():
    assert frequency_ranges([Profile(np.zeros(4), np.zeros(4))] * 2, ["a", "a"], HERTZ) == {"a": []}


def test_a_wrong_level_is_told():
    with pytest.raises(AuricleError, match="level is 60"):
        frequency_ranges([], [], HERTZ, level=60)
