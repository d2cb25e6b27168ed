"""Every kind of regions: what all keep to, and what each one finds."""

import numpy as np
import pytest

import auricle
from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions import REGIONS, Bands, ConnectedParts, Soft, Timeframes, build
from auricle.settings import described
from auricle.sonify import Masking, mask_of

AXES = Axes(np.arange(101) * 0.01, np.arange(41) * 100.0)  # 1 s, 4 kHz


def relevance_with(*blocks):
    relevance = np.zeros(AXES.shape, np.float32)
    for rows, columns, amount in blocks:
        relevance[rows, columns] = amount
    return relevance


def edges(box):
    return (box.low, box.high, box.start, box.end)


# --- all kinds ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=list(REGIONS))
def kind(request):
    return build(request.param)


def test_regions_lie_in_the_clip(kind, digits, clips):
    explanation = auricle.explain(clips[0], digits, method="gradient")
    relevance, axes = explanation.map()
    seconds = 0.6 * explanation.clip.seconds
    before = relevance.copy()
    found = kind(relevance, axes, seconds=seconds)
    np.testing.assert_array_equal(relevance, before)
    assert found.mask.shape == relevance.shape
    assert found.mask.dtype == np.float32
    assert found.mask.min() >= 0.0
    assert found.mask.max() == 1.0
    assert not found.empty
    assert not found.mask[:, axes.seconds_centres > seconds + 1e-9].any()
    for box in found.boxes:
        assert 0.0 <= box.start < box.end <= seconds
        assert axes.hertz[0] <= box.low < box.high <= axes.hertz[-1]


def test_scale_of_relevance_does_not_matter(kind, digits, clips):
    relevance, axes = auricle.explain(clips[2], digits, method="lrp").map()
    large = kind(relevance * np.float32(1024), axes)
    np.testing.assert_array_equal(kind(relevance, axes).mask, large.mask)


@pytest.mark.parametrize("amount", [0.0, -1.0])
def test_nothing_for_the_class_is_no_region(kind, amount):
    found = kind(np.full(AXES.shape, amount, np.float32), AXES, seconds=1.0)
    assert found.empty
    assert found.boxes == ()


def test_all_of_a_map_equally_relevant(kind):
    kind(np.ones(AXES.shape, np.float32), AXES, seconds=1.0)


def test_bad_relevance_is_told_in_a_sentence(kind):
    with pytest.raises(AuricleError, match="not finite"):
        kind(np.full(AXES.shape, np.nan), AXES)
    with pytest.raises(AuricleError, match="axes are"):
        kind(np.zeros((3, 4)), AXES)
    with pytest.raises(AuricleError, match="no frequency"):
        kind(np.zeros(100), Axes(AXES.seconds))


def test_settings_are_described_and_checked(kind):
    assert set(kind.settings()) == {each["name"] for each in described(type(kind))}
    assert all(each["meaning"] for each in described(type(kind)))
    assert build(kind.name, **kind.settings()) == kind
    with pytest.raises(AuricleError, match="its settings are"):
        build(kind.name, nonsense=1)


def test_unknown_kinds_name_the_nearest():
    with pytest.raises(AuricleError, match='did you mean "rectangles"'):
        build("rectangle")


# --- timeframes and bands ----------------------------------------------------------------------------------------

MOMENTS = relevance_with((slice(5, 15), slice(20, 30), 4.0), (slice(25, 35), slice(60, 75), 3.0), (3, 90, 1.0))


def test_timeframes_are_the_moments_that_stand_out():
    found = Timeframes(share=0.5)(MOMENTS, AXES, seconds=1.0)
    assert [edges(box) for box in found.boxes] == [
        pytest.approx((0, 4000, 0.2, 0.3)),
        pytest.approx((0, 4000, 0.6, 0.75)),
    ]
    np.testing.assert_array_equal(np.flatnonzero(found.mask.any(axis=0)), [*range(20, 30), *range(60, 75)])
    assert found.mask.all(axis=0).sum() == 25


def test_timeframes_grow_from_the_strongest():
    assert [box.start for box in Timeframes(most=1)(MOMENTS, AXES).boxes] == [pytest.approx(0.2)]
    assert len(Timeframes(share=0.8)(MOMENTS, AXES).boxes) == 1
    assert len(Timeframes(share=0.01)(MOMENTS, AXES).boxes) == 3


def test_timeframes_count_cells_if_asked():
    counted = Timeframes(measure="count", share=0.9)(MOMENTS, AXES)  # ten cells a column in both, whatever they hold
    assert len(counted.boxes) == 2
    assert len(Timeframes(share=0.9)(MOMENTS, AXES).boxes) == 1


def test_short_timeframes_are_dropped():
    found = Timeframes(min_seconds=0.12)(MOMENTS, AXES)
    assert [box.start for box in found.boxes] == [pytest.approx(0.6)]
    assert found.notes["boxes_dropped"] == 1


def test_bands_are_the_frequencies_that_stand_out():
    found = Bands(share=0.5)(MOMENTS, AXES, seconds=0.95)
    assert [edges(box) for box in found.boxes] == [
        pytest.approx((2500, 3500, 0, 0.95)),  # 3 × 15 columns
        pytest.approx((500, 1500, 0, 0.95)),  # 4 × 10 columns
    ]
    assert not found.mask[:, 96:].any()
    assert len(Bands(share=0.5, min_hertz=1200)(MOMENTS, AXES).boxes) == 0


# --- components and soft -----------------------------------------------------------------------------------------


def test_components_are_the_cells_themselves():
    found = ConnectedParts(percentile=90, min_area=2.0)(MOMENTS, AXES, seconds=1.0)
    np.testing.assert_array_equal(found.mask > 0, MOMENTS > 1)  # the lone cell has 0.01 s × 100 Hz = 1
    assert [edges(box) for box in found.boxes] == [
        pytest.approx((500, 1500, 0.2, 0.3)),
        pytest.approx((2500, 3500, 0.6, 0.75)),
    ]
    assert found.notes["parts"] == 3


def test_short_components_are_dropped():
    found = ConnectedParts(percentile=90, min_seconds=0.12)(MOMENTS, AXES)
    assert len(found.boxes) == 1
    assert found.mask.sum() == 150


def test_cells_that_touch_by_a_corner_are_one_component():
    diagonal = relevance_with(*((k, k, 1.0) for k in range(5, 15)))
    assert [edges(box) for box in ConnectedParts()(diagonal, AXES).boxes] == [pytest.approx((500, 1500, 0.05, 0.15))]


def test_soft_is_the_mask_of_sonify():
    relevance = np.random.default_rng(0).normal(size=AXES.shape)
    found = Soft(share=0.3, blur=2.0)(relevance, AXES)
    np.testing.assert_array_equal(found.mask, mask_of(relevance, Masking(share=0.3, blur=2.0)).astype(np.float32))
    assert found.boxes == ()
    negative = Soft(sign="negative", shape="regions")(-relevance, AXES)
    np.testing.assert_array_equal(negative.mask, Soft(shape="regions")(relevance, AXES).mask)
