"""Sparseness and complexity: closed forms, scipy, and Quantus where it can be imported."""

import importlib
import importlib.util
import sys
from unittest.mock import MagicMock

import numpy as np
import pytest
from scipy.stats import entropy

from auricle.metrics import complexity, mean_mask, sparseness

VALUES = np.random.default_rng(0).exponential(size=(30, 40))


def test_extremes():
    one = np.zeros(100)
    one[3] = 7.0
    assert sparseness(one) == pytest.approx(0.99)
    assert complexity(one) == 0.0
    assert sparseness(np.ones(100)) == pytest.approx(0.0)
    assert complexity(np.ones(100)) == pytest.approx(np.log(100))


def test_an_empty_mask_points_everywhere_alike():
    assert sparseness(np.zeros((5, 4))) == 0.0
    assert complexity(np.zeros((5, 4))) == pytest.approx(np.log(20))


def test_published_means_leave_empty_masks_out():
    """Two empty masks beside one good one: counted, the mean is a third of what was published."""
    masks = [np.zeros((5, 4)), np.eye(5, 4), np.zeros((5, 4))]
    assert np.mean([sparseness(mask) for mask in masks]) == pytest.approx(0.8 / 3)
    assert np.nanmean([sparseness(mask, legacy=True) for mask in masks]) == pytest.approx(0.8, abs=1e-5)
    assert np.mean([complexity(mask) for mask in masks]) == pytest.approx((2 * np.log(20) + np.log(4)) / 3)
    assert np.nanmean([complexity(mask, legacy=True) for mask in masks]) == pytest.approx(np.log(4))


def test_gini_is_half_the_relative_mean_difference():
    flat = VALUES.ravel()
    difference = np.abs(flat[:, None] - flat[None]).mean()
    assert sparseness(VALUES) == pytest.approx(difference / 2 / flat.mean())


def test_entropy_is_scipys():
    assert complexity(VALUES) == pytest.approx(entropy(VALUES.ravel()))


def test_sign_and_scale_do_not_matter():
    signs = np.random.default_rng(1).choice([-1, 1], VALUES.shape)
    assert sparseness(3 * signs * VALUES) == pytest.approx(sparseness(VALUES))
    assert complexity(3 * signs * VALUES) == pytest.approx(complexity(VALUES))


def test_mean_mask():
    assert mean_mask([[1.0, 0.0], [0.5, 0.1]]) == pytest.approx(0.4)


@pytest.fixture
def quantus():
    """Quantus's complexity metrics. They need numpy alone; what else the package imports is stood in for."""
    heavy = ("pandas", "skimage", "skimage.segmentation", "cv2", "torchvision", "torchvision.models")
    heavy += ("torchvision.models.resnet",)
    missing = {name: MagicMock() for name in heavy if importlib.util.find_spec(name.split(".")[0]) is None}
    sys.modules |= missing
    try:
        return importlib.import_module("quantus.metrics.complexity")
    except ImportError as error:
        pytest.skip(f"quantus cannot be imported ({error})")
    finally:  # only what stood in goes: whatever else came with it has been imported once and for all
        for name in missing:
            sys.modules.pop(name, None)


def test_quantus_agrees(quantus):
    batch = {"x_batch": VALUES[None, None], "a_batch": VALUES[None, None]}
    assert sparseness(VALUES) == pytest.approx(quantus.Sparseness(disable_warnings=True).evaluate_batch(**batch)[0])
    peaked = np.zeros((425, 513))
    peaked[3, 4] = 0.4  # SpeechBrain divides by the maximum, then Quantus adds 1e-7 to every cell
    whole = {"x_batch": peaked[None, None], "a_batch": peaked[None, None] / 0.4}
    published = quantus.Sparseness(disable_warnings=True).evaluate_batch(**whole)[0]
    assert sparseness(peaked, legacy=True) == pytest.approx(published, abs=1e-9)
    assert complexity(VALUES) == pytest.approx(quantus.Complexity(disable_warnings=True).evaluate_batch(**batch)[0])
