"""Calibration by hand: bins, errors, and the table behind the diagram."""

from __future__ import annotations

import numpy as np
import pytest
from made_up import said

from auricle.evaluation import evaluate
from auricle.evaluation.calibration import calibration_error, equal_count, equal_width, reliability


def test_the_calibration_error_of_four_clips():
    """0.95, 0.95 and one right: |1/2 − 0.95|. 0.65, 0.61 in (9/15, 10/15], both right: |1 − 0.63|."""
    p = [[0.95, 0.05], [0.95, 0.05], [0.65, 0.35], [0.61, 0.39]]
    found = evaluate(said(p, ["no", "yes", "no", "no"], ("no", "yes")), draws=0)
    assert found.scores["ece"].value == pytest.approx((2 * 0.45 + 2 * 0.37) / 4)
    rows = [row for row in found.reliability if row["cases"]]
    assert [(row["cases"], row["accuracy"]) for row in rows] == [(2, 1.0), (2, 0.5)]
    assert [row["confidence"] for row in rows] == pytest.approx([0.63, 0.95])


def test_labels_are_cases_of_their_own_where_clips_have_several():
    """Four cases: 0.9 (there), 0.2 (not), 0.9 (not), 0.2 (not)."""
    found = evaluate(said([[0.9, 0.2], [0.9, 0.2]], [["a"], []], ("a", "b")), draws=0)
    assert found.scores["ece"].value == pytest.approx((2 * 0.4 + 2 * 0.2) / 4)


def test_a_calibrated_model_has_a_small_error_and_an_overconfident_one_its_excess():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.5, 1.0, 20000)
    right = (generator.random(20000) < confidence).astype(float)
    for bins in (equal_width, equal_count):
        weights = np.ones((1, 20000))
        assert calibration_error(confidence, right, bins(confidence), weights)[0] < 0.015
        sure = np.minimum(confidence + 0.2, 1.0)
        expected = float((sure - confidence).mean())
        assert calibration_error(sure, right, bins(sure), weights)[0] == pytest.approx(expected, abs=0.015)


def test_bins_are_closed_above_and_the_last_holds_certainty():
    assert equal_width(np.array([1 / 15, 2 / 15, 1.0]), 15).tolist() == [0, 1, 14]
    assert sum(row["cases"] for row in reliability(np.array([0.0, 1.0]), np.array([1.0, 1.0]))) == 2


def test_adaptive_bins_have_equally_many():
    counts = np.bincount(equal_count(np.random.default_rng(0).random(150)))
    assert counts.tolist() == [10] * 15
