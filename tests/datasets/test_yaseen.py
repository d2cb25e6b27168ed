"""Yaseen heart sounds: five folders, 200 recordings each."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from auricle.clip import write_sound
from auricle.datasets import open_dataset
from auricle.datasets.yaseen import CONDITIONS, open_yaseen
from auricle.errors import AuricleError

YASEEN = Path(__file__).parents[2] / "../shared/data/heart/yaseen"


def written(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
        write_sound(folder / name / f"New_{name}_001.wav", np.zeros(800, np.float32) + 0.1, 8000)
    return folder


def test_all_real_recordings_are_found_with_their_conditions():
    if not YASEEN.is_dir():
        pytest.skip(f"{YASEEN} is not there; the heart sounds are needed for this test")
    dataset = open_dataset(f"yaseen:{YASEEN}")
    assert Counter(dataset.column("condition")) == {each: 200 for each in CONDITIONS}
    assert Counter(dataset.column("abnormal")) == {"normal": 200, "abnormal": 800}
    assert all(row["id"].split("/")[0] == row["condition"] for row in dataset.rows())
    clip = dataset.load(999)
    assert clip.sample_rate == 8000
    assert 1 < clip.seconds < 5
    assert np.bincount(dataset.targets("condition")).tolist() == [200] * 5


def test_folders_may_keep_the_names_of_the_published_archives(tmp_path):
    written(tmp_path, ["N_New_3주기", "MVP_New_3주기", "MS_New_3주기", "MR_New_3주기", "AS_New_3주기", "notes"])
    dataset = open_yaseen(tmp_path)
    assert dataset.classes_of("condition") == CONDITIONS
    assert sorted(dataset.column("condition")) == sorted(CONDITIONS)
    assert dataset.load(0).seconds == 0.1


def test_nobody_knows_the_patients_so_there_is_no_group(tmp_path):
    dataset = open_yaseen(written(tmp_path, list(CONDITIONS)))
    assert dataset.group is None
    assert "may share patients" in dataset.notes[0]


def test_a_missing_condition_is_told(tmp_path):
    with pytest.raises(AuricleError, match="no recordings of MS, AS"):
        open_yaseen(written(tmp_path, ["N", "MVP", "MR"]))
