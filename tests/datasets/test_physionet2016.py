"""PhysioNet/CinC 2016 on small trees in its official layout."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.io import savemat

from auricle.datasets import SOURCES, open_dataset, splits
from auricle.datasets.physionet2016 import open_physionet2016, read_header, states
from auricle.errors import AuricleError

RATE = 2000


def cell(rows: list[list[object]]) -> np.ndarray:
    """A MATLAB cell array, whose states are cells themselves, as in the published files."""
    made = np.empty((len(rows), 2), object)
    for number, (start, state) in enumerate(rows):
        made[number, 0] = np.array([[start]], np.uint16)
        made[number, 1] = np.empty((1, 1), object)
        made[number, 1][0, 0] = state
    return made


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """Three of the six databases, two recordings each; a has an ECG beside the heart sound."""
    generator = np.random.default_rng(0)
    for site in "abe":
        place = tmp_path / f"training-{site}"
        place.mkdir()
        records = [f"{site}{number:04d}" for number in (1, 2)]
        (place / "RECORDS").write_text("\n".join(records))
        for record, label in zip(records, ("Abnormal", "Normal"), strict=True):
            soundfile.write(place / f"{record}.wav", generator.uniform(-0.5, 0.5, 2 * RATE), RATE, subtype="PCM_16")
            lines = [f"{record} {2 if site == 'a' else 1} {RATE} {2 * RATE}", f"{record}.dat 16+24 1000 16 0 4 7 0 PCG"]
            lines += [f"{record}.dat 16 1000 16 0 8 9 0 ECG"] if site == "a" else []
            (place / f"{record}.hea").write_text("\n".join([*lines, f"# {label}", ""]))
        (place / "REFERENCE.csv").write_text(f"{records[0]},1\n{records[1]},-1\n")
    (tmp_path / "training-a" / "REFERENCE-SQI.csv").write_text("a0001,1,1\na0002,-1,0\n")
    updated = tmp_path / "annotations" / "updated" / "training-b"
    updated.mkdir(parents=True)
    (updated / "REFERENCE_withSQI.csv").write_text("b0001,-1,1\nb0002,-1,1\n")
    validation = tmp_path / "validation"
    validation.mkdir()
    (validation / "a0001.wav").write_bytes((tmp_path / "training-a" / "a0001.wav").read_bytes())
    return tmp_path


def annotate(folder: Path, record: str, rows: list[list[object]], annotator: str = "hand_corrected") -> Path:
    ending, variable, place = {
        "hand_corrected": ("StateAns", "state_ans", f"training-{record[0]}_StateAns"),
        "springer_alg": ("StateAns0", "state_ans0", f"training-{record[0]}-Aut"),
    }[annotator]
    file = folder / "annotations" / annotator / place / f"{record}_{ending}.mat"
    file.parent.mkdir(parents=True, exist_ok=True)
    savemat(file, {variable: cell(rows)})
    return file


def test_recordings_carry_condition_quality_and_site(official):
    dataset = open_dataset(f"physionet-2016:{official}")
    rows = {row["record"]: row for row in dataset.rows()}
    assert sorted(rows) == ["a0001", "a0002", "b0001", "b0002", "e0001", "e0002"]
    assert (rows["a0001"]["condition"], rows["a0001"]["quality"], rows["a0001"]["site"]) == ("abnormal", 1, "a")
    assert (rows["a0002"]["condition"], rows["a0002"]["quality"]) == ("normal", 0)
    assert (rows["e0001"]["condition"], rows["e0001"]["quality"]) == ("abnormal", None)
    assert rows["a0001"]["channels"] == "PCG,ECG"
    assert rows["e0001"]["channels"] == "PCG"
    clip = dataset.load(rows["a0001"])
    assert (clip.sample_rate, clip.channels, clip.seconds) == (RATE, 1, 2.0)


def test_updated_labels_go_before_the_first_ones(official):
    assert open_physionet2016(official).filter(record="b0001").column("condition") == ["normal"]


def test_the_validation_folder_repeats_recordings_and_is_left_out(official):
    assert all(path.startswith("training-") for path in open_physionet2016(official).column("path"))


def test_a_folder_training_around_all_is_fine(official):
    inner = official / "whole" / "training"
    inner.mkdir(parents=True)
    for name in ("training-a", "training-b", "annotations"):
        (official / name).rename(inner / name)
    dataset = open_physionet2016(official / "whole")
    assert dataset.column("quality") == [1, 0, 1, 1]
    annotate(inner, "a0001", [[1, "S1"]])
    assert states(dataset, dataset.row(0)) == [(0.0, 2.0, "S1")]


def test_each_site_tests_once_apart_from_the_others(official):
    dataset = open_physionet2016(official)
    sites = np.array(dataset.column("site"))
    made = splits(dataset.filter(record=["a0001", "a0002", "b0001", "e0001", "e0002"]), "kfold:2", "condition")
    assert len(made) == 2
    made = dataset.schemes["sites"](dataset)
    assert [split.name for split in made] == ["site a", "site b", "site e"]
    for split in made:
        parts = [set(sites[part]) for part in (split.train, split.validate, split.test)]
        assert all(len(part) == 1 for part in parts)
        assert len(set.union(*parts)) == 3


def test_a_header_is_read(official, tmp_path):
    header = read_header(official / "training-a" / "a0001.hea")
    assert (header.rate, header.samples, header.channels, header.comment) == (2000, 4000, ("PCG", "ECG"), "Abnormal")
    (tmp_path / "bad.hea").write_text("nothing of this kind\n")
    with pytest.raises(AuricleError, match="no header"):
        read_header(tmp_path / "bad.hea")


def test_states_follow_one_another_and_the_last_lasts_to_the_end(official):
    annotate(official, "a0001", [[1, "diastole"], [201, "S1"], [441, "systole"], [841, "S2"], [1041, "diastole"]])
    dataset = open_physionet2016(official)
    found = states(dataset, dataset.row(0))
    assert found == [
        (0.0, 0.1, "diastole"), (0.1, 0.22, "S1"), (0.22, 0.42, "systole"), (0.42, 0.52, "S2"), (0.52, 2.0, "diastole"),
    ]  # fmt: skip
    assert states(dataset, dataset.row(0), annotator="springer_alg") == []
    assert states(dataset, dataset.row(1)) == []


def test_noise_is_a_state_of_its_own_and_what_follows_it_is_not(official):
    annotate(official, "a0002", [[1, "(N"], [2001, "N)"], [2401, "S1"]], "springer_alg")
    dataset = open_physionet2016(official)
    assert states(dataset, dataset.row(1), annotator="springer_alg") == [(0.0, 1.0, "noise"), (1.2, 2.0, "S1")]


def test_a_damaged_state_file_is_told(official):
    annotate(official, "a0001", [[1, "S1"]]).write_bytes(b"MATLAB 5.0 MAT-file, and no more")
    dataset = open_physionet2016(official)
    with pytest.raises(AuricleError, match="no table of heart states"):
        states(dataset, dataset.row(0))


@pytest.mark.parametrize(
    ("text", "says"),
    [("a0001,1\n", "a0002.wav has no label"), ("a0001,1\na0002,7\n", 'line 2 of .*"a0002,7"'), ("a0001\n", "line 1")],
)
def test_wrong_references_are_told(official, text, says):
    (official / "training-a" / "REFERENCE-SQI.csv").write_text(text)
    with pytest.raises(AuricleError, match=says):
        open_physionet2016(official)


def test_other_folders_are_told(official, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuricleError, match="no recordings of the challenge"):
        open_physionet2016(tmp_path / "empty")
    (official / "training-e" / "REFERENCE.csv").unlink()
    with pytest.raises(AuricleError, match=r"no REFERENCE\.csv"):
        open_physionet2016(official)


def test_its_source_says_the_licence():
    assert "ODC-By" in SOURCES["physionet-2016"].about.licence
