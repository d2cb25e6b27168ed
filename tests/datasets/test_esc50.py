"""ESC-50: the published table as it is, ESC-10 within it, and fragments of one recording never apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from layouts import write_esc50

from auricle.datasets import open_dataset, splits
from auricle.datasets.esc50 import CATEGORIES, ESC10, esc10, open_esc50
from auricle.errors import AuricleError

SAMPLE = Path(__file__).parents[2] / "../shared/data/esc50_sample"

CLIPS = [
    (1, 100032, "A", 0, "dog", True),
    (1, 100032, "B", 0, "dog", True),
    (2, 110389, "A", 0, "dog", True),
    (3, 155312, "A", 0, "dog", True),
    (1, 19898, "A", 41, "chainsaw", True),
    (2, 19899, "A", 41, "chainsaw", True),
    (3, 19897, "A", 41, "chainsaw", True),
    (1, 100648, "A", 43, "car_horn", False),
    (2, 100649, "A", 43, "car_horn", False),
    (3, 100650, "A", 43, "car_horn", False),
]


def test_the_table_as_published(tmp_path):
    data = open_dataset(f"esc50:{write_esc50(tmp_path, CLIPS)}")
    assert data.row(1) == {
        "id": "audio/1-100032-B-0.wav", "path": "audio/1-100032-B-0.wav", "category": "dog", "fold": 1, "esc10": True,
        "src_file": "100032", "take": "B",
    }  # fmt: skip
    np.testing.assert_array_equal(data.targets("category"), [0] * 4 + [41] * 3 + [43] * 3)
    assert data.load(1).name == "audio/1-100032-B-0.wav"


def test_fifty_classes_in_the_published_order():
    assert len(set(CATEGORIES)) == 50
    places = {"dog": 0, "crow": 9, "rain": 10, "thunderstorm": 19, "crying_baby": 20, "door_wood_knock": 30,
              "clock_tick": 38, "glass_breaking": 39, "helicopter": 40, "hand_saw": 49}  # fmt: skip
    assert {name: CATEGORIES.index(name) for name in places} == places
    assert [CATEGORIES.index(name) for name in ESC10] == [0, 1, 10, 11, 12, 20, 21, 38, 40, 41]


def test_esc10(tmp_path):
    data = open_esc50(write_esc50(tmp_path, CLIPS))
    ten = esc10(data)
    assert len(ten) == 7
    assert ten.classes_of("category") == ESC10
    assert set(ten.targets("category")) == {0, 9}
    assert len(data.classes_of("category")) == 50


def test_fragments_of_one_recording_stay_together(tmp_path):
    data = open_esc50(write_esc50(tmp_path, CLIPS))
    data = replace(data, classes={"category": ("dog", "chainsaw", "car_horn")})
    source = np.array(data.column("src_file"))
    for scheme in ("folds", "kfold:3"):
        for split in splits(data, scheme, "category"):
            assert not set(source[split.train]) & set(source[split.test])
    made = splits(data, "folds", "category")
    fold = np.array(data.column("fold"))
    assert [(set(fold[s.train]), set(fold[s.validate]), set(fold[s.test])) for s in made] == [
        ({3}, {2}, {1}), ({1}, {3}, {2}), ({2}, {1}, {3}),
    ]  # fmt: skip


def test_the_real_sample():
    if not SAMPLE.is_dir():
        pytest.skip(f"{SAMPLE} is not there; five clips of ESC-50 are needed for this test")
    data = open_dataset(f"esc50:{SAMPLE}")
    assert data.column("category") == ["dog", "car_horn", "thunderstorm", "thunderstorm", "thunderstorm"]
    for number in range(len(data)):
        clip = data.load(number)
        assert (clip.sample_rate, clip.channels, clip.seconds) == (44100, 1, 5.0)
    assert esc10(data).column("category") == ["dog"]
    assert data.filter(src_file=156993).column("fold") == [4]


def test_bad_input(tmp_path):
    with pytest.raises(AuricleError, match=r"esc50\.csv does not exist"):
        open_esc50(tmp_path)
    write_esc50(tmp_path, CLIPS)
    table = tmp_path / "meta" / "esc50.csv"
    text = table.read_text()
    table.write_text(text.replace("-0.wav,1,0,dog", "-0.wav,1,0,cat", 1))
    with pytest.raises(AuricleError, match="target 0 and the category cat"):
        open_esc50(tmp_path)
    table.write_text(text.replace("src_file", "source"))
    with pytest.raises(AuricleError, match='no column "src_file"'):
        open_esc50(tmp_path)
    table.write_text("a,b\n1\n")
    with pytest.raises(AuricleError, match="cannot be read as CSV"):
        open_esc50(tmp_path)
    table.write_text(text)
    (tmp_path / "audio" / "1-100032-A-0.wav").unlink()
    with pytest.raises(AuricleError, match="does not exist"):
        open_esc50(tmp_path).load(0)
