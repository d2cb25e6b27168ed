"""Region optimisation: boxes that lie where other classes have theirs go, and the score that is to rise rises."""

import numpy as np
import pytest

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions.base import Regions, drawn
from auricle.regions.counting import counted
from auricle.regions.optimising import optimise
from auricle.regions.separation import ch_index
from auricle.regions.tuning import Tuned
from auricle.sonify.boxes import Box

AXES = Axes(seconds=np.linspace(0.0, 1.0, 11), hertz=np.linspace(0.0, 800.0, 9))
OWN = {"low": Box(0, 200, 0.0, 0.4), "high": Box(600, 800, 0.0, 0.4)}
SHARED = Box(300, 500, 0.6, 1.0)
"""Where all classes have relevance, so that it speaks for none."""


def found(label, seed, *boxes):
    """A clip with relevance, of random strength, in these boxes, and its regions."""
    generator = np.random.default_rng(seed)
    mask = drawn(boxes, AXES)
    cause = drawn((OWN[label],), AXES)

    def hear(masks):
        distracting = np.array([(each * drawn((SHARED,), AXES)).sum() for each in masks]) / 16
        kept = np.array([(each * cause).sum() for each in masks]) / cause.sum()
        return 0.1 + 0.8 * kept * (1 - 0.5 * distracting)

    relevance = mask * generator.uniform(0.5, 1.5, AXES.shape) - 0.1 * (1 - mask)
    return Tuned(relevance, AXES, label, 1.0, hear), Regions(mask, AXES, boxes, {"clusters": len(boxes)})


PAIRS = [
    found(label, seed, OWN[label], *([SHARED] if seed % 3 else [])) for label in ("low", "high") for seed in range(6)
]
CLIPS, REGIONS = [pair[0] for pair in PAIRS], [pair[1] for pair in PAIRS]


@pytest.mark.parametrize("by", ["ch", "ch_frequency", "faithfulness"])
def test_the_score_it_claims_to_help_rises(by):
    result = optimise(CLIPS, REGIONS, [0.5, 1.0, 2.0], by=by)
    assert result.penalty > 0
    assert result.after > result.before
    assert result.after == max(row[by] for row in result.table)
    assert [row["penalty"] for row in result.table if row["chosen"]] == [result.penalty]


def test_the_table_says_what_the_kept_regions_are_worth():
    result = optimise(CLIPS, REGIONS, [2.0])
    labels = [each.label for each in CLIPS]
    assert result.before == ch_index([counted(each) for each in REGIONS], labels).ch
    assert result.after == ch_index([counted(each) for each in result.regions], labels).ch


def test_what_lies_in_all_classes_goes_and_what_is_a_class_own_stays():
    result = optimise(CLIPS, REGIONS, [2.0])
    for clip, regions in zip(CLIPS, result.regions, strict=True):
        assert regions.boxes == (OWN[clip.label],)
        np.testing.assert_array_equal(regions.mask, drawn(regions.boxes, AXES))
    assert result.table[1]["dropped"] == 8
    assert result.regions[1].notes == {"clusters": 2, "dropped_by_penalty": 1}


def test_without_a_penalty_nothing_goes():
    result = optimise(CLIPS, REGIONS, [0])
    assert result.regions == REGIONS
    assert (result.penalty, result.before) == (0.0, result.after)


def test_a_larger_penalty_drops_at_least_as_much():
    dropped = [row["dropped"] for row in optimise(CLIPS, REGIONS, np.linspace(0.1, 4, 12)).table]
    assert dropped == sorted(dropped)


def test_where_all_boxes_speak_for_other_classes_the_best_one_stays():
    stranger, regions = found("low", 0, OWN["high"], SHARED)
    result = optimise([*CLIPS, stranger], [*REGIONS, regions], [4.0])
    assert len(result.keep(regions, stranger.relevance, "low").boxes) == 1


def test_the_weights_are_rescaled_over_the_whole_map():
    result = optimise(CLIPS, REGIONS, [1.0])
    for label, weight in result.weights.items():
        assert (weight.min(), weight.max()) == (0.0, 1.0)
        assert weight[drawn((OWN[label],), AXES) > 0].min() == 1.0


def test_a_clip_does_not_speak_for_itself():
    """An odd box of one clip alone is worth what other clips say of its place, which is nothing in its favour."""
    odd = Box(300, 500, 0.0, 0.3)
    clip, regions = found("low", 9, OWN["low"], odd)
    result = optimise([*CLIPS, clip], [*REGIONS, regions], [1.0])
    own, alone = result.weights["low"], optimise(CLIPS, REGIONS, [1.0]).weights["low"]
    place = drawn((odd,), AXES) > 0
    assert own[place].mean() > alone[place].mean()
    kept = optimise([*CLIPS, clip], [*REGIONS, regions], [1.5]).regions[-1]
    assert odd not in kept.boxes


def test_new_clips_are_treated_by_the_same_weights():
    result = optimise(CLIPS, REGIONS, [2.0])
    clip, regions = found("high", 20, OWN["high"], SHARED)
    assert result.keep(regions, clip.relevance, "high").boxes == (OWN["high"],)
    assert result.keep(regions, clip.relevance, "never seen") is regions


def test_clips_without_regions_stay_without():
    nothing = Regions(np.zeros(AXES.shape, np.float32), AXES)
    result = optimise([*CLIPS, CLIPS[0]], [*REGIONS, nothing], [2.0])
    assert result.regions[-1].empty


def test_masks_without_boxes_are_told_apart():
    soft = Regions(np.full(AXES.shape, 0.5, np.float32), AXES)
    with pytest.raises(AuricleError, match="take rectangles"):
        optimise(CLIPS[:1], [soft], [0.5])


def test_a_negative_penalty_is_told():
    with pytest.raises(AuricleError, match="a penalty is -1"):
        optimise(CLIPS, REGIONS, [-1])
