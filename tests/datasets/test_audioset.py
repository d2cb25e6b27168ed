"""AudioSet: segments meet the files they were saved as, under any name in use; the ontology opens whole branches."""

import numpy as np
import pytest
from layouts import write_audioset, write_tone

from auricle.datasets import open_dataset, splits
from auricle.datasets.audioset import FIFTEEN, fifteen, kinds_of, only, open_audioset
from auricle.errors import AuricleError

TRAIN = [
    ("--PJHxphWEs", 30.0, 40.0, "/m/09x0r,/m/0342h"),
    ("-0RWZT-miFs", 420.0, 430.0, "/m/05tny_,/m/0bt9lr"),
    ("YabcdefghiJ", 0.0, 10.0, "/m/04qvtq"),
    ("_missing_01", 5.0, 15.0, "/m/09x0r"),
]
EVAL = [("0123456789a", 1.5, 11.5, "/m/0342h,/m/09x0r"), ("b123456789a", 2.0, 12.0, "/m/012n7d")]


def write(folder, *names, seconds=0.05):
    for name in names:
        write_tone(folder / name, seconds=seconds)
    return write_audioset(folder, {"balanced_train_segments": TRAIN, "eval_segments": EVAL})


def test_rows_without_sound_are_left_out_and_counted(tmp_path):
    data = open_dataset(f"audioset:{write(tmp_path, 'audio/--PJHxphWEs.wav', 'audio/0123456789a.wav')}")
    assert data.column("video") == ["--PJHxphWEs", "0123456789a"]
    assert data.notes == ("left out: 4 of 6 segments, whose sound is not in the folder",)
    assert data.row(1) == {
        "id": "audio/0123456789a.wav", "path": "audio/0123456789a.wav", "sounds": ["Guitar", "Speech"],
        "split": "test", "list": "eval_segments", "video": "0123456789a", "video_start": 1.5, "video_end": 11.5,
    }  # fmt: skip
    # The file is the segment: nothing is cut from it.
    assert data.load(1).seconds == pytest.approx(0.05)


@pytest.mark.parametrize(
    "name",
    [
        "--PJHxphWEs.wav", "Y--PJHxphWEs.wav", "--PJHxphWEs_30.wav", "--PJHxphWEs_30.000.wav", "--PJHxphWEs_30000.wav",
        "Y--PJHxphWEs_30.0.flac", "--PJHxphWEs_30_40.wav", "--PJHxphWEs_30.000_40.000.wav",
        "--PJHxphWEs_30000_40000.wav", "deep/down/--PJHxphWEs.wav",
    ],
)  # fmt: skip
def test_names_of_files(tmp_path, name):
    assert open_audioset(write(tmp_path, name)).column("path") == [name]


@pytest.mark.parametrize("name", ["--PJHxphWEs_40.wav", "PJHxphWEs.wav", "--PJHxphWEsX.wav"])
def test_other_segments_of_a_video_are_others(tmp_path, name):
    with pytest.raises(AuricleError, match="none of the 6 segments"):
        open_audioset(write(tmp_path, name))


def test_a_name_with_the_start_comes_first(tmp_path):
    data = open_audioset(write(tmp_path, "--PJHxphWEs.wav", "--PJHxphWEs_30.wav", "YabcdefghiJ.wav"))
    assert data.column("path") == ["--PJHxphWEs_30.wav", "YabcdefghiJ.wav"]


def test_several_labels(tmp_path):
    data = open_audioset(write(tmp_path, "--PJHxphWEs.wav", "-0RWZT-miFs.wav", "b123456789a.wav"))
    assert data.classes_of("sounds")[:2] == ("Speech", "Siren")
    np.testing.assert_array_equal(data.targets("sounds")[0], [1, 0, 0, 0, 0, 0, 1, 0])
    assert data.column("split") == ["train", "train", "test"]
    with pytest.raises(
        AuricleError, match=r"trains without a clip of Siren, Police car \(siren\), Ambulance \(siren\), Railroad"
    ):
        splits(data, "split", "sounds")


