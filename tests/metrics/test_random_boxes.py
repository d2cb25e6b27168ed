"""Random regions: the same sizes elsewhere, uniformly, and apart from what is relevant if asked."""

import numpy as np
import pytest

import auricle
from auricle.axes import Axes, mel_edges
from auricle.metrics.random_boxes import random_boxes, random_regions
from auricle.regions import Rectangles
from auricle.regions.base import Regions, drawn
from auricle.sonify.boxes import Box

LINEAR = Axes(np.linspace(0, 1, 101), np.linspace(0, 4000, 65))
MEL = Axes(np.linspace(0, 1, 101), mel_edges(n_mels=64, fmin=60, fmax=4000, htk=False))


def box(axes, rows, columns):
    (low, high), (start, end) = axes.hertz[list(rows)], axes.seconds[list(columns)]
    return Box(float(low), float(high), float(start), float(end))


def rows_of(box, axes):
    return np.interp([box.low, box.high], axes.hertz, np.arange(len(axes.hertz)))


def overlap(one, other, axes):
    (a, b), (c, d) = rows_of(one, axes), rows_of(other, axes)
    return max(min(b, d) - max(a, c), 0) * max(min(one.end, other.end) - max(one.start, other.start), 0)


@pytest.mark.parametrize("axes", [LINEAR, MEL], ids=["linear", "mel"])
@pytest.mark.parametrize("apart", [True, False])
def test_sizes_are_kept_within_clip_and_map(axes, apart):
    boxes = (box(axes, (5, 15), (10, 30)), box(axes, (12, 40), (60, 90)), box(axes, (50, 53), (20, 70)))
    for seed in range(30):
        placed = random_boxes(boxes, axes, seconds=0.95, overlap=not apart, seed=seed)
        assert len(placed) == 3
        for own, other in zip(boxes, placed, strict=True):
            assert other.end - other.start == pytest.approx(own.end - own.start)
            np.testing.assert_allclose(np.diff(rows_of(other, axes)), np.diff(rows_of(own, axes)), atol=1e-6)
            assert -1e-9 <= other.start < other.end <= 0.95 + 1e-9
            assert axes.hertz[0] - 1e-6 <= other.low < other.high <= axes.hertz[-1] + 1e-6


@pytest.mark.parametrize("axes", [LINEAR, MEL], ids=["linear", "mel"])
def test_areas_on_the_map_are_equal(axes):
    boxes = (box(axes, (5, 15), (10, 30)), box(axes, (12, 40), (25, 60)), box(axes, (50, 60), (20, 70)))
    found = Regions(drawn(boxes, axes), axes, boxes)
    for control in random_regions(found, draws=20, seed=0, seconds=1.0):
        assert control.mask.sum() == found.mask.sum()


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("method", ["gradient", "grad-cam"])
def test_controls_of_real_maps_have_exactly_as_many_cells(digits, clips, method, overlap):
    """Many boxes, some cut at the clip's ends; where boxes are told as left out their cells are missing, no others."""
    whole = 0
    for clip in clips:
        explanation = auricle.explain(clip, digits, method=method)
        for percentile in (95, 85, 75):
            kind = Rectangles(percentile=percentile, min_cluster_size=15, min_samples=5)
            found = kind(*explanation.map(), seconds=clip.seconds)
            for control in random_regions(found, draws=8, overlap=overlap, seconds=clip.seconds):
                assert control.notes["left_out"] == 0 or not overlap
                if control.notes["left_out"]:
                    assert control.mask.sum() < found.mask.sum()
                else:
                    assert control.mask.sum() == found.mask.sum()
                    whole += 1
                assert overlap or control.notes["shared"] == 0.0
                assert all(0.0 <= each.start < each.end <= clip.seconds for each in control.boxes)
    assert whole > 20


def test_pieces_without_room_for_each_other_move_as_one_figure_round_the_edges():
    """94 % of the map, so that pieces drawn one by one never find room."""
    boxes = tuple(
        box(LINEAR, (21 * row, 21 * row + 21), (50 * half, 50 * half + 48)) for row in range(3) for half in (0, 1)
    )
    found = Regions(drawn(boxes, LINEAR), LINEAR, boxes)
    controls = random_regions(found, draws=10, seconds=1.0)
    for control in controls:
        assert control.mask.sum() == found.mask.sum()
        assert control.notes["left_out"] == 0
        np.testing.assert_array_equal(control.mask, drawn(control.boxes, LINEAR))
    assert len({control.mask.tobytes() for control in controls}) == 10
    again = random_regions(found, draws=10, seconds=1.0)
    assert [each.boxes for each in again] == [each.boxes for each in controls]


