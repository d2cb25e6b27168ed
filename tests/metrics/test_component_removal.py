"""Relevant components against the others, by hand."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.metrics import component_removal


def test_values_by_hand():
    drops = np.array([[0.5, 0.3, 0.1, 0.0], [0.2, 0.2, 0.2, 0.2], [0.9, 0.9, 0.9, 0.9]])
    relevance = np.array([[1.0, 0.5, 0.2, -1.0], [1.0, 0.9, 0.8, 0.7], [0.0, 0.0, 0.1, 0.2]])
    found = component_removal(drops, relevance)
    np.testing.assert_allclose(found.relevant, [0.4, 0.2, np.nan])
    np.testing.assert_allclose(found.others, [0.05, np.nan, 0.9])
    np.testing.assert_allclose(found.difference, [0.35, np.nan, np.nan])
    assert found.used.tolist() == [2, 4, 0]
    interval = found.paired()
    assert (interval.mean, interval.clips) == (pytest.approx(0.35), 1)


def test_relevance_of_what_counts_is_told_from_random():
    generator = np.random.default_rng(0)
    drops = generator.exponential(size=(60, 20))
    right = component_removal(drops, drops / drops.max(1, keepdims=True))
    random = component_removal(drops, generator.random(drops.shape))
    assert right.paired().low > 0.5
    assert random.paired().low < 0.0 < random.paired().high


def test_bad_input_says_so():
    with pytest.raises(AuricleError, match="one of each per component"):
        component_removal([0.1, 0.2], [0.3])
    with pytest.raises(AuricleError, match="another threshold"):
        component_removal([[0.1, 0.2]], [[0.9, 0.8]]).paired()
