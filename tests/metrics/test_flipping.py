"""Component flipping against a calculation by hand: four slices that are worth 4, 2, -1 and -3 to "yes"."""

import numpy as np
import pytest
from slices import explanation, sigmoid

from auricle.errors import AuricleError
from auricle.metrics import flipping
from auricle.metrics.flipping import random_orders

WORTH = [4.0, 2.0, -1.0, -3.0]


def test_curves_by_hand():
    """Sums while the most relevant go first: 2, -2, -4, -3, 0; while they come first: 0, 4, 6, 5, 2; "no" has 1/2."""
    found = flipping(explanation(WORTH))
    np.testing.assert_allclose(found.removing["explanation"].fractions, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(found.removing["explanation"].values, sigmoid([1.5, -2.5, -4.5, -3.5, -0.5]), atol=1e-5)
    np.testing.assert_allclose(found.adding["explanation"].values, sigmoid([-0.5, 3.5, 5.5, 4.5, 1.5]), atol=1e-5)
    np.testing.assert_allclose(found.removing["least first"].values, sigmoid([1.5, 4.5, 5.5, 3.5, -0.5]), atol=1e-5)


def test_delta_as_coughlime_defines_it():
    """Removing 0, 0, 1, 2, 3, 4 of the 4 at 0, .1, .25, .5, .75, .9: "yes" stays until the first goes."""
    found = flipping(explanation(WORTH), draws=2000)
    np.testing.assert_array_equal(found.unchanged["explanation"].values, [1, 1, 0, 0, 0, 0])
    assert found.unchanged["explanation"].auc == pytest.approx((0.1 + 0.15 / 2) / 0.9)
    # Of all coalitions without 1, 2, 3 of the four, 2/4, 4/6 and 2/4 still say yes.
    np.testing.assert_allclose(found.unchanged["random"].values, [1, 1, 1 / 2, 2 / 3, 1 / 2, 0], atol=0.03)
    area = (0.1 + 0.15 * 3 / 4 + 0.25 * 7 / 12 + 0.25 * 7 / 12 + 0.15 / 4) / 0.9
    assert found.delta() == pytest.approx(area - 0.175 / 0.9, abs=0.02)
    assert found.delta("random") == 0.0
    # Adding 0, 0, 1, 2, 3, 4: yes from the first on.
    np.testing.assert_array_equal(found.regained["explanation"].values, [0, 0, 1, 1, 1, 1])
    assert found.delta_added() == pytest.approx((0.15 / 2 + 0.65) / 0.9 - found.regained["random"].auc)


def test_legacy_removes_what_speaks_against_as_if_it_spoke_for():
    """By |weight| the order is 4, -3, 2, -1, so after two the sum is 1 and the model says yes again."""
    found = flipping(explanation(WORTH), legacy=True)
    np.testing.assert_array_equal(found.unchanged["explanation"].values, [1, 1, 0, 1, 0, 0])
    assert found.delta() < flipping(explanation(WORTH)).delta()


def test_independent_labels_change_at_one_half():
    """A logit of 2 for yes; without the first it is -2, although "no" stays at 1/2 all the time."""
    found = flipping(explanation([3.0, -2.0, -1.0, 0.25], multi_label=True))
    assert found.unchanged["explanation"].values[0] == 1.0
    # The whole is 0.25, below "no", but above 1/2; without the first slice it is not.
    np.testing.assert_array_equal(found.unchanged["explanation"].values, [1, 1, 0, 0, 0, 1])


def test_only_new_coalitions_are_heard():
    one = explanation(WORTH)
    table = one.contributions.tables[0]
    before = table.forwards
    flipping(one, draws=100)
    assert table.forwards <= 16
    again = table.forwards
    assert again > before
    flipping(one, draws=100)
    assert table.forwards == again


def test_few_steps_for_many_components():
    found = flipping(explanation([1.0] * 12), steps=5)
    np.testing.assert_allclose(found.removing["random"].fractions, np.array([0, 2, 5, 7, 10, 12]) / 12)


def test_random_orders_come_with_their_reverse():
    orders = random_orders(5, draws=4, seed=1)
    np.testing.assert_array_equal(orders[1], orders[0][::-1])
    np.testing.assert_array_equal(np.sort(orders), np.tile(np.arange(5), (4, 1)))
    assert not np.array_equal(orders[0], orders[2])


def test_bad_input():
    with pytest.raises(AuricleError, match="0 random orders"):
        flipping(explanation(WORTH), draws=0)