def test_one_figure_round_the_edges_keeps_off_what_is_relevant():
    """Six boxes on top of each other, and room for hardly more beside them."""
    boxes = tuple(box(LINEAR, (10 * row, 10 * row + 10), (0, 48)) for row in range(6))
    found = Regions(drawn(boxes, LINEAR), LINEAR, boxes)
    for control in random_regions(found, draws=5, overlap=False, seconds=1.0):
        assert (control.mask.sum(), control.notes["left_out"]) == (found.mask.sum(), 0)
        assert not (control.mask * found.mask).any()


def test_a_piece_that_fits_nowhere_is_cut_into_boxes_that_share_nothing():
    """A cross that is wider than any free place, and both of its bars are not."""
    boxes = (box(LINEAR, (0, 60), (40, 50)), box(LINEAR, (20, 24), (0, 100)))
    found = Regions(drawn(boxes, LINEAR), LINEAR, boxes)
    cells = found.mask.sum()
    assert cells == 600 + 400 - 40
    for control in random_regions(found, draws=10, overlap=False, seconds=1.0):
        assert control.notes["left_out"] == 1  # the upright bar is too tall for what the level one leaves
        assert control.mask.sum() == 4 * 90
        assert not (control.mask * found.mask).any()


@pytest.mark.parametrize("span", [(0.105, 0.305), (0.0, 0.305), (0.8, 0.955)])
def test_edges_on_the_centres_of_columns_neither_win_nor_lose_one(span):
    axes = Axes(np.linspace(-0.005, 1.005, 102), LINEAR.hertz)  # frames centred on 0, 0.01, …
    own = Box(float(axes.hertz[10]), float(axes.hertz[20]), *span)
    found = Regions(drawn((own,), axes), axes, (own,))
    for control in random_regions(found, draws=50, seconds=0.955):
        assert control.mask.sum() == found.mask.sum()
        (placed,) = control.boxes
        assert placed.end - placed.start == pytest.approx(own.end - own.start)


def test_every_place_is_as_likely():
    own = box(LINEAR, (10, 20), (30, 50))
    placed = [random_boxes([own], LINEAR, seconds=1.0, seed=seed)[0] for seed in range(3000)]
    starts = np.array([each.start for each in placed])
    rows = np.array([round(rows_of(each, LINEAR)[0]) for each in placed])
    np.testing.assert_allclose(np.histogram(starts, bins=8, range=(0, 0.8))[0] / 3000, 1 / 8, atol=0.02)
    assert set(rows) == set(range(55))
    np.testing.assert_allclose(np.histogram(rows, bins=5, range=(0, 55))[0] / 3000, 1 / 5, atol=0.025)
    assert abs(np.corrcoef(starts, rows)[0, 1]) < 0.06


def test_free_places_are_as_likely_as_trying_would_make_them():
    """Against rejection: draws anywhere, kept if they overlap nothing."""
    wall = box(LINEAR, (0, 40), (30, 90))  # fits nowhere else
    small = box(LINEAR, (50, 60), (10, 20))
    boxes = [wall, small]
    apart = [random_boxes(boxes, LINEAR, seconds=1.0, overlap=False, seed=seed) for seed in range(3000)]
    assert {len(each) for each in apart} == {1}
    apart = [each[0] for each in apart]
    generator = np.random.default_rng(0)
    tried = []
    while len(tried) < 3000:
        low, start = generator.integers(0, 55), generator.uniform(0, 0.9)
        one = Box(LINEAR.hertz[low], LINEAR.hertz[low + 10], start, start + 0.1)
        if not any(overlap(one, other, LINEAR) for other in boxes):
            tried.append(one)
    for of in (lambda each: each.start, lambda each: each.low):
        edges = np.quantile([of(each) for each in tried], [0.2, 0.4, 0.6, 0.8])
        counts = np.bincount(np.searchsorted(edges, [of(each) for each in apart]), minlength=5)
        wanted = np.bincount(np.searchsorted(edges, [of(each) for each in tried]), minlength=5)
        np.testing.assert_allclose(counts / 3000, wanted / 3000, atol=0.03)


