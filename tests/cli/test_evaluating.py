"""``evaluate`` and ``predictions`` as a person runs them, on a slice of real FSDD and on made-up predictions."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Auricle

from auricle.datasets import Dataset, table_of
from auricle.evaluation import predictions_table, write_evaluation
from auricle.evaluation.predictions import read_predictions

RECORDINGS = Path(__file__).parents[2] / "../shared/data/fsdd/recordings"
SPEAKERS = ("george", "lucas", "theo")


@pytest.fixture(scope="session")
def slice_of_fsdd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three speakers, takes 0, 5 and 10 of each digit: 30 clips to test with, by the official split."""
    if not RECORDINGS.is_dir():
        pytest.skip(f"{RECORDINGS} is not there; FSDD's recordings are needed for this test")
    folder = tmp_path_factory.mktemp("fsdd")
    (folder / "recordings").mkdir()
    for name in (f"{digit}_{who}_{take}.wav" for digit in range(10) for who in SPEAKERS for take in (0, 5, 10)):
        (folder / "recordings" / name).symlink_to((RECORDINGS / name).resolve())
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Predictions of six clips of three speakers: two are wrong, "six" of speaker 56 the more surely."""
    said = [("two", "01", "f", 0.9), ("six", "01", "f", 0.8), ("two", "02", "m", 0.7)]
    said += [("six", "02", "m", 0.4), ("two", "56", "m", 0.9), ("six", "56", "m", 0.1)]
    rows = [
        {"id": f"{number}.wav", "path": f"{number}.wav", "digit": digit, "speaker": who, "gender": gender}
        for number, (digit, who, gender, _) in enumerate(said)
    ]
    dataset = Dataset(
        name="made up", table=table_of(rows), root=tmp_path, classes={"digit": ("two", "six")}, group="speaker"
    )
    p = np.array([[right, 1 - right] if digit == "two" else [1 - right, right] for digit, _, _, right in said])
    write_evaluation(tmp_path / "ev", predictions_table(dataset, range(6), "digit", np.log(p), split="fold 0"))
    return tmp_path / "ev"


def test_the_bundled_model_on_real_digits(auricle: Auricle, slice_of_fsdd: Path, tmp_path: Path) -> None:
    data = f"fsdd:{slice_of_fsdd}"
    ran = auricle("evaluate", "digits", "--data", data, "--split", "official", "--out", tmp_path / "ev")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("digits on fsdd, official: accuracy ")
    record = json.loads((tmp_path / "ev" / "evaluation.json").read_text())
    assert record["clips"] == 30
    assert record["scores"]["accuracy"]["value"] >= 0.95
    assert record["interval"]["drawn"] == "speaker"
    assert {row["speaker"] for row in read_predictions(tmp_path / "ev").to_pylist()} == set(SPEAKERS)
    page = (tmp_path / "ev" / "index.html").read_text()
    assert "Every speaker of the test was in training, too" in page
    # The folder is complete: it is tested again without being told where its clips are.
    again = auricle("evaluate", tmp_path / "ev", "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert read_predictions(tmp_path / "again")["p(six)"] == read_predictions(tmp_path / "ev")["p(six)"]


def test_what_cannot_be_heard_is_told_and_the_rest_is_tested(
    auricle: Auricle, slice_of_fsdd: Path, tmp_path: Path
) -> None:
    recordings = tmp_path / "fsdd" / "recordings"
    recordings.mkdir(parents=True)
    for path in sorted((slice_of_fsdd / "recordings").glob("*_theo_0.wav")):
        (recordings / path.name).symlink_to(path.resolve())
    (recordings / "3_theo_0.wav").unlink()
    (recordings / "3_theo_0.wav").write_bytes(b"RIFF, but no sound")
    ran = auricle("evaluate", "digits", "--data", f"fsdd:{tmp_path / 'fsdd'}", "--out", tmp_path / "ev")
    assert ran.code == 0
    assert "3_theo_0.wav cannot be read as sound" in ran.complaints[0]
    assert " of 9 clips" in ran.out
    assert "one speaker (theo)" in ran.out
    assert "1 clip could not be heard and does not count" in (tmp_path / "ev" / "index.html").read_text()
    assert len((tmp_path / "ev" / "failures.csv").read_text().splitlines()) == 2


def test_wrong_predictions_come_with_the_surest_first(auricle: Auricle, folder: Path) -> None:
    lines = auricle("predictions", folder, "--wrong").out.splitlines()
    assert lines[0] == "2 of 6 predictions wrong"
    assert lines[1].split() == ["id", "speaker", "gender", "actual", "predicted", "probability"]
    assert [line.split() for line in lines[2:]] == [
        ["5.wav", "56", "m", "six", "two", "0.900"],
        ["3.wav", "02", "m", "six", "two", "0.600"],
    ]


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (("--correct",), "0124"),
        (("--speaker", "56"), "45"),
        (("--speaker=56", "--digit", "2"), "4"),
        (("--actual", "six", "--predicted", "two"), "35"),
        (("--where", "gender=f"), "01"),
        (("--where", "speaker=1", "--where", "speaker=2", "--limit", "3"), "012"),
        (("--split", "fold 0", "--wrong"), "53"),
    ],
)
def test_every_column_is_a_flag(auricle: Auricle, folder: Path, flags: tuple[str, ...], found: str) -> None:
    rows = json.loads(auricle("predictions", *flags, folder, "--json").out)
    assert "".join(row["id"].removesuffix(".wav") for row in rows) == found


def test_csv_has_every_column(auricle: Auricle, folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(auricle("predictions", folder, "--csv").out)))
    assert len(rows) == 6
    assert set(rows[0]) == set(read_predictions(folder).column_names)
    assert float(rows[0]["p(two)"]) == pytest.approx(0.9)


def test_a_person_is_shown_so_many_and_told_how_to_see_the_rest(auricle: Auricle, folder: Path) -> None:
    assert auricle("predictions", folder, "--limit", "4").out.splitlines()[-1] == "… 2 more; --limit 6 shows all"


def test_participants_with_their_gender_and_errors(auricle: Auricle, folder: Path) -> None:
    lines = [line.split() for line in auricle("predictions", folder, "--participants").out.splitlines()]
    assert lines[0] == ["speaker", "gender", "clips", "errors", "error_rate", "heard_as"]
    assert {line[0]: line[1:4] for line in lines[1:]} == {
        "01": ["f", "2", "0"],
        "02": ["m", "2", "1"],
        "56": ["m", "2", "1"],
    }
    (one,) = json.loads(auricle("predictions", folder, "--participants", "--speaker", "1", "--json").out)
    assert (one["speaker"], one["gender"], one["error_rate"]) == ("01", "f", 0.0)


@pytest.mark.parametrize(
    ("flags", "hint"),
    [
        (("--speakr", "56"), 'did you mean "speaker"'),
        (("--speaker", "57"), "no prediction has speaker=57"),
        (("--actual", "to"), 'did you mean "two"'),
        (("other",), "are two folders"),
    ],
)
def test_a_wrong_question_is_told(auricle: Auricle, folder: Path, flags: tuple[str, ...], hint: str) -> None:
    ran = auricle("predictions", folder, *flags)
    assert ran.code != 0
    assert hint in ran.complaints[0]
    assert len(ran.complaints) == 1


def test_a_folder_without_predictions_is_told(auricle: Auricle, tmp_path: Path) -> None:
    assert "holds no predictions.parquet" in auricle("predictions", tmp_path).complaints[0]
    assert "no folder was given" in auricle("predictions", "--wrong").complaints[0]


@pytest.mark.parametrize(
    ("flags", "hint"),
    [
        ((), "name a data set with --data"),
        (("--data", "fsdd:{data}", "--split", "offical"), 'did you mean "official"'),
        (("--data", "fsdd:{data}", "--fold", "2"), "say so with --split"),
        (("--data", "fsdd:{data}", "--split", "official", "--part", "tset"), 'did you mean "test"'),
        (("--data", "fsdd:{data}", "--split", "official", "--fold", "official2"), 'did you mean "official"'),
        (("--data", "fsdd:{data}", "--task", "speakr"), 'no labels called "speakr"'),
    ],
)
def test_a_test_that_cannot_be_is_told(
    auricle: Auricle, slice_of_fsdd: Path, tmp_path: Path, flags: tuple[str, ...], hint: str
) -> None:
    given = [each.format(data=slice_of_fsdd) for each in flags]
    ran = auricle("evaluate", "digits", *given, "--out", tmp_path / "ev")
    assert ran.code != 0
    assert hint in ran.complaints[0]
    assert not (tmp_path / "ev").exists()
