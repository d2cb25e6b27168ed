"""The least width of a rectangle is that of what lies in the clip."""

import numpy as np
import pytest

import auricle
from auricle.axes import Axes
from auricle.regions import Rectangles

HOP = 0.004
FIRST_FRAME_ON_ZERO = Axes((np.arange(252) - 0.5) * HOP, np.arange(101) * 15.625)
NEAR = {"percentile": 90, "min_cluster_size": 10, "min_samples": 5}


def found_of(columns, seconds=1.0, **settings):
    """Rectangles of a wide block, and of one of these columns, to which finding adds one."""
    relevance = np.zeros(FIRST_FRAME_ON_ZERO.shape, np.float32)
    relevance[10:16, 100:150] = 1.0
    relevance[60:70, columns] = 1.0
    return Rectangles(**NEAR, **settings)(relevance, FIRST_FRAME_ON_ZERO, seconds=seconds)


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        (slice(0, 24), 1),  # 100 ms, of which 98 lie in the clip
        (slice(0, 25), 2),
        (slice(20, 44), 2),  # the same 100 ms with the whole clip around
        (slice(226, 251), 1),
        (slice(225, 251), 2),
    ],
)
def test_what_lies_beyond_the_clip_does_not_widen_a_box(columns, kept):
    found = found_of(columns)
    assert len(found.boxes) == kept
    assert found.notes["boxes_dropped"] == 2 - kept
    assert min(box.end - box.start for box in found.boxes) >= 0.1 - 1e-9
    assert found.mask[60:70].any() == (kept == 2)


def test_a_clip_shorter_than_the_least_width_still_has_its_widest_box():
    relevance = np.zeros(FIRST_FRAME_ON_ZERO.shape, np.float32)
    relevance[10:16, 0:20] = relevance[60:70, 4:16] = 1.0
    found = Rectangles(**NEAR)(relevance, FIRST_FRAME_ON_ZERO, seconds=0.08)
    assert len(found.boxes) == 1
    assert found.notes["fallback"] == "widest"
    assert Rectangles(fallback=False, **NEAR)(relevance, FIRST_FRAME_ON_ZERO, seconds=0.08).empty


@pytest.mark.parametrize("method", ["gradient", "grad-cam"])
def test_no_box_of_a_real_map_is_too_short(digits, clips, method):
    for clip in clips:
        explanation = auricle.explain(clip, digits, method=method)
        for percentile in (95, 80):
            found = Rectangles(percentile=percentile)(*explanation.map(), seconds=clip.seconds)
            if "widest" not in (found.notes["fallback"] or ""):
                assert all(box.end - box.start >= 0.1 - 1e-9 for box in found.boxes)
