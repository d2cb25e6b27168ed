"""AudioMNIST: names of files become labels, uneven metadata clean columns, the published folds never share a voice."""

import json

import numpy as np
import pytest
from layouts import WOMEN, gender_speakers, whole_audiomnist, write_audiomnist, write_tone

from auricle.datasets import Dataset, open_dataset, splits
from auricle.datasets.audiomnist import DIGIT_GROUPS, GENDER_GROUPS, open_audiomnist
from auricle.datasets.fsdd import DIGITS
from auricle.errors import AuricleError


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Dataset:
    """The table of all 30,000 recordings."""
    return whole_audiomnist(open_audiomnist(write_audiomnist(tmp_path_factory.mktemp("audiomnist"))))


def test_a_recording_is_its_digit_speaker_and_repetition(tmp_path):
    write_audiomnist(tmp_path, speakers=[1, 26], digits=[])
    write_tone(tmp_path / "data" / "26" / "7_26_41.wav", seconds=0.6, sample_rate=48000)
    (tmp_path / "data" / "26" / "notes.txt").write_text("the repository has such a file")
    data = open_dataset(f"audiomnist:{tmp_path}")
    (row,) = data.rows()
    assert row["id"] == row["path"] == "data/26/7_26_41.wav"
    assert (row["digit"], row["speaker"], row["repetition"], row["gender"]) == ("seven", "26", 41, "female")
    clip = data.load(row)
    assert (clip.sample_rate, clip.seconds, clip.name) == (48000, 0.6, row["id"])
    assert open_audiomnist(tmp_path / "data").column("path") == ["26/7_26_41.wav"]


def test_uneven_metadata_becomes_clean(tmp_path):
    speakers = [1, 20, 23, 26, 31, 41, 45, 52]
    data = open_audiomnist(write_audiomnist(tmp_path, speakers=speakers, digits=[0]))
    rows = {row["speaker"]: row for row in data.rows()}
    assert rows["01"]["age"] == 30
    assert rows["20"]["age"] == 25
    assert rows["45"]["age"] is None
    assert {row["accent"] for row in rows.values()} == {"German"}
    assert [rows[each]["room"] for each in ("01", "20", "26")] == ["Kino", "Ruheraum", "library"]
    assert {rows[each]["room"] for each in ("23", "31", "41", "52")} == {"VR-room"}
    assert [rows[each]["native_speaker"] for each in ("01", "41")] == [False, True]
    assert rows["01"]["recorded"] == "2017-06-22T11:04:28"


def test_speakers_whom_old_metadata_leaves_out_are_men(tmp_path):
    write_audiomnist(tmp_path, speakers=[16, 17, 22, 34], digits=[0], described=[16])
    rows = {row["speaker"]: row for row in open_audiomnist(tmp_path).rows()}
    assert [rows[each]["gender"] for each in ("17", "22", "34")] == ["male"] * 3
    assert rows["17"]["age"] is None
    assert rows["17"]["room"] is None


def test_targets(whole):
    assert whole.classes_of("digit") == DIGITS
    assert whole.classes_of("gender") == ("male", "female")
    np.testing.assert_array_equal(np.bincount(whole.targets("digit")), [3000] * 10)
    np.testing.assert_array_equal(np.bincount(whole.targets("gender")), [48 * 500, 12 * 500])


def test_groups_of_speakers():
    everyone = [speaker for group in DIGIT_GROUPS for speaker in group]
    assert sorted(everyone) == list(range(1, 61))
    assert [len(set(group) & WOMEN) for group in DIGIT_GROUPS] == [2, 2, 2, 3, 3]
    assert len(gender_speakers()) == len(set(gender_speakers())) == 24
    assert set(gender_speakers()) >= WOMEN
    assert [len(set(group) & WOMEN) for group in GENDER_GROUPS] == [3] * 4


