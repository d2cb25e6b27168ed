"""SONYC-UST: many annotators become one row a recording, by a rule; experts have the last word on what is tested."""

import numpy as np
import pyarrow as pa
import pytest
from layouts import COARSE, FINE, write_sonyc

from auricle.datasets import open_dataset, splits
from auricle.datasets.sonyc_ust import open_sonyc_ust
from auricle.errors import AuricleError

ALL_BUT_ENGINE = range(2, 9)

ANNOTATIONS = [
    # one of three volunteers hears an engine, two a siren, all a dog
    ("train", 4, "04_000001.wav", 11, ["1-1", "8-1"], []),
    ("train", 4, "04_000001.wav", 12, ["5-3", "8-1"], []),
    ("train", 4, "04_000001.wav", 13, ["5-3", "8-1"], []),
    # the same by volunteers and, a group of classes at a time, by experts, who agreed on music only
    ("train", 5, "05_000002.wav", 11, ["7-1"], []),
    ("train", 5, "05_000002.wav", -1, ["1-X"], ALL_BUT_ENGINE),
    ("train", 5, "05_000002.wav", 0, ["6-1"], []),
    # verified, against all volunteers
    ("validate", 6, "06_000003.wav", 11, ["8-1"], []),
    ("validate", 6, "06_000003.wav", 12, ["8-1"], []),
    ("validate", 6, "06_000003.wav", 0, ["2-2", "1-X"], []),
    # not verified
    ("validate", 6, "06_000004.wav", 11, ["8-1"], []),
    # nothing heard; the sensor is known from training
    ("test", 4, "04_000005.wav", 12, ["8-1"], []),
    ("test", 4, "04_000005.wav", 0, [], []),
]


@pytest.fixture
def folder(tmp_path):
    return write_sonyc(tmp_path, ANNOTATIONS)


def heard(data, level="coarse"):
    return {path[-10:-4]: labels for path, labels in zip(data.column("path"), data.column(level), strict=True)}


def test_the_published_columns(folder):
    data = open_dataset(f"sonyc-ust:{folder}")
    assert data.classes_of("coarse") == COARSE
    assert data.classes_of("fine") == tuple(name for code, name in FINE.items() if not code.endswith("X"))
    assert len(data.classes_of("fine")) == 23
    assert data.is_multi_label("coarse")
    row = data.row(0)
    assert (row["id"], row["path"]) == ("audio-0/04_000001.wav", "audio-0/04_000001.wav")
    assert (row["split"], row["sensor"], row["verified"], row["hour"], row["borough"]) == ("train", "4", False, 15, 1)
    assert data.load(row).name == row["id"]
    assert data.notes == ("left out: 1 of 5 recordings, without verified tags",)


def test_any_annotator(folder):
    assert heard(open_sonyc_ust(folder)) == {
        "000001": ["engine", "alert-signal", "dog"],
        "000002": ["engine", "music", "human-voice"],
        "000003": ["engine", "machinery-impact"],
        "000005": [],
    }


def test_most_annotators(folder):
    """Of those who were asked for the class: the single expert has no say but on engines."""
    assert heard(open_sonyc_ust(folder, rule="majority")) == {
        "000001": ["alert-signal", "dog"],
        "000002": [],
        "000003": ["engine", "machinery-impact"],
        "000005": [],
    }


def test_who_was_not_asked_does_not_vote(tmp_path):
    asked = ("train", 1, "01_000001.wav", 11, ["7-1"], [])
    unasked = ("train", 1, "01_000001.wav", -1, [], ALL_BUT_ENGINE)
    data = open_sonyc_ust(write_sonyc(tmp_path, [asked, unasked]), rule="majority")
    assert data.column("coarse") == [["human-voice"]]


def test_verified_only(folder):
    assert heard(open_sonyc_ust(folder, rule="verified")) == {
        "000002": ["music"],
        "000003": ["engine", "machinery-impact"],
        "000005": [],
    }


def test_fine_classes_and_those_that_could_not_be_told(folder):
    data = open_sonyc_ust(folder)
    assert heard(data, "fine")["000001"] == ["small-sounding-engine", "siren", "dog-barking-whining"]
    assert heard(data, "fine")["000003"] == ["jackhammer"]
    assert heard(data, "uncertain")["000003"] == ["engine-of-uncertain-size"]
    targets = data.targets("coarse")
    assert targets.shape == (4, 8)
    np.testing.assert_array_equal(targets[0], [1, 0, 0, 0, 1, 0, 0, 1])
    np.testing.assert_array_equal(targets[list(heard(data)).index("000005")], 0)


def test_the_columns_are_lists_even_where_nothing_was_heard(tmp_path):
    data = open_sonyc_ust(write_sonyc(tmp_path, [("train", 1, "01_000001.wav", 1, [], [])]))
    assert data.table.schema.field("fine").type == pa.list_(pa.string())
    assert data.is_multi_label("fine")


def test_clips_are_chosen_by_one_of_their_classes(folder):
    data = open_sonyc_ust(folder)
    assert heard(data.filter(coarse="engine")).keys() == {"000001", "000002", "000003"}
    assert heard(data.filter(coarse=["dog", "music"])).keys() == {"000001", "000002"}
    assert len(data.filter(sensor=4, split="test")) == 1


def test_the_published_split_tests_known_sensors_later(tmp_path):
    one_each = [code for code in FINE if not code.endswith("X") and code.endswith("1")]
    data = open_sonyc_ust(write_sonyc(tmp_path, [("train", 4, "04_000000.wav", 1, one_each, []), *ANNOTATIONS]))
    (split,) = splits(data, "official", "coarse")
    assert split.known_groups
    assert [len(part) for part in (split.train, split.validate, split.test)] == [3, 1, 1]
    with pytest.raises(AuricleError, match="has sensor 4 in both train and test"):
        splits(data, "split", "coarse")


def test_recordings_without_sound_are_counted(folder):
    (folder / "audio-0" / "04_000001.wav").unlink()
    data = open_sonyc_ust(folder)
    assert "000001" not in heard(data)
    assert "left out: 1 of 5 recordings, whose sound is not in the folder" in data.notes


def test_bad_input(tmp_path):
    with pytest.raises(AuricleError, match=r"annotations\.csv does not exist"):
        open_sonyc_ust(tmp_path)
    write_sonyc(tmp_path, ANNOTATIONS[:1])
    with pytest.raises(AuricleError, match="did you mean"):
        open_sonyc_ust(tmp_path, rule="majoritys")
    with pytest.raises(AuricleError, match="1 have no verified tags"):
        open_sonyc_ust(tmp_path, rule="verified")
    table = tmp_path / "annotations.csv"
    table.rename(tmp_path / "annotations_with_test.csv")
    assert len(open_sonyc_ust(tmp_path)) == 1
    table.write_text("split,sensor_id,audio_filename,annotator_id\ntrain,1,a.wav,1\n")
    with pytest.raises(AuricleError, match="no columns such as 1_engine_presence"):
        open_sonyc_ust(tmp_path)