@pytest.mark.parametrize("axes", [LINEAR, MEL], ids=["linear", "mel"])
def test_apart_never_touches_what_is_relevant(axes):
    generator = np.random.default_rng(0)
    for seed in range(40):
        boxes = []
        for _ in range(4):
            row, column = generator.integers(0, 40), generator.integers(0, 60)
            boxes.append(box(axes, (row, row + generator.integers(3, 20)), (column, column + 15)))
        for placed in random_boxes(boxes, axes, seconds=1.0, overlap=False, seed=seed):
            assert max(overlap(placed, each, axes) for each in boxes) < 1e-6


def test_what_fits_nowhere_is_left_out_and_noted():
    boxes = (box(LINEAR, (0, 60), (5, 95)), box(LINEAR, (60, 62), (0, 10)))
    found = Regions(drawn(boxes, LINEAR), LINEAR, boxes)
    for control in random_regions(found, draws=5, overlap=False, seconds=1.0):
        assert len(control.boxes) == 1
        assert control.notes["left_out"] == 1
        assert control.notes["shared"] == 0.0
    whole = Regions(np.ones(LINEAR.shape, np.float32), LINEAR, (box(LINEAR, (0, 64), (0, 100)),))
    (nothing,) = random_regions(whole, draws=1, overlap=False, seconds=1.0)
    assert nothing.empty
    (everything,) = random_regions(whole, draws=1, overlap=True, seconds=1.0)
    assert everything.mask.all()


def test_a_box_as_long_as_the_clip_moves_in_frequency():
    own = box(LINEAR, (10, 20), (0, 100))
    placed = {random_boxes([own], LINEAR, seconds=1.0, overlap=False, seed=seed)[0] for seed in range(200)}
    assert {(each.start, each.end) for each in placed} == {(0.0, 1.0)}
    assert all(overlap(each, own, LINEAR) == 0 for each in placed)
    assert len(placed) == 36


def test_boxes_that_overlap_move_as_one():
    boxes = (box(LINEAR, (10, 20), (30, 50)), box(LINEAR, (15, 30), (40, 60)))
    one, other = random_boxes(boxes, LINEAR, seconds=1.0, seed=3)
    assert other.start - one.start == pytest.approx(0.1)
    assert other.low - one.low == pytest.approx(5 * 62.5)


def test_padding_of_the_map_is_no_place():
    """A map of 1 s of which the clip fills 0.4 s, and one that begins before it."""
    axes = Axes(np.linspace(-0.3, 0.7, 101), LINEAR.hertz)
    own = box(axes, (0, 10), (35, 45))
    for seed in range(50):
        (placed,) = random_boxes([own], axes, seconds=0.4, seed=seed)
        assert 0.0 <= placed.start < placed.end <= 0.4 + 1e-9


def test_soft_masks_are_rolled_within_the_clip():
    mask = np.zeros(LINEAR.shape, np.float32)
    mask[10:14, 5:15] = np.linspace(0.1, 1.0, 40).reshape(4, 10)
    found = Regions(mask, LINEAR)
    for control in random_regions(found, draws=10, overlap=True, seconds=0.5):
        assert not control.boxes
        assert not control.mask[:, 50:].any()
        np.testing.assert_array_equal(np.sort(control.mask, axis=None), np.sort(mask, axis=None))
    for control in random_regions(found, draws=10, overlap=False, seconds=0.5):
        assert not (control.mask * mask).any()


def test_components_keep_their_shape():
    """Their boxes are only bounds, so the mask itself is moved."""
    mask = np.zeros(LINEAR.shape, np.float32)
    np.fill_diagonal(mask[10:30, 10:30], 1.0)
    found = Regions(mask, LINEAR, (box(LINEAR, (10, 30), (10, 30)),))
    for control in random_regions(found, draws=5, seconds=1.0):
        assert control.mask.sum() == 20


def test_nothing_relevant_has_nothing_random():
    nothing = Regions(np.zeros(LINEAR.shape, np.float32), LINEAR)
    assert [each.empty for each in random_regions(nothing, draws=2, seconds=1.0)] == [True, True]


def test_same_seed_same_regions_and_more_draws_change_none():
    boxes = (box(LINEAR, (5, 15), (10, 30)),)
    found = Regions(drawn(boxes, LINEAR), LINEAR, boxes)
    few = random_regions(found, draws=2, seed=1, seconds=1.0)
    many = random_regions(found, draws=4, seed=1, seconds=1.0)
    assert [each.boxes for each in few] == [each.boxes for each in many[:2]]
    assert len({each.boxes for each in many}) == 4
    assert random_regions(found, draws=2, seed=2, seconds=1.0)[0].boxes != few[0].boxes
