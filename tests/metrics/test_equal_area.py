"""Masks of a stated area, made of any map."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.metrics import equal_area, reachable_area

GENERATOR = np.random.default_rng(0)
MAPS = {
    "peaked": GENERATOR.exponential(size=(40, 30)) ** 6,
    "even": np.ones((40, 30)),
    "steps": GENERATOR.integers(-2, 4, (40, 30)).astype(float),
    "signed": GENERATOR.normal(size=(40, 30)),
    "tiny": 1e-200 * GENERATOR.random((40, 30)),
    "far apart": 10.0 ** GENERATOR.uniform(-100, 100, (40, 30)),
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("area", [0.001, 0.1, 0.35, 0.9, 1.0])
def test_the_mean_is_the_area_or_all_there_is(name, area):
    values = MAPS[name]
    mask = equal_area(values, area)
    assert 0.0 <= mask.min() <= mask.max() <= 1.0
    assert mask.mean() == pytest.approx(min(area, reachable_area(values)), rel=1e-9)
    assert (mask[values <= 0] == 0).all()


def test_higher_relevance_is_never_kept_less_and_shares_are_kept_below_one():
    values = MAPS["peaked"]
    mask = equal_area(values, 0.2)
    assert (np.diff(mask.ravel()[np.argsort(values, axis=None)]) >= 0).all()
    soft = (mask < 1.0) & (mask > 0.0)
    ratio = mask[soft] / values[soft]
    np.testing.assert_allclose(ratio, ratio[0])
    assert values[~soft].min() >= 1.0 / ratio[0]


def test_too_few_positive_cells_are_all_kept():
    values = np.full((4, 5), -1.0)
    values[0, :3] = [1e-9, 2.0, 5.0]
    assert reachable_area(values) == pytest.approx(0.15)
    np.testing.assert_array_equal(equal_area(values, 0.5), values > 0)
    assert reachable_area(-np.ones((2, 2))) == 0.0
    assert equal_area(-np.ones((2, 2)), 0.5).sum() == 0.0


def test_a_mask_of_that_area_stays_as_it_is():
    """Learnt masks and gradient maps are compared at the same area; a mask whose largest cell is 1 is its own."""
    mask = GENERATOR.random((40, 30)) ** 3
    mask[3, 3] = 1.0
    np.testing.assert_allclose(equal_area(mask, mask.mean()), mask)


def test_bad_input_says_so():
    for area in (0.0, 1.5, np.nan):
        with pytest.raises(AuricleError, match="area above 0"):
            equal_area(np.ones((2, 2)), area)
    for bad in (np.full((2, 2), np.nan), np.zeros((0, 3))):
        with pytest.raises(AuricleError, match="no mask can be made"):
            equal_area(bad, 0.5)
