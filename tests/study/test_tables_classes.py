"""Averages of a class, and the weights of its components."""

import numpy as np
import pyarrow as pa
import pytest

import auricle
from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.study.tables.classes import ClassAverages, average_table
from auricle.study.tables.components import component_table

HERTZ = np.array([0.0, 100.0, 250.0, 700.0])


def axes(columns, *, first=0.0, step=0.01):
    return Axes(first + step * np.arange(columns + 1), HERTZ)


def test_every_clip_counts_alike_however_large_its_relevance():
    averages = ClassAverages()
    one, other = np.zeros((3, 4)), np.zeros((3, 4))
    one[0, 0], other[2, 3] = 1000.0, 0.001
    averages.add("seven", one, axes(4))
    averages.add("seven", other, axes(4))
    mean = averages.means()["seven"].mean
    assert mean[0, 0] == mean[2, 3] == 0.5
    assert np.abs(mean).sum() == pytest.approx(1.0)


def test_clips_of_unequal_length_are_aligned_at_zero_with_counts():
    averages = ClassAverages()
    averages.add("seven", np.ones((3, 2)), axes(2))
    averages.add("seven", np.ones((3, 4)), axes(4))
    found = averages.means()["seven"]
    assert found.counts.tolist() == [2, 2, 1, 1]
    assert found.axes.seconds == pytest.approx(axes(4).seconds)
    assert found.mean[0] == pytest.approx([(1 / 6 + 1 / 12) / 2] * 2 + [1 / 12] * 2)
    assert found.hertz_profile.sum() == pytest.approx(1.0)
    assert found.seconds_profile == pytest.approx(found.mean.sum(0))


def test_maps_that_begin_before_zero_stay_where_they_are():
    averages = ClassAverages()
    late, early = np.zeros((3, 3)), np.zeros((3, 5))
    late[1, 0] = early[1, 2] = 1.0
    averages.add("seven", late, axes(3))
    averages.add("seven", early, axes(5, first=-0.02))
    found = averages.means()["seven"]
    assert found.axes.seconds[0] == pytest.approx(-0.02)
    assert found.counts.tolist() == [1, 1, 2, 2, 2]
    assert found.mean[1, 2] == pytest.approx(1.0)


def test_padding_is_left_out():
    averages = ClassAverages()
    relevance = np.zeros((3, 4))
    relevance[0, 0], relevance[0, 3] = 1.0, 5.0
    averages.add("seven", relevance, axes(4), np.ones((3, 4)), seconds=0.02)
    found = averages.means()["seven"]
    assert found.mean.shape == (3, 2)
    assert found.mean[0, 0] == 1.0
    assert found.occupancy.tolist() == [[1.0, 1.0]] * 3


def test_occupancy_is_the_share_of_clips():
    averages = ClassAverages()
    for number in range(4):
        mask = np.zeros((3, 2))
        mask[0, 0] = float(number > 0)
        averages.add("seven", np.ones((3, 2)), axes(2), mask)
    averages.add("three", np.ones((3, 2)), axes(2))
    found = averages.means()
    assert found["seven"].occupancy[0].tolist() == [0.75, 0.0]
    assert found["three"].occupancy is None


