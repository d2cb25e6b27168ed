"""Controls keep every value of the mask and know nothing of the model."""

import numpy as np
import pytest

from auricle.metrics import energy_mask, everything, random_masks

MASK = np.random.default_rng(0).uniform(size=(12, 20)) ** 4


def test_random_masks_have_equal_area_and_the_same_values():
    drawn = random_masks(MASK, draws=16)
    assert drawn.shape == (16, 12, 20)
    for each in drawn:
        np.testing.assert_array_equal(np.sort(each, axis=None), np.sort(MASK, axis=None))


def test_random_masks_keep_shapes_whole():
    block = np.zeros((12, 20))
    block[2:5, 3:9] = 1.0
    for each in random_masks(block, draws=16):
        assert sorted(set(each.sum(0))) == [0, 3]
        assert sorted(set(each.sum(1))) == [0, 6]


def test_random_masks_reach_every_place():
    block = np.zeros((4, 4))
    block[0, 0] = 1.0
    assert (random_masks(block, draws=400).mean(0) == pytest.approx(np.full((4, 4), 1 / 16), abs=0.05))


def test_same_seed_same_masks():
    np.testing.assert_array_equal(random_masks(MASK, draws=5, seed=3), random_masks(MASK, draws=5, seed=3))
    assert (random_masks(MASK, draws=5, seed=3) != random_masks(MASK, draws=5, seed=4)).any()


def test_energy_mask_follows_energy():
    energy = np.random.default_rng(1).exponential(size=MASK.shape)
    placed = energy_mask(MASK, energy)
    np.testing.assert_array_equal(np.sort(placed, axis=None), np.sort(MASK, axis=None))
    assert (np.diff(placed.ravel()[np.argsort(energy, axis=None)]) >= 0).all()


def test_everything_is_ones():
    assert everything(MASK).min() == 1.0
