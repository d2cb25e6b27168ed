"""Relevance to mask: what is kept holds the asked share, and nothing else is invented."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.sonify import Masking, mask_of
from auricle.sonify.masking import threshold, with_floor

RELEVANCE = np.array([[4.0, 3.0, -6.0], [2.0, 1.0, 0.0]])


def test_regions_hold_the_share_by_hand():
    mask = mask_of(RELEVANCE, Masking(shape="regions", share=0.7, blur=0.0))
    np.testing.assert_array_equal(mask, [[1, 1, 0], [0, 0, 0]])  # 4 + 3 of 10


def test_soft_mask_by_hand():
    mask = mask_of(RELEVANCE, Masking(share=0.7, blur=0.0))
    np.testing.assert_allclose(mask, [[1, 1, 0], [2 / 3, 1 / 3, 0]])


def test_signs_by_hand():
    negative = mask_of(RELEVANCE, Masking(sign="negative", blur=0.0))
    np.testing.assert_array_equal(negative, [[0, 0, 1], [0, 0, 0]])
    both = mask_of(RELEVANCE, Masking(sign="both", shape="regions", share=0.5, blur=0.0))
    np.testing.assert_array_equal(both, [[1, 0, 1], [0, 0, 0]])  # 6 + 4 of 16


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_no_fewer_cells_would_hold_the_share(share):
    amounts = np.random.default_rng(0).exponential(size=(40, 50))
    limit = threshold(amounts, share)
    held = amounts[amounts >= limit].sum() / amounts.sum()
    assert held >= share - 1e-9
    assert held - limit / amounts.sum() < share


def test_larger_share_never_keeps_less():
    relevance = np.random.default_rng(1).normal(size=(20, 30))
    masks = [mask_of(relevance, Masking(share=share)) for share in (0.1, 0.3, 0.8)]
    assert (np.diff(masks, axis=0) >= 0).all()


def test_nothing_relevant_keeps_nothing():
    assert not mask_of(np.zeros((3, 4))).any()
    assert not mask_of(-np.ones((3, 4))).any()


def test_scale_of_relevance_does_not_matter():
    relevance = np.random.default_rng(2).normal(size=(20, 30))
    np.testing.assert_allclose(mask_of(relevance), mask_of(1e-7 * relevance), atol=1e-12)


def test_floor_is_a_level_in_decibels():
    masking = Masking(floor_db=-40.0)
    np.testing.assert_allclose(with_floor(np.array([0.0, 1.0]), masking), [0.01, 1.0])
    assert Masking().floor == 0.0


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"style": "maks"}, "mask"),
        ({"shape": "region"}, "regions"),
        ({"sign": "postive"}, "positive"),
        ({"share": 0.0}, "share is 0.0"),
        ({"share": 1.5}, "share is 1.5"),
        ({"blur": -1.0}, "blur is -1.0"),
        ({"floor_db": 3.0}, "floor_db is 3.0"),
        ({"floor_db": float("nan")}, "floor_db is nan"),
    ],
)
def test_unusable_settings_say_what_to_do(settings, hint):
    with pytest.raises(AuricleError, match=hint):
        Masking(**settings)
