"""A folder of class folders."""

from pathlib import Path

import numpy as np
import pytest

from auricle.clip import write_sound
from auricle.datasets import open_dataset
from auricle.datasets.folder import open_folder
from auricle.errors import AuricleError


def sound(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sound(path, np.full(800, 0.1, np.float32), 8000)


def test_sub_folders_are_classes_and_deeper_files_belong_to_them(tmp_path):
    for name in ("dog/1.wav", "dog/garden/2.WAV", "cat/1.wav"):
        sound(tmp_path / name)
    dataset = open_dataset(tmp_path)
    assert [(row["id"], row["label"]) for row in dataset.rows()] == [
        ("cat/1.wav", "cat"), ("dog/1.wav", "dog"), ("dog/garden/2.WAV", "dog"),
    ]  # fmt: skip
    assert dataset.classes_of("label") == ("cat", "dog")
    assert dataset.load(2).seconds == 0.1
    assert open_dataset(f"folder:{tmp_path}").column("id") == dataset.column("id")


def test_numbers_are_classes_in_their_order(tmp_path):
    for name in ("10", "9", "2"):
        sound(tmp_path / name / "a.wav")
    assert open_folder(tmp_path).classes_of("label") == ("2", "9", "10")


def test_hidden_files_are_passed_over_and_others_counted(tmp_path):
    for name in ("dog/1.wav", "dog/.2.wav", ".trash/3.wav", "loose.wav"):
        sound(tmp_path / name)
    (tmp_path / "dog" / "notes.txt").write_text("a good dog")
    (tmp_path / "README").write_text("dogs")
    dataset = open_folder(tmp_path)
    assert dataset.column("path") == ["dog/1.wav"]
    assert sorted(dataset.notes) == [
        "files left out because they are in no class folder: 1", "files left out because they are no sound: 2",
    ]  # fmt: skip


def test_sounds_without_class_folders_are_told(tmp_path):
    sound(tmp_path / "1.wav")
    with pytest.raises(AuricleError, match="1 sound files lie in it without a class folder"):
        open_folder(tmp_path)


def test_a_folder_without_sound_is_told(tmp_path):
    (tmp_path / "dog").mkdir()
    with pytest.raises(AuricleError, match="no class folder holds sound"):
        open_folder(tmp_path)
