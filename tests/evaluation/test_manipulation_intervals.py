"""Intervals over speakers: wider than over clips where clips of a speaker agree, and the mean is that of the clips."""

from __future__ import annotations

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.evaluation.manipulation.intervals import interval, over_folds


def test_clips_of_one_speaker_are_not_independent() -> None:
    values = np.repeat([1.0, 0.0, 1.0, 1.0, 0.0, 1.0], 50)
    speakers = np.repeat(list("abcdef"), 50).tolist()
    own, by_clips = interval(values, speakers), interval(values)
    assert own.mean == by_clips.mean == pytest.approx(4 / 6)
    assert own.high - own.low > 4 * (by_clips.high - by_clips.low)
    # Six speakers drawn from six: the mean of a share of 2/3 has this standard error.
    assert own.high - own.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 9 / 6), rel=0.25)


def test_speakers_with_more_clips_weigh_more() -> None:
    assert interval([1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"]).mean == 0.75


def test_edges() -> None:
    assert interval([1.0, 0.0], ["a", "a"]).low is None
    with pytest.raises(AuricleError, match="no clips"):
        interval([])
    assert over_folds([1.0, 0.0], ["a", "a"]) is None
    assert over_folds([1.0, 0.0], None) is None
