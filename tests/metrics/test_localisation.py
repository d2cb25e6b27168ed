"""Relevance is judged where the cause is known."""

import json

import numpy as np
import pytest

import auricle
from auricle.axes import Axes
from auricle.clip import Clip
from auricle.datasets.dataset import Dataset, table_of
from auricle.datasets.planted import causes, make_planted, open_planted
from auricle.datasets.planted_masks import box_mask
from auricle.errors import AuricleError
from auricle.metrics.localisation import energy_of, iou, localisation, rank_accuracy, truth_of

AXES = Axes(np.linspace(0.0, 1.0, 11), np.linspace(0.0, 4000.0, 9))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    make_planted(folder, clips=10, seed=1)
    return open_planted(folder)


@pytest.fixture
def truth():
    mask = np.zeros(AXES.shape)
    mask[2:4, 3:6] = 1.0
    return mask


def test_the_truth_itself_is_perfect(truth):
    found = localisation(truth, truth, AXES, regions=truth)
    assert (found.mass, found.hit, found.iou, found.auc, found.rank) == (1.0, 1.0, 1.0, 1.0, 1.0)
    assert found.area == found.true_area == pytest.approx(6 / 80)


def test_even_relevance_is_chance(truth):
    found = localisation(np.ones(AXES.shape), truth, AXES, regions=np.ones(AXES.shape))
    assert found.mass == pytest.approx(found.area)
    assert found.hit == pytest.approx(found.true_area)
    assert found.auc == 0.5
    assert found.iou == pytest.approx(found.area)
    assert found.rank == pytest.approx(found.true_area)


def test_negative_relevance_is_no_evidence(truth):
    found = localisation(-truth, truth, AXES)
    assert (found.mass, found.hit, found.auc, found.iou, found.rank) == (0.0, 0.0, 0.5, None, 0.0)


def test_elsewhere_is_worse_than_chance(truth):
    found = localisation(1.0 - truth, truth, AXES)
    assert (found.mass, found.hit, found.auc, found.rank) == (0.0, 0.0, 0.0, 0.0)


