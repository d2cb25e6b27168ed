"""What published figures read, and what they should have read: each distortion that was predicted, reproduced."""

import numpy as np
import pytest
import torch

from auricle.interpreters.masked import in_log1p
from auricle.metrics import (
    average_drop,
    average_gain,
    complexity,
    equal_area,
    faithfulness,
    fidelity_in,
    legacy_in_domain,
    multi_label_fidelity,
    sparseness,
)

CLASSES = 50
PLANE = (425, 513)
"""Frames and bins of L-MAC's masks of a clip of ESC-50."""


def one_against(p, classes=CLASSES):
    """Probability p of class 0, the rest spread evenly."""
    return np.array([p, *[(1.0 - p) / (classes - 1)] * (classes - 1)])


@pytest.mark.parametrize(
    ("before", "after", "true", "read"),
    [(1.0, 0.0, 100.0, 62.7), (0.3, 0.15, 50.0, 13.9), (0.9, 0.45, 50.0, 35.7), (0.5, 0.5, 0.0, 0.0)],
)
def test_average_drop_through_two_softmaxes(before, after, true, read):
    kept = one_against(after)
    assert average_drop(one_against(before), kept, c=0) == pytest.approx(true, abs=1e-9)
    assert average_drop(one_against(before), kept, c=0, legacy=True) == pytest.approx(read, abs=0.05)


def test_no_published_drop_can_be_larger_than_that_of_certainty():
    """So tables of average drop look good whatever the explanation: none of 50 classes can read above 63.2 %."""
    generator = np.random.default_rng(0)
    p, o = generator.dirichlet(np.full(CLASSES, 0.02), size=(2, 2000))
    assert average_drop(p, o).max() > 99.9
    assert average_drop(p, o, legacy=True).max() < 100 * (1 - np.exp(-1))


def test_the_order_of_two_explanations_can_turn_round():
    """A drop of 60 % at p = 0.2 is worse than one of 40 % at p = 0.9, and was published as better."""
    faint, sure = (one_against(0.2), one_against(0.08)), (one_against(0.9), one_against(0.54))
    assert average_drop(*faint, c=0) > average_drop(*sure, c=0)
    assert average_drop(*faint, c=0, legacy=True) < average_drop(*sure, c=0, legacy=True)


def test_the_halved_in_domain_row():
    """Fid-In 0.84 became 0.42, and COMP of 9.42 nats 4.71, as if 111 cells of 218,025 were kept and not 12,300."""
    named = np.array([1.0] * 84 + [0.0] * 16)
    kept = np.stack([one_against(0.9) if one else 1.0 - one_against(0.98) for one in named])
    fidelity = fidelity_in(np.tile(one_against(0.9), (100, 1)), kept)
    assert fidelity.mean() == pytest.approx(0.84)
    assert legacy_in_domain(fidelity) == pytest.approx(0.42)
    mask = np.zeros(PLANE)
    mask.flat[:12_332] = 1.0
    entropies = np.full(10, complexity(mask))
    assert entropies.mean() == pytest.approx(9.42, abs=0.005)
    assert legacy_in_domain(entropies) == pytest.approx(4.71, abs=0.005)
    assert np.exp(legacy_in_domain(entropies)) == pytest.approx(111, abs=1)


def test_complexity_of_a_mask_of_ones():
    assert complexity(np.ones(PLANE)) == pytest.approx(12.29, abs=0.005)
    assert complexity(np.ones((417, 513))) == pytest.approx(12.27, abs=0.005)


def test_a_cosine_classifier_cannot_lose_what_it_never_has():
    """Softmax of cosines: at most 0.131 of 50 classes, so its FF says nothing beside that of other classifiers."""

    def softmax(cosines):
        return np.exp(cosines) / np.exp(cosines).sum(-1, keepdims=True)

    best = softmax(np.array([1.0] + [-1.0] * (CLASSES - 1)))
    usual = softmax(np.array([1.0] + [0.0] * (CLASSES - 1)))
    assert best[0] == pytest.approx(0.131, abs=0.0005)
    assert usual[0] == pytest.approx(0.053, abs=0.0005)
    worst = softmax(np.array([-1.0] + [1.0] * (CLASSES - 1)))
    assert faithfulness(best, worst, c=0) < 0.131
    # Its class cannot be certain either, so nearly all of the "missing" probability is out of reach for a gain.
    assert average_gain(usual, best, c=0) < 8.3


