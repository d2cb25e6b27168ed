"""Whether concepts line up with what happens when."""

from __future__ import annotations

import numpy as np
import pytest

from auricle.concepts.evaluation.alignment import align, heart_phases
from auricle.errors import AuricleError

EDGES = np.linspace(0.0, 4.0, 401)
BEATS = [(t, name) for beat in range(4) for t, name in ((beat + 0.2, "S1"), (beat + 0.5, "S2"))]


def bursts(name: str) -> np.ndarray:
    """Relevance over time that is there only near the sounds of this name, with some noise everywhere."""
    centres = (EDGES[:-1] + EDGES[1:]) / 2
    near = [np.abs(centres - time) < 0.05 for time, what in BEATS if what == name]
    return np.any(near, axis=0) + 0.01 * np.random.default_rng(0).random(len(centres))


def test_a_concept_of_the_first_heart_sound_is_found_and_no_other() -> None:
    over_time = np.stack([bursts("S1"), bursts("S2")])
    found = align([(over_time, EDGES, heart_phases(BEATS))] * 3)
    assert found.share(0, "S1").mean > 0.9
    assert found.above_chance(0, "S1").low > 0.5
    assert found.above_chance(0, "S2").high < 0
    assert found.share(1, "S2").mean > 0.9


def test_chance_is_the_mean_over_all_circular_shifts() -> None:
    values = np.random.default_rng(1).random((1, 40))
    edges = np.linspace(0, 4, 41)
    spans = {"here": [(0.5, 1.13)], "there": [(0.0, 0.25), (3.0, 4.0)]}
    found = align([(values, edges, spans)])
    shifted = [align([(np.roll(values, shift, axis=1), edges, spans)]).shares[0] for shift in range(40)]
    np.testing.assert_allclose(found.chance[0], np.mean(shifted, axis=0), atol=1e-12)


def test_only_what_was_annotated_counts() -> None:
    loud_outside = np.zeros((1, 400))
    loud_outside[0, :100] = 100.0  # before the first span
    loud_outside[0, 250] = 1.0
    found = align([(loud_outside, EDGES, {"here": [(2.0, 2.6)], "there": [(2.6, 3.0)]})])
    assert found.shares[0, 0].tolist() == [1.0, 0.0]


def test_negative_relevance_and_none_at_all_say_nothing() -> None:
    found = align([(np.stack([-bursts("S1"), bursts("S1")]), EDGES, heart_phases(BEATS))])
    assert np.isnan(found.shares[0, 0]).all()
    assert np.isnan(found.chance[0, 0]).all()
    assert np.isfinite(found.shares[0, 1]).all()


def test_heart_phases_follow_the_beats() -> None:
    phases = heart_phases(BEATS, half=0.06)
    assert phases["systole"][0] == pytest.approx((0.26, 0.44))
    assert phases["diastole"][0] == pytest.approx((0.56, 1.14))
    assert len(phases["S1"]) == len(phases["systole"]) == 4
    assert len(phases["diastole"]) == 3  # nothing follows the last beat
    missed = heart_phases([(0.2, "S1"), (1.2, "S1"), (1.5, "S2")])
    assert len(missed["systole"]) == 1  # the first beat's second sound was not marked


def test_clips_with_other_phases_are_refused() -> None:
    one = (np.ones((1, 400)), EDGES, {"a": [(0, 1)]})
    with pytest.raises(AuricleError, match="give the same"):
        align([one, (np.ones((1, 400)), EDGES, {"b": [(0, 1)]})])
    with pytest.raises(AuricleError, match="no clips"):
        align([])
