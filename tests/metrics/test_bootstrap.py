"""Intervals that hold what they promise."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.metrics import bootstrap, median, paired


def test_one_clip_has_no_interval():
    interval = bootstrap([0.3])
    assert (interval.mean, interval.low, interval.high) == (0.3, None, None)


def test_interval_is_as_wide_as_the_normal_one():
    values = np.random.default_rng(0).normal(size=200)
    interval = bootstrap(values)
    half = 1.96 * values.std() / np.sqrt(200)
    assert interval.high - interval.mean == pytest.approx(half, rel=0.1)
    assert interval.mean - interval.low == pytest.approx(half, rel=0.1)


def test_interval_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        interval = bootstrap(generator.normal(size=40), draws=300, seed=seed)
        hits += interval.low <= 0.0 <= interval.high
    assert 0.88 <= hits / 200 <= 0.99


def test_pairing_removes_what_clips_have_in_common():
    generator = np.random.default_rng(0)
    hardness = generator.normal(scale=10, size=50)
    own, control = hardness + 0.5 + 0.1 * generator.normal(size=50), hardness
    assert paired(own, control).low > 0.4
    assert bootstrap(own).low < 0.0


def test_same_seed_same_interval():
    values = np.random.default_rng(0).normal(size=30)
    assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
    assert bootstrap(values, seed=1) != bootstrap(values, seed=2)


def test_median_is_not_ruled_by_a_few():
    values = np.append(np.random.default_rng(0).normal(size=99), 1e6)
    middle = median(values)
    assert middle.value == np.median(values)
    assert -0.5 < middle.low < middle.value < middle.high < 0.5
    assert bootstrap(values).mean > 1000.0
    assert median(values, seed=1) == median(values, seed=1) != median(values, seed=2)


def test_median_covers_the_truth_as_often_as_it_says():
    generator = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        middle = median(generator.normal(size=40), draws=300, seed=seed)
        hits += middle.low <= 0.0 <= middle.high
    assert 0.88 <= hits / 200 <= 0.99


def test_the_median_of_one_clip_has_no_interval():
    assert median([3.0]).to_dict() == {"value": 3.0, "low": None, "high": None, "clips": 1}


def test_bad_input_says_so():
    with pytest.raises(AuricleError, match="no clips"):
        median([])
    with pytest.raises(AuricleError, match="no clips"):
        bootstrap([])
    with pytest.raises(AuricleError, match="paired"):
        paired([1.0, 2.0], [1.0])
