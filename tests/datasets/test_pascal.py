"""PASCAL heart sounds: the tables name files in their own ways, and all are found."""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from auricle.clip import duration, write_sound
from auricle.datasets import open_dataset, splits
from auricle.datasets.pascal import TIMING_RATE, open_pascal, times
from auricle.errors import AuricleError

PASCAL = Path(__file__).parents[2] / "../shared/data/heart/pascal"

MARKED_LATE = "set_a/normal__201105011626.flac"
"""As published, its eighth S2 is later than the S1 that follows."""

SET_A = """dataset,fname,label,sublabel
a,set_a/artifact__201012172012.wav,artifact,
a,set_a/normal__201102081321.wav,normal,
a,set_a/__201101051105.wav,,
"""
SET_B = """dataset,fname,label,sublabel
b,set_b/Btraining_extrastole_127_1306764300147_C2.wav,extrastole,
b,set_b/Btraining_murmur_Btraining_noisymurmur_293_1311680805936_D.wav,murmur,noisymurmur
b,set_b/Btraining_normal_127_1306764300147_B.wav,normal,
b,set_b/Bunlabelledtest_300_1311772096120_D.wav,,
"""
TIMES = """fname,cycle,sound,location
set_a/normal__201102081321.wav,1,S1,10021
set_a/normal__201102081321.wav,1,S2,20759
"""
FILES = (
    "set_a/artifact__201012172012",
    "set_a/normal__201102081321",
    "set_a/Aunlabelledtest__201101051105",
    "set_b/extrastole__127_1306764300147_C2",
    "set_b/murmur_noisymurmur_293_1311680805936_D",
    "set_b/normal__127_1306764300147_B",
    "set_b/Bunlabelledtest__300_1311772096120_D",
)


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A small tree as the challenge publishes it."""
    for name, text in (("set_a.csv", SET_A), ("set_b.csv", SET_B), ("set_a_timing.csv", TIMES)):
        (tmp_path / name).write_text(text)
    for name in FILES:
        rate = TIMING_RATE if name.startswith("set_a") else 4000
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_sound(tmp_path / f"{name}.wav", np.full(rate, 0.1, np.float32), rate)
    return tmp_path


@pytest.fixture(scope="module")
def real() -> Path:
    if not PASCAL.is_dir():
        pytest.skip(f"{PASCAL} is not there; the heart sounds are needed for this test")
    return PASCAL


def test_every_recording_of_the_real_tables_is_found_once(real):
    dataset = open_pascal(real, unlabelled=True)
    assert Counter(dataset.column("set")) == {"a": 176, "b": 656}
    assert len(set(dataset.column("path"))) == 832
    assert all((real / path).is_file() for path in dataset.column("path"))


def test_every_real_file_has_the_label_that_its_own_name_says(real):
    for row in open_pascal(real, unlabelled=True).rows():
        name = Path(row["path"]).name.split("_")
        assert row["sound"] == (None if "unlabelled" in name[0] else name[0])
        assert row["noisy"] == name[1].startswith("noisy")


def test_labelled_recordings_come_by_default(real):
    dataset = open_dataset(f"pascal:{real}")
    assert Counter(dataset.column("sound")) == {
        "normal": 351, "murmur": 129, "extrastole": 46, "artifact": 40, "extrahls": 19,
    }  # fmt: skip


def test_set_b_alone_has_its_own_classes_and_can_be_split_by_subject(real):
    dataset = open_dataset(f"pascal:{real / 'set_b'}")
    assert len(dataset) == 461
    assert dataset.classes_of("sound") == ("normal", "murmur", "extrastole")
    assert np.bincount(dataset.targets("condition")).tolist() == [320, 141]
    subjects = np.array(dataset.column("subject"))
    assert len(set(subjects)) == 165
    for split in splits(dataset, "kfold:5", "condition"):
        assert not set(subjects[split.train]) & set(subjects[split.test])


def test_heart_sounds_are_marked_within_the_recordings_and_alternate(real):
    dataset = open_pascal(real)
    marked = {row["path"]: times(dataset, row) for row in dataset.rows()}
    marked = {path: found for path, found in marked.items() if found}
    assert len(marked) == 21
    assert sum(len(found) for found in marked.values()) == 390
    for path, found in marked.items():
        seconds = [at for at, _ in found]
        assert seconds == sorted(seconds)
        # At the files' own 4 kHz, the same numbers would be eleven times later, far past the end.
        assert 0 < seconds[-1] < duration(real / path)
        same = sum(one == other for (_, one), (_, other) in itertools.pairwise(found))
        assert same == (2 if path == MARKED_LATE else 0)


def test_the_real_sound_is_where_it_is_marked(real):
    dataset = open_pascal(real)
    near, everywhere = [], []
    for row in dataset.rows():
        if found := times(dataset, row):
            clip = dataset.load(row)
            level, rate = clip.samples[0] ** 2, clip.sample_rate
            near += [level[max(round((at - 0.05) * rate), 0) : round((at + 0.05) * rate)].mean() for at, _ in found]
            everywhere += [level.mean()] * len(found)
    assert np.median(np.array(near) / np.array(everywhere)) > 1.5


def test_the_official_layout_is_read(official):
    dataset = open_pascal(official, unlabelled=True)
    rows = {row["path"]: row for row in dataset.rows()}
    assert set(rows) == {f"{name}.wav" for name in FILES}
    murmur = rows["set_b/murmur_noisymurmur_293_1311680805936_D.wav"]
    assert (murmur["sound"], murmur["condition"], murmur["noisy"], murmur["subject"]) == (
        "murmur", "abnormal", True, "b293",
    )  # fmt: skip
    assert rows["set_a/Aunlabelledtest__201101051105.wav"]["sound"] is None
    assert times(dataset, rows["set_a/normal__201102081321.wav"]) == [
        (10021 / 44100, "S1"), (20759 / 44100, "S2"),
    ]  # fmt: skip
    assert times(dataset, murmur) == []


def test_files_may_be_named_as_in_the_tables(official):
    for name in FILES[3:]:
        (official / f"{name}.wav").unlink()
    for line in SET_B.splitlines()[1:]:
        write_sound(official / line.split(",")[1], np.full(4000, 0.1, np.float32), 4000)
    assert len(open_pascal(official / "set_b", unlabelled=True)) == 4


def test_an_artifact_is_neither_normal_nor_abnormal(official):
    dataset = open_pascal(official)
    assert dataset.filter(sound="artifact").column("condition") == [None]
    with pytest.raises(AuricleError, match="filter these clips out"):
        dataset.targets("condition")


def test_a_recording_that_is_not_there_is_told(official):
    (official / f"{FILES[1]}.wav").unlink()
    with pytest.raises(AuricleError, match=r"1 of the recordings .*set_a/normal__201102081321.wav"):
        open_pascal(official)


def test_another_folder_is_told(tmp_path):
    with pytest.raises(AuricleError, match=r"neither set_a.csv nor set_b.csv"):
        open_pascal(tmp_path)
