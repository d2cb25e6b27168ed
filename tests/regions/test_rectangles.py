"""Rectangles: AudibleXAI's rules on planted relevance, and the same boxes as the plain loop on real maps."""

import numpy as np
import pytest
from plain_rectangles import GRID, plain_rectangles

import auricle
from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.regions import Rectangles, drawn, rectangles_grid
from auricle.regions.outlines import outlines
from auricle.regions.silence import flat_end

FRAME, BAND = 0.004, 15.625
AXES = Axes(np.arange(251) * FRAME, np.arange(101) * BAND)  # 1 s, up to 1562.5 Hz
NEAR = {"min_cluster_size": 10, "min_samples": 5}


def relevance_with(*blocks, axes=AXES):
    relevance = np.zeros(axes.shape, np.float32)
    for row, rows, column, columns, amount in blocks:
        relevance[row : row + rows, column : column + columns] = amount
    return relevance


TWO = ((10, 5, 20, 40, 1.0), (60, 8, 150, 30, 2.0))


def edges(box):
    return (box.low, box.high, box.start, box.end)


# --- by hand -----------------------------------------------------------------------------------------------------


def test_two_blocks_get_a_box_each_one_cell_larger():
    found = Rectangles(percentile=90, **NEAR)(relevance_with(*TWO), AXES)
    assert sorted(edges(box) for box in found.boxes) == [
        pytest.approx((10 * BAND, 16 * BAND, 20 * FRAME, 61 * FRAME)),
        pytest.approx((60 * BAND, 69 * BAND, 150 * FRAME, 181 * FRAME)),
    ]
    assert found.notes["clusters"] == 2
    assert found.notes["fallback"] is None


def test_mask_is_what_the_boxes_draw():
    found = Rectangles(percentile=90, **NEAR)(relevance_with(*TWO), AXES, seconds=1.0)
    assert found.mask.dtype == np.float32
    np.testing.assert_array_equal(found.mask, drawn(found.boxes, AXES))
    assert found.mask.sum() == 6 * 41 + 9 * 31


def test_relevance_against_the_class_is_never_in_a_box():
    against = relevance_with(*TWO, (40, 20, 90, 40, -9.0))
    boxes = Rectangles(percentile=90, **NEAR)(against, AXES).boxes
    assert {edges(b) for b in boxes} == {
        edges(b) for b in Rectangles(percentile=90, **NEAR)(relevance_with(*TWO), AXES).boxes
    }


def test_short_boxes_are_dropped():
    short = (80, 12, 100, 10, 3.0)  # 40 ms
    found = Rectangles(percentile=90, **NEAR)(relevance_with(*TWO, short), AXES)
    assert len(found.boxes) == 2
    assert found.notes["boxes_dropped"] == 1
    assert len(Rectangles(percentile=90, min_seconds=0.02, **NEAR)(relevance_with(*TWO, short), AXES).boxes) == 3


def test_only_the_widest_stays_where_all_are_short():
    shorts = relevance_with((10, 9, 20, 10, 1.0), (60, 9, 150, 15, 1.0))
    found = Rectangles(percentile=90, **NEAR)(shorts, AXES)
    assert [edges(box) for box in found.boxes] == [pytest.approx((60 * BAND, 70 * BAND, 150 * FRAME, 166 * FRAME))]
    assert found.notes["fallback"] == "widest"
    assert Rectangles(percentile=90, fallback=False, **NEAR)(shorts, AXES).empty


def test_where_nothing_clusters_the_threshold_is_lowered():
    blocks = relevance_with((10, 6, 20, 30, 4.0), (60, 6, 150, 30, 1.0))
    strict = {"percentile": 99.5, "min_cluster_size": 100, "min_samples": 5}  # the first block alone: one is none
    found = Rectangles(**strict)(blocks, AXES)
    assert len(found.boxes) == 2
    assert found.notes["fallback"] == "lower threshold"
    assert (found.notes["percentile"], found.notes["min_cluster_size"]) == (94.5, 95)
    assert Rectangles(fallback=False, **strict)(blocks, AXES).empty


@pytest.mark.parametrize(("percentile", "size", "retries"), [(95, 70, 5), (95, 19, 1), (17, 70, 1), (95, 12, 0)])
def test_lowering_ends(percentile, size, retries):
    one = relevance_with((10, 3, 20, 6, 1.0))  # too few cells for two clusters, and one alone is none
    found = Rectangles(percentile=percentile, min_cluster_size=size, min_samples=5)(one, AXES)
    assert found.empty
    assert found.notes.get("retries", 0) == retries


@pytest.mark.parametrize("cells", [0, 1, 2])
def test_hardly_any_relevance_does_not_crash(cells):
    relevance = relevance_with()
    relevance.flat[:cells] = 1.0
    for found in (Rectangles()(relevance, AXES), Rectangles(min_samples=1, min_cluster_size=2)(relevance, AXES)):
        assert found.empty
        assert not found.boxes


def test_padding_is_never_relevant():
    late = (30, 10, 190, 40, 5.0)  # 0.76 to 0.92 s
    relevance = relevance_with(*TWO, late)
    found = Rectangles(percentile=90, **NEAR)(relevance, AXES, seconds=0.7)
    assert max(box.end for box in found.boxes) <= 0.7
    assert not found.mask[:, 175:].any()
    assert found.notes["clusters"] == 2  # the block up to 0.72 s is cut, the late one is not there


