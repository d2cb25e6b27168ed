"""audioLIME's question, by hand: does the model say the same to the top k components alone?"""

import pytest
from slices import explanation

from auricle.errors import AuricleError
from auricle.metrics import top_components


def test_by_hand():
    """Five positive slices, "no" at 1/2. k = 1: 5 says yes; of the others 1, 1 do, .2, .2 do not. k = 3: 5 + 1 + 1
    says yes, and two others are too few to draw from."""
    found = top_components(explanation([5.0, 1.0, 0.2, -2.0, 0.2, 1.0, -0.1, -0.1]))
    assert found.sizes == (1, 3, 5)
    assert found.same == (True, True, True)
    assert found.random == (pytest.approx(2 / 4), None, None)
    assert found.means() == (1.0, 0.5)


def test_a_wrong_order_loses():
    """Weak slices on top: the same game explained by its reverse."""
    one = explanation([0.1, 0.2, 0.3, 3.0])
    one.contributions.weights[:, 0] = one.contributions.weights[:, 0].flip(0)
    found = top_components(one, sizes=(1,))
    assert found.same == (False,)
    assert found.random == (pytest.approx(1 / 3),)


def test_draws_are_seeded_and_as_many_as_asked():
    worth = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
    first, again, other = (top_components(explanation(worth), sizes=(1, 5), draws=4, seed=s) for s in (0, 0, 5))
    assert first == again
    assert first.sizes == (1, 5)
    assert first.random != other.random


def test_nothing_positive():
    found = top_components(explanation([-1.0, -2.0, -1.0, -1.0]))
    assert found.sizes == ()
    assert found.means() is None


def test_bad_input():
    with pytest.raises(AuricleError, match="give at least 1 of each"):
        top_components(explanation([1.0, 1.0]), draws=0)
