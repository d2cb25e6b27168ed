"""The ratio of distances between and within classes, against its definition and against scikit-learn's."""

import math

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.regions.separation import SeparationSums, ch_index

GENERATOR = np.random.default_rng(0)
CLASSES = np.array(["a"] * 5 + ["b"] * 9 + ["c"] * 2)
MASKS = GENERATOR.integers(0, 4, size=(16, 7, 11)).astype(np.float32)
MASKS[:5, 2:4] += 2
MASKS[5:14, :, 6:] += 1


def by_hand(masks, classes):
    """The definition, word for word."""
    names = list(dict.fromkeys(classes))
    means = {name: np.mean([m for m, c in zip(masks, classes, strict=True) if c == name], axis=0) for name in names}
    middle = np.mean(list(means.values()), axis=0)
    inter = sum(np.sum(classes == name) * np.mean((means[name] - middle) ** 2) for name in names) / (len(names) - 1)
    intra = sum(np.mean((means[c] - m) ** 2) for m, c in zip(masks, classes, strict=True)) / (len(masks) - len(names))
    return inter, intra


def test_as_defined():
    found = ch_index(MASKS, CLASSES)
    inter, intra = by_hand(MASKS.astype(float), CLASSES)
    assert found.inter == pytest.approx(inter, rel=1e-12)
    assert found.intra == pytest.approx(intra, rel=1e-12)
    assert found.ch == pytest.approx(inter / intra, rel=1e-12)


def test_frequency_is_the_same_of_counts_summed_over_time():
    inter, intra = by_hand(MASKS.astype(float).sum(axis=2), CLASSES)
    assert ch_index(MASKS, CLASSES).ch_frequency == pytest.approx(inter / intra, rel=1e-12)


def test_as_scikit_learn_where_classes_are_equally_large():
    from sklearn.metrics import calinski_harabasz_score

    masks, classes = MASKS[:15], np.repeat(["a", "b", "c"], 5)
    theirs = calinski_harabasz_score(masks.reshape(15, -1), classes)
    assert ch_index(masks, classes).ch == pytest.approx(theirs, rel=1e-6)


def test_elsewhere_larger_by_how_far_the_two_middles_are_apart():
    from sklearn.metrics import calinski_harabasz_score

    theirs = calinski_harabasz_score(MASKS.reshape(16, -1), CLASSES)
    middle = np.mean([MASKS[rows].mean(axis=0) for rows in (slice(5), slice(5, 14), slice(14, 16))], axis=0)
    apart = 16 * np.mean((middle - MASKS.mean(axis=0)) ** 2) / (3 - 1)
    found = ch_index(MASKS, CLASSES)
    assert found.ch > theirs
    assert found.ch == pytest.approx(theirs + apart / found.intra, rel=1e-5)


def test_undefined_for_one_class_and_for_classes_of_one_clip():
    alone, single = ch_index(MASKS[:5], CLASSES[:5]), ch_index(MASKS[:3], ["a", "b", "c"])
    assert alone.ch is None
    assert "no other" in alone.reason
    assert single.ch is None
    assert "one clip" in single.reason


def test_nothing_anywhere_separates_nothing_and_equal_clips_separate_without_end():
    nothing = ch_index(np.zeros((4, 2, 2)), ["a", "a", "b", "b"])
    assert (nothing.ch, nothing.reason) == (None, "all clips have the same regions, or none")
    third = np.full((2, 2), 1 / 3)
    assert ch_index([third, third, third, 0 * third, 0 * third], ["a", "a", "a", "b", "b"]).ch == math.inf


def test_shorter_maps_are_followed_by_zeros():
    sums = SeparationSums()
    for number, (mask, label) in enumerate(zip(MASKS, CLASSES, strict=True)):
        sums.add(mask[:, : 11 - number % 3], label)
    padded = MASKS.copy()
    for number in range(16):
        padded[number, :, 11 - number % 3 :] = 0
    assert sums.separation().ch == pytest.approx(ch_index(padded, CLASSES).ch, rel=1e-12)


def test_other_frequencies_cannot_be_compared():
    with pytest.raises(AuricleError, match="same frequencies"):
        ch_index([np.ones((3, 4)), np.ones((4, 4))], ["a", "b"])
