"""Hugging Face data sets, made here and read without a network and without torchcodec."""

import io

import numpy as np
import pytest
import soundfile

from auricle.clip import write_sound
from auricle.datasets import open_dataset, splits
from auricle.datasets.huggingface import from_datasets
from auricle.errors import AuricleError

datasets = pytest.importorskip("datasets", reason="the extra hf is needed for this test")

RATE = 8000


def encoded(level: float, seconds: float = 0.5) -> dict[str, object]:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(int(seconds * RATE), level), RATE, format="FLAC")
    return {"bytes": buffer.getvalue(), "path": None}


STORED = {"bytes": datasets.Value("binary"), "path": datasets.Value("string")}
"""What a column of audio is before it is cast: the library itself encodes with torchcodec only."""


def made(levels: list[float], labels: list[int]) -> "datasets.Dataset":
    features = datasets.Features({
        "audio": STORED,
        "label": datasets.ClassLabel(names=["quiet", "loud", "never"]),
        "speaker": datasets.Value("int32"),
    })  # fmt: skip
    rows = {"audio": [encoded(each) for each in levels], "label": labels, "speaker": list(range(len(levels)))}
    return datasets.Dataset.from_dict(rows, features=features).cast_column("audio", datasets.Audio())


def test_rows_are_named_by_their_class_and_decoded_when_loaded():
    dataset = from_datasets(made([0.1, 0.5], [0, 1]), group="speaker")
    assert dataset.classes == {"label": ("quiet", "loud", "never")}
    assert dataset.column("label") == ["quiet", "loud"]
    assert dataset.targets("label").tolist() == [0, 1]
    assert dataset.column("speaker") == ["0", "1"]
    clip = dataset.load(1)
    assert (clip.sample_rate, clip.seconds, clip.name) == (RATE, 0.5, "1")
    assert clip.peak == pytest.approx(0.5, abs=1e-4)


def test_rows_stay_with_their_sound_when_filtered():
    dataset = from_datasets(made([0.1, 0.5, 0.3], [0, 1, 1])).filter(label="loud").take([1])
    assert dataset.load(0).peak == pytest.approx(0.3, abs=1e-4)


def test_files_are_read_where_they_are(tmp_path):
    write_sound(tmp_path / "a.wav", np.full(RATE, 0.2, np.float32), RATE)
    plain = datasets.Dataset.from_dict({"sound": [str(tmp_path / "a.wav")], "word": ["yes"]})
    dataset = from_datasets(plain.cast_column("sound", datasets.Audio()), "sound", label="word")
    assert dataset.load(0).peak == pytest.approx(0.2)
    assert dataset.classes == {"word": ("yes",)}


def test_a_saved_folder_keeps_its_parts(tmp_path):
    parts = {"train": made([0.1, 0.5], [0, 1]), "test": made([0.3], [1])}
    datasets.DatasetDict(parts).save_to_disk(str(tmp_path / "levels"))
    dataset = open_dataset(f"hf:{tmp_path / 'levels'}")
    assert dataset.name == "levels"
    assert dataset.group == "speaker"
    assert dataset.column("id") == ["train/0", "train/1", "test/0"]
    assert [round(dataset.load(number).peak, 2) for number in range(3)] == [0.1, 0.5, 0.3]
    assert dataset.column("split") == ["train", "train", "test"]
    two = dataset.filter(label=["quiet", "loud"])
    with pytest.raises(AuricleError, match="never"):
        splits(two, "split", "label")


def test_lists_of_classes_are_several_labels():
    features = datasets.Features(
        {"audio": STORED, "tags": datasets.Sequence(datasets.ClassLabel(names=["rain", "wind"]))}
    )
    rows = {"audio": [encoded(0.1), encoded(0.2), encoded(0.3)], "tags": [[0, 1], [], [1]]}
    plain = datasets.Dataset.from_dict(rows, features=features)
    dataset = from_datasets(plain.cast_column("audio", datasets.Audio()), label="tags")
    assert dataset.is_multi_label("tags")
    assert dataset.targets("tags").tolist() == [[1, 1], [0, 0], [0, 1]]


def test_wrong_columns_are_told():
    one = made([0.1], [0])
    with pytest.raises(AuricleError, match='no column "lable"; did you mean "label"'):
        from_datasets(one, label="lable")
    with pytest.raises(AuricleError, match='"speaker" of huggingface is no audio'):
        from_datasets(one, "speaker")


def test_audio_that_is_none_is_told():
    broken = datasets.Dataset.from_dict({"audio": [{"bytes": b"RIFF no", "path": None}], "label": [0]})
    dataset = from_datasets(broken.cast_column("audio", datasets.Audio()))
    with pytest.raises(AuricleError, match="row 0 cannot be decoded"):
        dataset.load(0)


def test_other_folders_are_told(tmp_path):
    with pytest.raises(AuricleError, match="save_to_disk"):
        open_dataset(f"hf:{tmp_path}")
