"""AI, AD, AG, FF and Fid-In by hand, and the published AD's figures."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.metrics import (
    average_drop,
    average_gain,
    average_increase,
    faithfulness,
    fidelity_in,
    legacy_in_domain,
)

P = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
O = np.array([[0.9, 0.1, 0.0], [0.5, 0.35, 0.15]])  # noqa: E741 (the field's own letter)


def test_values_by_hand():
    np.testing.assert_allclose(average_increase(P, O), [100, 0])
    np.testing.assert_allclose(average_drop(P, O), [0, 50])
    np.testing.assert_allclose(average_gain(P, O), [75, 0])
    np.testing.assert_allclose(faithfulness(P, O), [-0.3, 0.35])
    np.testing.assert_allclose(fidelity_in(P, O), [1, 0])


def test_class_can_be_another_than_the_predicted():
    np.testing.assert_allclose(average_drop(P, O, c=[1, 0]), [100 * 0.2 / 0.3, 0])
    np.testing.assert_allclose(fidelity_in(P, O, c=[0, 0]), [1, 1])


def test_one_original_beside_many_kept_parts():
    assert average_drop(P[0], np.stack([O[0]] * 4), c=0).shape == (4,)


def test_increase_is_strict():
    assert average_increase(P, P).tolist() == [0, 0]


def test_certain_and_impossible_classes_stay_finite():
    assert average_gain([1.0, 0.0], [1.0, 0.0]) == 0.0
    assert average_drop([0.0, 1.0], [0.0, 1.0], c=0) == 0.0


def test_sigmoid_outputs_are_decided_at_one_half():
    np.testing.assert_array_equal(fidelity_in([0.9, 0.8], [0.6, 0.7], c=0, multi_label=True), 1.0)
    np.testing.assert_array_equal(fidelity_in([0.9, 0.8], [0.4, 0.3], c=0, multi_label=True), 0.0)


def test_faithfulness_of_logits_is_not_taken_for_that_of_probabilities():
    np.testing.assert_allclose(faithfulness([4.0, -3.0], [1.0, 0.0], of="logit"), 3.0)
    with pytest.raises(AuricleError, match='say of="logit"'):
        faithfulness([4.0, -3.0], [1.0, 0.0])
    with pytest.raises(AuricleError, match="probability, logit"):
        faithfulness(P, O, of="logits")


def test_independent_labels_are_cases_of_their_own():
    """Sigmoids of one clip, three of whose classes are explained."""
    p, o = np.array([0.9, 0.6, 0.8]), np.array([0.45, 0.6, 0.9])
    np.testing.assert_allclose(average_drop(p, o, c=[0, 1, 2], multi_label=True), [50, 0, 0])
    np.testing.assert_allclose(average_increase(p, o, c=[0, 1, 2]), [0, 0, 100])
    np.testing.assert_allclose(average_gain(p, o, c=[0, 1, 2]), [0, 0, 50])
    np.testing.assert_allclose(faithfulness(p, o, c=[0, 1, 2]), [0.45, 0, -0.1])
    with pytest.raises(AuricleError, match="without legacy"):
        average_drop(p, o, c=0, legacy=True, multi_label=True)


def test_a_mean_over_twice_the_clips_is_half():
    values = np.random.default_rng(0).random(37)
    assert legacy_in_domain(values) == pytest.approx(values.mean() / 2)
    with pytest.raises(AuricleError, match="no clips"):
        legacy_in_domain([])


def one_against(p, classes=50):
    """Probability p of class 0, the rest spread evenly."""
    return np.array([p, *[(1 - p) / (classes - 1)] * (classes - 1)])


def test_legacy_drop_reads_as_in_the_published_tables():
    """With 50 classes, a true drop of 100 % read 62.7 %, and one of 50 % at p = 0.3 read 13.9 %."""
    assert average_drop(one_against(1.0), one_against(0.0), c=0) == pytest.approx(100.0)
    assert average_drop(one_against(1.0), one_against(0.0), c=0, legacy=True) == pytest.approx(62.7, abs=0.05)
    assert average_drop(one_against(0.3), one_against(0.15), c=0) == pytest.approx(50.0)
    assert average_drop(one_against(0.3), one_against(0.15), c=0, legacy=True) == pytest.approx(13.9, abs=0.15)


def test_different_classes_are_refused():
    with pytest.raises(AuricleError, match="different classes"):
        average_drop([0.5, 0.5], [0.2, 0.3, 0.5])