def test_what_is_removed_in_the_log_domain_stays_by_its_root():
    """(1 + |X_in|) (1 + |X_out|) = 1 + |X|: kept and removed are no shares of the sound, and half of 40 dB is 20 dB."""
    magnitude = torch.logspace(-3, 4, 40, dtype=torch.float64)
    for share in (0.1, 0.5, 0.9):
        mask = torch.full_like(magnitude, share)
        kept, removed = magnitude * in_log1p(mask, magnitude), magnitude * in_log1p(1.0 - mask, magnitude)
        torch.testing.assert_close((1 + kept) * (1 + removed), 1 + magnitude)
        assert (kept + removed < magnitude).all()
    half = torch.full_like(magnitude, 0.5)
    torch.testing.assert_close(magnitude * in_log1p(half, magnitude), (1 + magnitude).sqrt() - 1)
    loud = torch.tensor([9999.0], dtype=torch.float64)
    assert 20 * in_log1p(torch.tensor([0.5]), loud).log10() == pytest.approx(-40.0, abs=0.1)


def test_the_offset_of_sparseness():
    """1e-7 in every cell: the sparsest mask there is reads 0.979, a tenth of the cells loses nothing."""
    one = np.zeros(PLANE)
    one[3, 4] = 1.0
    assert sparseness(one) == pytest.approx(1.0, abs=1e-5)
    assert sparseness(one, legacy=True) == pytest.approx(0.979, abs=0.0005)
    tenth = np.zeros(PLANE)
    tenth.flat[: tenth.size // 10] = 1.0
    assert sparseness(tenth) - sparseness(tenth, legacy=True) < 1e-5


def test_an_explainer_that_is_silent_on_most_clips_looks_sparse():
    """Empty masks left out: of ten clips one has a mask, and the mean is that mask's alone."""
    masks = [np.eye(40), *[np.zeros((40, 40))] * 9]
    assert np.nanmean([sparseness(each, legacy=True) for each in masks]) == pytest.approx(0.975, abs=0.001)
    assert np.mean([sparseness(each) for each in masks]) == pytest.approx(0.0975, abs=0.0001)
    assert np.nanmean([complexity(each, legacy=True) for each in masks]) == pytest.approx(np.log(40))
    assert np.mean([complexity(each) for each in masks]) == pytest.approx(0.9 * np.log(1600) + 0.1 * np.log(40))


def test_areas_between_artificial_end_points():
    """Of a class that is in a tenth of the clips, an interpreter that says nothing reads 0.5; a perfect order whose
    probabilities lie below the lowest threshold reads 0.5, too."""
    found = np.zeros((400, 3))
    found[:40] = 1.0
    nothing, faint = np.zeros_like(found), 0.01 + 0.03 * found

    def read(scores, legacy):
        return multi_label_fidelity(scores, found, legacy=legacy, draws=0).macro_auprc.value

    assert (read(nothing, False), read(nothing, True)) == (pytest.approx(0.1), pytest.approx(0.5))
    assert read(1.0 - nothing, True) == pytest.approx(0.55)
    assert (read(faint, False), read(faint, True)) == (pytest.approx(1.0), pytest.approx(0.5))
    assert multi_label_fidelity(faint, found, legacy=True, draws=0).max_f1.value == 0.0


def test_raw_relevance_as_a_mask_is_nearly_silent():
    """A heavy-tailed map divided by its maximum has no area to speak of; at equal area the same map has that asked."""
    relevance = np.random.default_rng(0).standard_t(2, size=PLANE)
    assert np.maximum(relevance / relevance.max(), 0.0).mean() < 0.005
    assert equal_area(relevance, 0.15).mean() == pytest.approx(0.15)