def test_whole_branches_of_the_ontology(tmp_path):
    names = ["--PJHxphWEs.wav", "-0RWZT-miFs.wav", "YabcdefghiJ.wav", "b123456789a.wav"]
    data = open_audioset(write(tmp_path, *names))
    assert kinds_of(data, "Siren") == ("Siren", "Police car (siren)", "Ambulance (siren)")
    assert kinds_of(data, "Alarm") == kinds_of(data, "Siren")  # Alarm is no class of these clips
    assert kinds_of(data, "Bark") == ("Bark",)
    sirens = data.filter(sounds=list(kinds_of(data, "Siren")))
    assert sirens.column("video") == ["YabcdefghiJ", "b123456789a"]
    with pytest.raises(AuricleError, match='did you mean "Siren"'):
        kinds_of(data, "Sirens")
    (tmp_path / "ontology.json").unlink()
    with pytest.raises(AuricleError, match=r"ontology\.json does not exist"):
        kinds_of(data, "Siren")


def test_fewer_classes(tmp_path):
    data = open_audioset(write(tmp_path, "--PJHxphWEs.wav", "-0RWZT-miFs.wav", "YabcdefghiJ.wav"))
    fewer = only(data, ["Guitar", "Bark"])
    assert fewer.column("sounds") == [["Guitar"], ["Bark"]]
    np.testing.assert_array_equal(fewer.targets("sounds"), [[1, 0], [0, 1]])
    with pytest.raises(AuricleError, match='no class "Guitars"; did you mean "Guitar"'):
        only(data, ["Guitars"])


def test_fifteen_classes_of_thirty_clips(tmp_path):
    segments = [(f"{n:011d}", 0.0, 10.0, "/m/05tny_,/m/0bt9lr") for n in range(35)]
    segments += [("guitar00000", 0.0, 10.0, "/m/0342h,/m/09x0r"), ("speech00000", 0.0, 10.0, "/m/09x0r,/m/0342h")]
    for video, *_ in segments:
        write_tone(tmp_path / f"{video}.wav", seconds=0.01)
    data = fifteen(open_audioset(write_audioset(tmp_path, {"eval_segments": segments})))
    assert data.classes_of("sound") == FIFTEEN
    assert len(set(FIFTEEN)) == 15
    assert data.column("sound") == ["Bark"] * 30 + ["Guitar"]
    assert data.column("video")[29] == f"{29:011d}"
    assert not data.is_multi_label("sound")
    assert set(data.targets("sound")) == {FIFTEEN.index("Bark"), FIFTEEN.index("Guitar")}


def test_lists_of_mirrors_have_a_header_instead_of_comments(tmp_path):
    write_tone(tmp_path / "valid_wav" / "--PJHxphWEs.wav")
    write_audioset(tmp_path, {})
    (tmp_path / "valid.csv").write_text(
        'YTID,start_seconds,end_seconds,positive_labels\n--PJHxphWEs,30.0,40.0,"/m/09x0r,/m/0342h"\n'
    )
    (row,) = open_audioset(tmp_path).rows()
    assert (row["sounds"], row["split"]) == (["Speech", "Guitar"], "test")


def test_bad_input(tmp_path):
    with pytest.raises(AuricleError, match=r"class_labels_indices\.csv does not exist"):
        open_audioset(tmp_path)
    write_audioset(tmp_path, {})
    with pytest.raises(AuricleError, match="holds no list of segments"):
        open_audioset(tmp_path)
    write(tmp_path, "--PJHxphWEs.wav")
    (tmp_path / "notes.csv").write_text("name,colour\na,b\n")
    with pytest.raises(AuricleError, match=r"line 1 of .*notes\.csv"):
        open_audioset(tmp_path)
    (tmp_path / "notes.csv").unlink()
    write_audioset(tmp_path, {"eval_segments": [("--PJHxphWEs", 30.0, 40.0, "/m/unknown")]})
    (tmp_path / "balanced_train_segments.csv").unlink()
    with pytest.raises(AuricleError, match="a class /m/unknown that"):
        open_audioset(tmp_path)
