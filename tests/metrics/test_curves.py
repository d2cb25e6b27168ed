"""Curves in closed form."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.metrics import area_under, deletion_masks, insertion_masks, ranks
from auricle.metrics.curves import Curve, fractions_of


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_area_under_a_line_is_the_mean_of_its_ends(steps):
    fractions = fractions_of(steps)
    assert area_under(0.9 - 0.7 * fractions, fractions) == pytest.approx((0.9 + 0.2) / 2)


def test_area_does_not_depend_on_the_unit_of_the_axis():
    assert area_under([1, 0.4, 0], [0, 50, 100]) == pytest.approx(area_under([1, 0.4, 0], [0, 0.5, 1]))


def test_ranks_are_a_permutation_from_most_to_least_relevant():
    relevance = np.random.default_rng(0).normal(size=(5, 7))
    rank = ranks(relevance)
    assert sorted(rank.ravel()) == list(range(35))
    assert (np.diff(relevance.ravel()[np.argsort(rank, axis=None)]) <= 0).all()


def test_equal_cells_are_in_random_but_seeded_order():
    flat = np.zeros((8, 8))
    np.testing.assert_array_equal(ranks(flat, seed=1), ranks(flat, seed=1))
    assert (ranks(flat, seed=1) != ranks(flat, seed=2)).any()
    assert (ranks(flat) != np.arange(64).reshape(8, 8)).any()


def test_deletion_and_insertion_are_complements_and_reach_both_ends():
    rank = ranks(np.random.default_rng(0).normal(size=(5, 7)))
    gone, there = (np.stack(list(make(rank, 4))) for make in (deletion_masks, insertion_masks))
    np.testing.assert_array_equal(gone + there, 1.0)
    assert gone[0].all()
    assert not gone[-1].any()
    assert there.sum(axis=(1, 2)).tolist() == [0, 9, 18, 26, 35]


def test_curve_tells_its_area():
    curve = Curve(np.array([0.0, 0.5, 1.0]), np.array([1.0, 1.0, 0.0]))
    assert curve.to_dict() == {"fractions": [0.0, 0.5, 1.0], "values": [1.0, 1.0, 0.0], "auc": 0.75}


def test_no_steps_no_curve():
    with pytest.raises(AuricleError, match="0 steps"):
        list(deletion_masks(np.zeros((2, 2)), 0))
