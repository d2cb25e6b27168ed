"""Controls keep every value of the mask and know nothing of the model."""

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.metrics import energy_mask, energy_threshold_mask, everything, oracle_mask, random_masks

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


def test_energy_threshold_is_of_the_log_magnitude():
    """log(1 + |X|) > 0.35 max, by hand: 0.35 · log(1 + 9) = 0.806 is reached by |X| above 1.24."""
    magnitude = np.array([[9.0, 1.3, 1.2, 0.0]])
    np.testing.assert_array_equal(energy_threshold_mask(magnitude**2), [[1, 1, 0, 0]])
    np.testing.assert_array_equal(energy_threshold_mask(magnitude**2, 0.0), [[1, 1, 1, 0]])
    # Louder samples: compression takes hold, and more cells are above the threshold.
    np.testing.assert_array_equal(energy_threshold_mask((100 * magnitude) ** 2), [[1, 1, 1, 0]])
    assert energy_threshold_mask(np.zeros((3, 3))).sum() == 0.0
    with pytest.raises(AuricleError, match="share from 0"):
        energy_threshold_mask(magnitude, 1.0)


def test_the_oracle_gives_each_cell_to_who_made_it():
    generator = np.random.default_rng(0)
    mine, others = generator.exponential(size=(2, 6, 8))
    mask = oracle_mask(mine, others)
    assert 0.0 <= mask.min() <= mask.max() <= 1.0
    np.testing.assert_allclose(mask + oracle_mask(others, mine), 1.0)
    np.testing.assert_allclose(mask[mine > others] > 0.5, True)
    np.testing.assert_array_equal(oracle_mask(mine, np.zeros_like(mine)), 1.0)
    np.testing.assert_array_equal(oracle_mask(np.zeros((2, 2)), np.zeros((2, 2))), 0.0)
    with pytest.raises(AuricleError, match="same STFT"):
        oracle_mask(mine, others[:2])


def test_the_oracle_is_the_best_gain_in_the_mean():
    """No other real gain of a cell comes nearer to the source, phases of sources being independent."""
    generator = np.random.default_rng(0)
    scale = generator.exponential(size=(2, 6, 8, 1))
    mine, others = scale * (generator.normal(size=(2, 6, 8, 4000)) + 1j * generator.normal(size=(2, 6, 8, 4000)))
    mask = oracle_mask((np.abs(mine) ** 2).mean(-1), (np.abs(others) ** 2).mean(-1))[..., None]
    error = (np.abs(mine - mask * (mine + others)) ** 2).mean()
    for gain in (0.9 * mask, 1.0 - (1.0 - mask) * 0.9, np.sqrt(mask), mask**2, (mask > 0.5).astype(float)):
        assert error < (np.abs(mine - gain * (mine + others)) ** 2).mean()
