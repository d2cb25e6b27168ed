"""A table of clips: what its columns may be called, and what is told when a row is wrong."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from auricle.clip import write_sound
from auricle.datasets import open_dataset, splits
from auricle.datasets.table import open_table
from auricle.errors import AuricleError

RATE = 8000


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """a.wav, b.wav and c.wav of 2 s, each of its own level."""
    for number, name in enumerate("abc", start=1):
        write_sound(tmp_path / f"{name}.wav", np.full(2 * RATE, number / 10, np.float32), RATE)
    return tmp_path


def written(folder: Path, text: str, name: str = "clips.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_path_and_a_label_are_enough(sounds):
    dataset = open_dataset(written(sounds, "path,label\nb.wav,dog\na.wav,cat\n"))
    assert dataset.column("id") == ["b.wav", "a.wav"]
    assert dataset.classes == {"label": ("cat", "dog")}
    assert dataset.targets("label").tolist() == [1, 0]
    assert dataset.load(0).peak == pytest.approx(0.2)
    assert dataset.group is None


@pytest.mark.parametrize("path", ["path", "file", "filename", "Audio", "clip"])
@pytest.mark.parametrize("label", ["label", "class", "Category"])
def test_columns_go_by_several_names(sounds, path, label):
    dataset = open_table(written(sounds, f"{path},{label}\na.wav,cat\n"))
    assert dataset.column(label) == ["cat"]
    assert dataset.column("path") == ["a.wav"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_may_be_parted_by_commas_semicolons_or_tabs(sounds, mark):
    file = written(sounds, "\ufeff" + f"path{mark}label\na.wav{mark}01\n", "clips.tsv" if mark == "\t" else "clips.csv")
    assert open_dataset(file).column("label") == ["01"]


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_parquet_and_json_lines_are_read_too(sounds, ending):
    rows = [{"file": "a.wav", "class": 3, "level": 0.1}, {"file": "b.wav", "class": 12, "level": 0.2}]
    file = sounds / f"clips.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), file)
    else:
        file.write_text("\n".join(json.dumps(each) for each in rows))
    dataset = open_dataset(f"table:{file}")
    assert dataset.classes == {"class": ("3", "12")}
    assert dataset.column("class") == ["3", "12"]
    assert dataset.column("level") == [0.1, 0.2]


def test_several_labels_have_semicolons_between(sounds):
    dataset = open_table(written(sounds, "path,labels\na.wav,rain; wind\nb.wav,\nc.wav,rain\n"))
    assert dataset.is_multi_label("labels")
    assert dataset.classes_of("labels") == ("rain", "wind")
    assert dataset.targets("labels").tolist() == [[1, 1], [0, 0], [1, 0]]


def test_lists_of_labels_are_several_labels(sounds):
    parquet.write_table(pa.table({"path": ["a.wav", "b.wav"], "label": [["x"], ["x", "y"]]}), sounds / "t.parquet")
    assert open_table(sounds / "t.parquet").targets("label").tolist() == [[1, 0], [1, 1]]


def test_the_group_is_found_by_name_or_given(sounds):
    file = written(sounds, "path,label,patient,room,digit\na.wav,x,7,1,one\nb.wav,y,8,1,two\n")
    assert open_table(file).group == "patient"
    assert open_table(file).column("patient") == ["7", "8"]
    other = open_table(file, label="digit", group="room")
    assert other.group == "room"
    assert other.classes == {"digit": ("one", "two")}
    with pytest.raises(AuricleError, match='no column "rom"; did you mean "room"'):
        open_table(file, group="rom")


@pytest.mark.parametrize("length", ["seconds", "duration", "end"])
def test_rows_may_be_parts_of_files(sounds, length):
    value = 1.5 if length == "end" else 0.5
    dataset = open_table(written(sounds, f"path,label,start,{length}\na.wav,x,1.0,{value}\na.wav,y,0,{value}\n"))
    assert dataset.column("start") == [1.0, 0.0]
    assert dataset.column("seconds") == [0.5, 1.5 if length == "end" else 0.5]
    assert len(set(dataset.column("id"))) == 2
    clip = dataset.load(0)
    assert (clip.start_seconds, clip.seconds) == (1.0, 0.5)


def test_an_empty_length_is_the_whole_file(sounds):
    dataset = open_table(written(sounds, "path,label,seconds\na.wav,x,0.5\nb.wav,y,\n"))
    assert [dataset.load(number).seconds for number in range(2)] == [0.5, 2.0]


def test_folds_and_splits_can_be_used(sounds):
    text = "path,label,Split,fold\na.wav,x,Train,1\nb.wav,x,valid,2\nc.wav,x,test,3\n"
    dataset = open_table(written(sounds, text))
    made = splits(dataset, "split", "label")[0]
    assert (made.train.tolist(), made.validate.tolist(), made.test.tolist()) == ([0], [1], [2])
    assert [split.name for split in splits(dataset, "folds", "label")] == ["fold 1", "fold 2", "fold 3"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file_name,label\na.wav,x\n", "no column for the path of the sound files, only file_name, label"),
        ("path,kind\na.wav,x\n", "no column for the label"),
        ("path,label\na.wav,x\n,y\nb.wav,\n", r"row 2 of .* has no path"),
        ("path,label\na.wav,x\nb.wav,\nc.wav,\n", r"2 rows of .* \(2, 3\) have no label"),
        ("path,label\na.wav,x\nb.wav,y\na.wav,x\n", "row 3 of .* has the clip of a row before"),
        ("path,label\nnone.wav,x\n", "none of the sound files"),
        ("path,label,start\na.wav,x,0\n", "a column start but none for the length"),
        ("path,label,start,end\na.wav,x,1,0.5\n", "row 1 of .* has an end that is not after its start"),
        ("path,label,start,end\na.wav,x,1,\n", "row 1 of .* has a start but no end"),
        ("path,label,start,end\na.wav,x,-1,1\n", "a negative start"),
        ("path,label,seconds\na.wav,x,nan\n", "a seconds that is no number"),
        ("path,label,seconds\na.wav,x,2 s\n", "row 1 of .* has a seconds that is no number"),
        ("path,label,split\na.wav,x,train\nb.wav,y,tset\n", 'row 2 of .* has a split "tset" .did you mean "test"'),
        ("path,label,speaker\na.wav,x,1\nb.wav,y,\n", "row 2 of .* has no speaker"),
        ("path,label\na.wav,x,9\n", "row 1 of .* has 3 cells, its header 2"),
        ("path,label,label\na.wav,x,y\n", "two columns of the same name"),
        ("path,label\n", "lists no clips"),
    ],
)
def test_wrong_rows_are_told_by_their_number(sounds, text, says):
    with pytest.raises(AuricleError, match=says):
        open_table(written(sounds, text))


def test_files_that_are_no_tables_are_told(sounds):
    with pytest.raises(AuricleError, match=r"a\.wav is no table"):
        open_table(sounds / "a.wav")
    (sounds / "latin.csv").write_bytes("path,label\na.wav,Bär\n".encode("latin-1"))
    with pytest.raises(AuricleError, match=r"cannot be read as a table .*UTF-8"):
        open_table(sounds / "latin.csv")
    (sounds / "t.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(AuricleError, match="cannot be read as a table"):
        open_table(sounds / "t.parquet")


def test_parts_of_one_recording_stay_together(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        write_sound(tmp_path / f"{name}.wav", np.zeros(RATE, np.float32), RATE)
    rows = [f"{name}.wav,{label},{start},0.5" for name, label in zip("abcd", "xyxy", strict=True) for start in (0, 0.5)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label,start,seconds", *rows]))
    data = open_table(tmp_path / "clips.csv")
    assert data.group == "path"
    for split in splits(data, "kfold:2", "label"):
        paths = np.array(data.column("path"))
        assert not set(paths[split.train]) & set(paths[split.test])