@pytest.mark.parametrize(
    ("task", "sizes", "count"), [("digit", (18000, 6000, 6000), 5), ("gender", (6000, 3000, 3000), 4)]
)
def test_published_folds(whole, task, sizes, count):
    made = splits(whole, task, task)
    assert [split.name for split in made] == [f"fold {fold}" for fold in range(count)]
    speaker = np.array(whole.column("speaker"))
    for split in made:
        parts = [split.train, split.validate, split.test]
        assert tuple(map(len, parts)) == sizes
        voices = [set(speaker[part]) for part in parts]
        assert not voices[0] & voices[1]
        assert not voices[0] & voices[2]
        assert not voices[1] & voices[2]
        for part in parts:
            balance = np.bincount(whole.targets(task)[part])
            assert len(set(balance)) == 1
        assert not split.known_groups
        assert not split.shared
    tested = np.concatenate([split.test for split in made])
    assert len(set(tested)) == len(tested) == sum(sizes) // (5 if task == "digit" else 4) * count


def test_fold_0_as_published(whole):
    speaker = np.array(whole.column("speaker"))
    digit, gender = splits(whole, "digit", "digit")[0], splits(whole, "gender", "gender")[0]
    assert set(speaker[digit.validate]) == {f"{each:02d}" for each in DIGIT_GROUPS[3]}
    assert set(speaker[digit.test]) == set("26 52 60 18 32 42 05 13 22 33 45 51".split())
    assert set(speaker[gender.train]) == set("36 47 56 02 44 50 26 12 57 25 37 45".split())
    assert set(speaker[gender.validate]) == set("43 28 52 48 53 41".split())
    assert set(speaker[gender.test]) == set("58 59 60 07 23 38".split())
    last = splits(whole, "digit", "digit")[4]
    assert set(speaker[last.test]) == {f"{each:02d}" for each in DIGIT_GROUPS[3]}


def test_the_notebooks_choices(whole):
    """XAI_spec_AudioMNIST: one specific recording; all of a speaker; a digit of some speakers."""
    (row,) = whole.filter(speaker="26", digit="seven", repetition=41).rows()
    assert (row["speaker"], row["digit"], row["repetition"]) == ("26", "seven", 41)
    assert len(whole.filter(speaker="56")) == 500
    assert len(whole.filter(speaker=["01", "02"], digit="two")) == 100
    assert len(whole.filter(speaker="26", repetition="41")) == 10


def test_a_part_of_the_speakers_has_no_published_folds(tmp_path):
    data = open_audiomnist(write_audiomnist(tmp_path, speakers=[1, 2, 26]))
    with pytest.raises(AuricleError, match="no clips to test"):
        splits(data, "digit", "digit")


def test_bad_input(tmp_path):
    with pytest.raises(AuricleError, match=r"audioMNIST_meta\.txt does not exist"):
        open_audiomnist(tmp_path)
    folder = write_audiomnist(tmp_path, speakers=[1])
    write_tone(folder / "data" / "61" / "0_61_0.wav")
    with pytest.raises(AuricleError, match="says nothing about speaker 61"):
        open_audiomnist(folder)
    (folder / "data" / "61" / "0_61_0.wav").rename(folder / "data" / "01" / "0_61_0.wav")
    with pytest.raises(AuricleError, match="not named as AudioMNIST"):
        open_audiomnist(folder)
    meta = folder / "data" / "audioMNIST_meta.txt"
    meta.write_text(json.dumps({"01": {"gender": "unknown"}}))
    with pytest.raises(AuricleError, match="no gender of male, female"):
        open_audiomnist(folder)
    meta.write_text("{")
    with pytest.raises(AuricleError, match="not AudioMNIST's metadata"):
        open_audiomnist(folder)
    empty = tmp_path / "empty"
    write_audiomnist(empty, speakers=[1], digits=[])
    with pytest.raises(AuricleError, match="holds no recordings"):
        open_audiomnist(empty)