def test_rank_accuracy_by_hand():
    true = np.array([[True, True, False], [False, True, False]])
    assert rank_accuracy(np.array([[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]), true) == pytest.approx(2 / 3)
    # One place is left for the two cells of value 2, one of which is true; cells below zero have no place.
    assert rank_accuracy(np.array([[6.0, 5.0, 2.0], [-9.0, 2.0, 1.0]]), true) == pytest.approx((2 + 0.5) / 3)
    assert rank_accuracy(np.array([[6.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), true) == pytest.approx(1 / 3)
    assert rank_accuracy(np.ones((2, 3)), np.zeros((2, 3), bool)) is None


def test_rank_accuracy_is_that_of_sorted_cells(truth):
    """Quantus's relevance rank accuracy: cells sorted, the first K looked up."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        values = generator.random(AXES.shape) + truth * generator.random()
        first = np.argsort(-values, axis=None)[: int(truth.sum())]
        assert rank_accuracy(values, truth >= 0.5) == pytest.approx(truth.ravel()[first].mean())


def test_padding_is_left_out(truth):
    relevance = truth.copy()
    relevance[:, 8:] = 100.0
    found = localisation(relevance, truth, AXES, seconds=0.8)
    assert (found.mass, found.hit) == (1.0, 1.0)
    assert found.area == pytest.approx(6 / 64)


def test_random_relevance_finds_as_much_as_chance(truth):
    generator = np.random.default_rng(0)
    found = [localisation(generator.random(AXES.shape), truth, AXES) for _ in range(400)]
    assert np.mean([each.hit for each in found]) == pytest.approx(found[0].true_area, abs=0.04)
    assert np.mean([each.mass for each in found]) == pytest.approx(found[0].area, abs=0.01)
    assert np.mean([each.auc for each in found]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([each.rank for each in found]) == pytest.approx(found[0].true_area, abs=0.02)


def test_soft_masks_share_by_their_amounts():
    assert iou(np.array([0.5, 0.0]), np.array([1.0, 0.0])) == 0.5
    assert iou(np.zeros(2), np.zeros(2)) == 0.0


def test_wrong_shapes_say_so(truth):
    with pytest.raises(AuricleError, match="regions of shape"):
        localisation(truth, truth, AXES, regions=np.ones((2, 2)))


def test_a_planted_corpus_has_the_truth_of_its_stems(planted, digits):
    """The mask of the planted power finds itself, lies in its box, and the loudest cells are not all of it."""
    for number in range(5):
        row = planted.row(number)
        clip, cause = planted.load(row), causes(planted, row)[0]
        relevance, axes = auricle.explain(clip, digits, method="gradient").map()
        truth = truth_of(planted, row, axes, clip.seconds)
        assert truth.shape == axes.shape
        assert 0.0 <= truth.min() <= truth.max() <= 1.0
        energy = energy_of(clip, digits, axes)
        found = localisation(relevance, truth, axes, energy=energy, seconds=clip.seconds)
        assert found.columns()["loc_area"] == found.area < 0.6
        assert found.energy_mass > 1.2 * found.area
        assert found.energy_rank > 1.2 * found.true_area
        if cause.low > 500 and cause.high < 3000 and cause.kind == "tone":
            wide = Axes(axes.seconds, axes.hertz)
            inside = box_mask(cause, wide)
            assert truth[inside].mean() > 5 * truth[~inside].mean()


def made(**columns):
    table = table_of([{"id": "a.wav", "path": "a.wav", "sound": "dog", **columns}])
    return Dataset(name="own", table=table, root=".", classes={"sound": ("dog",)}, sound_of=lambda row: Clip([0.1], 1))


@pytest.mark.parametrize(
    "columns",
    [
        {"events": [[0.2, 0.4]]},
        {"events": json.dumps([[0.2, 0.4]])},
        {"events": json.dumps([{"start": 0.2, "end": 0.4}])},
        {"events": [{"start": 0.2, "end": 0.4, "label": "dog"}]},
        {"event_start": 0.2, "event_end": 0.4},
        {"event_start": "0.2", "event_end": "0.4", "event_low": "", "event_high": ""},
    ],
)
def test_annotated_events_are_true_over_all_hertz(columns):
    data = made(**columns)
    mask = truth_of(data, data.row(0), AXES, 1.0, label="dog")
    assert (mask == mask[:1]).all()
    assert mask[0].tolist() == [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_events_of_other_labels_do_not_count_and_known_hertz_do():
    data = made(events=json.dumps([[0.2, 0.4, "cat"], {"start": 0.5, "end": 0.7, "low": 1000, "high": 2000}]))
    mask = truth_of(data, data.row(0), AXES, 1.0, label="dog")
    assert np.argwhere(mask).tolist() == [[2, 5], [2, 6], [3, 5], [3, 6]]
    assert truth_of(data, data.row(0), AXES, 1.0).sum() == 4 + 16


def test_an_event_shorter_than_a_bin_is_its_nearest_bin():
    data = made(events=[[0.351, 0.352]])
    assert np.flatnonzero(truth_of(data, data.row(0), AXES, 1.0)[0]).tolist() == [3]


def test_unknown_truth_is_none_and_bad_events_say_so():
    assert truth_of(made(), made().row(0), AXES, 1.0) is None
    for unknown in ({"events": "[]"}, {"events": ""}, {"event_start": "", "event_end": ""}):
        assert truth_of(made(**unknown), made(**unknown).row(0), AXES, 1.0) is None
    late = made(events=[[0.5, 3.0]])
    with pytest.raises(AuricleError, match=r"0\.5 to 3 s"):
        truth_of(late, late.row(0), AXES, 1.0)
    wrong = made(events="dog at 3 s")
    with pytest.raises(AuricleError, match="give a list"):
        truth_of(wrong, wrong.row(0), AXES, 1.0)