def test_flat_end_is_dropped_if_asked():
    relevance = np.where(np.arange(250) < 200, relevance_with(*TWO), np.float32(7.0))  # a flat end, as LIME's silence
    assert flat_end(relevance) == 180  # the last column that varies is the second block's last
    relevance[0, 199] = 6.0
    assert flat_end(relevance) == 200  # every flat column goes, the right-most too
    with_end = Rectangles(percentile=70, **NEAR)(relevance, AXES)
    without = Rectangles(percentile=70, drop_trailing=True, **NEAR)(relevance, AXES)
    assert with_end.mask[:, 200:].any()
    assert not without.mask[:, 200:].any()
    assert len(without.boxes) == 2


@pytest.mark.parametrize("units", ["mel", "octave", "hertz", "bins"])
def test_units_agree_on_what_is_far_apart(units):
    assert len(Rectangles(percentile=90, units=units, **NEAR)(relevance_with(*TWO), AXES).boxes) == 2


def test_physical_units_do_not_change_with_the_hop():
    coarse = Axes(AXES.seconds[::2], AXES.hertz)
    relevance = relevance_with(*TWO)
    fine_boxes = Rectangles(percentile=90, **NEAR)(relevance, AXES).boxes
    coarse_boxes = Rectangles(percentile=90, **NEAR)(relevance[:, ::2], coarse).boxes
    assert len(fine_boxes) == len(coarse_boxes) == 2
    for fine, rough in zip(fine_boxes, coarse_boxes, strict=True):
        assert abs(fine.start - rough.start) <= 2 * FRAME
        assert abs(fine.end - rough.end) <= 2 * FRAME


# --- outlines ----------------------------------------------------------------------------------------------------


def outlines_of(picture, columns=None):
    mask = np.array([[cell == "#" for cell in line] for line in picture])
    row, column = np.nonzero(mask)
    return outlines(row, column, len(mask), 0, columns or mask.shape[1]).tolist()


def test_what_lies_in_a_hole_is_no_outline():
    ring = ["#######..", "#.....#..", "#.....#..", "#..#..#..", "#.....#..", "#.....#..", "#######..", "........."]
    assert outlines_of(ring) == [[0, 8, 0, 8]]


def test_growing_joins_cells_across_a_gap_of_one():
    assert outlines_of(["#.#......", "........."]) == [[0, 2, 0, 4]]
    assert outlines_of(["#...#....", "........."]) == [[0, 2, 0, 2], [0, 2, 4, 6]]


def test_growing_stops_at_the_maps_edges():
    assert outlines_of([".....", "....#"]) == [[1, 2, 4, 5]]
    assert outlines_of(["..#..", "....."], columns=3) == [[0, 2, 2, 3]]


# --- the grid ----------------------------------------------------------------------------------------------------


def test_grid_is_every_single_call():
    generator = np.random.default_rng(0)
    relevance = relevance_with(*TWO) + generator.normal(0, 0.4, AXES.shape).astype(np.float32)
    search = {"percentile": [98, 80], "min_cluster_size": [10, 30], "min_samples": [5, 20]}
    points = []
    for point, found in rectangles_grid(relevance, AXES, Rectangles(), search, seconds=0.9):
        points.append(point)
        alone = Rectangles(**point)(relevance, AXES, seconds=0.9)
        assert alone.boxes == found.boxes
        assert alone.notes == found.notes
        np.testing.assert_array_equal(alone.mask, found.mask)
    assert len(points) == 6  # min_samples 20 of clusters of 10 is left out


def test_what_is_not_searched_is_as_the_kind_says():
    found = list(rectangles_grid(relevance_with(*TWO), AXES, Rectangles(min_samples=7), {"percentile": [90]}))
    assert [point for point, _ in found] == [{"percentile": 90.0, "min_cluster_size": 30, "min_samples": 7}]


def test_wrong_searches_are_told_in_a_sentence():
    with pytest.raises(AuricleError, match='did you mean "percentile"'):
        list(rectangles_grid(relevance_with(), AXES, Rectangles(), {"percentil": [90]}))
    with pytest.raises(AuricleError, match="min_cluster_size=1"):
        list(rectangles_grid(relevance_with(), AXES, Rectangles(), {"min_cluster_size": [1]}))


def same_as_plain(relevance, axes, search, **settings):
    seconds = settings.pop("seconds", None)
    for point, found in rectangles_grid(relevance, axes, Rectangles(**settings), search, seconds=seconds):
        plain = plain_rectangles(relevance, axes, seconds=seconds, **settings, **point)
        assert [edges(box) for box in found.boxes] == plain.boxes, point
        if relevance.max() > 0:
            assert found.notes["clusters"] == plain.clusters
            assert found.notes.get("retries", 0) == plain.retries
            assert (found.notes["fallback"] or "").endswith("widest") == plain.widest


@pytest.mark.parametrize("method", ["lrp", "grad-cam"])
def test_real_maps_get_the_plain_loops_boxes(digits, clips, method):
    explanation = auricle.explain(clips[1], digits, method=method)
    search = {"percentile": [98, 80], "min_cluster_size": [15, 50], "min_samples": [5, 15]}
    same_as_plain(*explanation.map(), search, seconds=explanation.clip.seconds)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["gradient", "lrp", "ig", "grad-cam"])
def test_the_whole_grid_gets_the_plain_loops_boxes(digits, clips, method):
    for clip in clips[:3]:
        explanation = auricle.explain(clip, digits, method=method)
        same_as_plain(*explanation.map(), GRID, seconds=explanation.clip.seconds)
        same_as_plain(*explanation.map(), GRID, units="bins", min_seconds=0.05)
