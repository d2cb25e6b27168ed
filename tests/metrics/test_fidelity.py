"""Fidelity by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, top_k_accuracy_score

from auricle.errors import AuricleError
from auricle.metrics import TOP_K, multi_label_fidelity, top_k_fidelity

GENERATOR = np.random.default_rng(0)
OUTPUTS = GENERATOR.random((300, 6)) ** 2
SCORES = np.clip(OUTPUTS + GENERATOR.normal(scale=0.2, size=OUTPUTS.shape), 0, 1).round(2)


def test_top_k_is_scikit_learns():
    scores = np.random.default_rng(1).random(OUTPUTS.shape)
    for k in TOP_K:
        found = top_k_fidelity(scores, OUTPUTS, k=k)
        assert found.shape == (300,)
        assert found.mean() == pytest.approx(top_k_accuracy_score(OUTPUTS.argmax(1), scores, k=k))
    assert top_k_fidelity(OUTPUTS, OUTPUTS).mean() == 1.0


def test_ties_are_no_merit():
    outputs = [[0.0, 0.0, 5.0]]
    assert top_k_fidelity([[1.0, 2.0, 2.0]], outputs, k=1) == 0.0
    assert top_k_fidelity([[1.0, 2.0, 2.0]], outputs, k=2) == 1.0
    assert top_k_fidelity(np.ones((1, 3)), outputs, k=2) == 0.0


def test_average_precision_is_scikit_learns():
    found, decided = multi_label_fidelity(SCORES, OUTPUTS, draws=20), OUTPUTS >= 0.5
    each = average_precision_score(decided, SCORES, average=None)
    np.testing.assert_allclose(found.class_auprc, each)
    assert found.macro_auprc.value == pytest.approx(each.mean())
    assert found.micro_auprc.value == pytest.approx(average_precision_score(decided, SCORES, average="micro"))
    precision, recall, _ = precision_recall_curve(decided.ravel(), SCORES.ravel())
    assert found.max_f1.value == pytest.approx((2 * precision * recall / (precision + recall)).max())
    assert found.chance == pytest.approx(decided.mean())


def test_each_class_may_have_its_own_threshold():
    thresholds = np.linspace(0.1, 0.6, 6)
    found, decided = multi_label_fidelity(SCORES, OUTPUTS, thresholds=thresholds, draws=0), thresholds <= OUTPUTS
    np.testing.assert_allclose(found.class_auprc, average_precision_score(decided, SCORES, average=None))


def test_scores_that_know_nothing_are_chance():
    drawn = [np.random.default_rng(seed).random(OUTPUTS.shape) for seed in range(10, 30)]
    found = [multi_label_fidelity(scores, OUTPUTS, draws=0) for scores in drawn]
    assert np.mean([each.macro_auprc.value for each in found]) == pytest.approx(found[0].chance, abs=0.02)


def test_classes_that_are_found_nowhere_are_left_out_and_told():
    outputs = OUTPUTS.copy()
    outputs[:, 2] = 0.1
    found = multi_label_fidelity(SCORES, outputs, draws=50)
    assert found.left_out == (2,)
    assert np.isnan(found.class_auprc[2])
    assert found.macro_auprc.value == pytest.approx(np.nanmean(found.class_auprc))
    assert np.isfinite([found.macro_auprc.low, found.macro_auprc.high]).all()
    assert np.isnan(multi_label_fidelity(SCORES, outputs, legacy=True, draws=0).macro_auprc.value)


def test_intervals_hold_the_truth_and_come_from_the_seed():
    population = np.random.default_rng(2)
    outputs = population.random((20_000, 2))
    scores = np.clip(outputs + population.normal(scale=0.3, size=outputs.shape), 0, 1)
    truth = multi_label_fidelity(scores, outputs, draws=0)
    hits = 0
    for part in np.split(np.arange(20_000), 100):
        found = multi_label_fidelity(scores[part], outputs[part], draws=200)
        hits += found.macro_auprc.low <= truth.macro_auprc.value <= found.macro_auprc.high
    assert 88 <= hits <= 99
    again = [multi_label_fidelity(SCORES, OUTPUTS, draws=200, seed=seed) for seed in (0, 0, 1)]
    assert again[0].micro_auprc == again[1].micro_auprc != again[2].micro_auprc


def test_published_areas_by_hand():
    """Four clips of one class, decided for the first two; precision and recall at 11 thresholds, from high to low."""
    scores, outputs = np.array([[0.97], [0.45], [0.25], [0.01]]), np.array([[1.0], [1.0], [0.0], [0.0]])
    found = multi_label_fidelity(scores, outputs, legacy=True, draws=0)
    # (0, 1), (1/2, 1) from 0.95 on, (1, 1) from 0.4 on, (1, 2/3) from 0.2 on, (1, 0): no way is lost here.
    assert found.macro_auprc.value == pytest.approx(1.0)
    assert found.max_f1.value == 1.0
    # Without the lowest threshold the last step from recall 1/2 is to (1, 0): ½ + ½ · (1 + 0) / 2.
    scores[1] = 0.04
    found = multi_label_fidelity(scores, outputs, legacy=True, draws=0)
    # (1/2, 1), then (1/2, 1/2) from 0.2 on, then (1, 0).
    assert found.macro_auprc.value == pytest.approx(0.5 + 0.5 * (0.5 + 0.0) / 2)
    assert multi_label_fidelity(scores, outputs, draws=0).macro_auprc.value == pytest.approx((1 + 2 / 3) / 2)


def test_bad_input_says_so():
    with pytest.raises(AuricleError, match="same clips and classes"):
        top_k_fidelity(SCORES, OUTPUTS[:, :3])
    with pytest.raises(AuricleError, match="give k from 1"):
        top_k_fidelity(SCORES, OUTPUTS, k=7)
    with pytest.raises(AuricleError, match="classifier's outputs go from"):
        multi_label_fidelity(SCORES, 10 * OUTPUTS - 5)
    with pytest.raises(AuricleError, match="lower thresholds"):
        multi_label_fidelity(SCORES, 0.1 * OUTPUTS)
    with pytest.raises(AuricleError, match="NaN"):
        top_k_fidelity(SCORES * np.nan, OUTPUTS)