def test_halves_of_the_work_merge_to_the_whole():
    generator = np.random.default_rng(0)
    whole, halves = ClassAverages(), [ClassAverages(), ClassAverages()]
    for number in range(10):
        columns = int(generator.integers(2, 6))
        start = -0.01 * int(generator.integers(0, 3))
        item = ("one", "two")[number % 2], generator.normal(size=(3, columns)), axes(columns, first=start)
        mask = generator.random((3, columns))
        whole.add(*item, mask)
        halves[number // 5].add(*item, mask)
    merged, known = halves[0].merge(halves[1]).means(), whole.means()
    for label in known:
        assert merged[label].mean == pytest.approx(known[label].mean)
        assert merged[label].occupancy == pytest.approx(known[label].occupancy)
        assert merged[label].axes.seconds == pytest.approx(known[label].axes.seconds)
    assert ClassAverages().merge(whole).means()["one"].clips == 5


def test_maps_of_other_front_ends_cannot_be_averaged():
    averages = ClassAverages()
    averages.add("seven", np.ones((3, 2)), axes(2))
    with pytest.raises(AuricleError, match="rows"):
        averages.add("seven", np.ones((2, 2)), Axes(axes(2).seconds, HERTZ[:3]))
    with pytest.raises(AuricleError, match="steps"):
        averages.add("seven", np.ones((3, 2)), axes(2, step=0.02))
    with pytest.raises(AuricleError, match="does not fit"):
        averages.add("seven", np.ones((3, 3)), axes(2))


def test_real_explanations_average_on_the_front_ends_axis(digits, clips):
    averages = ClassAverages()
    for clip in clips[:3]:
        found = auricle.explain(clip, digits, method="input-x-gradient")
        relevance, where = found.map()
        averages.add("any", relevance, where, seconds=clip.seconds)
    mean = averages.means()["any"]
    assert mean.clips == 3
    assert mean.axes.hertz == pytest.approx(where.hertz)
    assert np.abs(mean.mean).sum() > 0
    row = average_table(averages).to_pylist()[0]
    assert np.reshape(row["mean"], (row["rows"], row["columns"])) == pytest.approx(mean.mean)


# --- components ---------------------------------------------------------------------------------------------


def weights(*rows):
    names = ("id", "asked", "target", "component", "weight")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def found_of(table, **settings):
    rows = component_table(table, **settings).to_pylist()
    return {(row["class"], row["component"]): row for row in rows}


def test_weights_of_a_class_by_component():
    found = found_of(weights(
        ("a", "predicted", "seven", "drums", 4.0), ("b", "predicted", "seven", "drums", -5.0),
        ("a", "predicted", "seven", "bass", 0.0), ("b", "predicted", "seven", "bass", 1.0),
        ("a", "true", "three", "drums", 100.0),
    ))  # fmt: skip
    drums, bass = found["seven", "drums"], found["seven", "bass"]
    assert (drums["mean"], drums["clips"], drums["mean_absolute"], drums["lime"]) == (-0.5, 2, 4.5, 3.0)
    assert drums["std"] == pytest.approx(np.std([4.0, -5.0], ddof=1))
    assert bass["mean_absolute"] == 1.0
    assert ("three", "drums") not in found


def test_what_matters_to_one_class_only_counts_most():
    """Worked out by hand: drums are shared equally (1 bit), bass is of seven alone (0 bits), voice lies between."""
    found = found_of(weights(
        ("a", "predicted", "seven", "drums", 4.0), ("b", "predicted", "three", "drums", 4.0),
        ("a", "predicted", "seven", "bass", 4.0), ("b", "predicted", "three", "bass", 0.0),
        ("a", "predicted", "seven", "voice", 9.0), ("b", "predicted", "three", "voice", 1.0),
    ))  # fmt: skip
    assert found["seven", "drums"]["entropy"] == pytest.approx(1.0)
    assert found["seven", "drums"]["homogeneity"] == pytest.approx(0.0)
    assert found["seven", "bass"]["entropy"] == 0.0
    assert found["seven", "bass"]["homogeneity"] == pytest.approx(2.0)
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert found["seven", "voice"]["homogeneity"] == pytest.approx((1 - entropy) * 3.0)


def test_positive_weights_only_as_musiclime():
    rows = ("a", "predicted", "seven", "drums", 4.0), ("b", "predicted", "seven", "drums", -5.0)
    assert found_of(weights(*rows), positive=True)["seven", "drums"]["lime"] == 2.0
    assert found_of(weights(*rows))["seven", "drums"]["homogeneity"] == 3.0


def test_classes_may_be_the_actual_ones():
    rows = ("a", "predicted", "seven", "drums", 4.0), ("b", "predicted", "seven", "drums", 1.0)
    found = found_of(weights(*rows), classes={"a": "nine"})
    assert list(found) == [("nine", "drums")]


def test_no_weights_say_so():
    with pytest.raises(AuricleError, match="no components"):
        component_table(weights(("a", "true", "seven", "drums", 4.0)))


def test_real_components(digits, clips):
    rows = []
    for number, clip in enumerate(clips[:2]):
        found = auricle.explain(clip, digits, method="lime", seed=1)
        for part, weight in zip(found.contributions.components.each, found.contributions.weights[:, 0], strict=True):
            rows.append((str(number), "predicted", found.prediction.label, part.name, float(weight)))
    assert component_table(weights(*rows)).num_rows > 3
