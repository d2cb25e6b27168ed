"""``auricle recipes``, ``train`` and ``kfold`` as a person runs them, on a small folder of recordings."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import Auricle

RECIPE = """
name: small
summary: high or low
task: label
split: folds
frontend: digits
length: {seconds: 0.5}
network: {architecture: digits-cnn, settings: {channels: [4, 8], bands: 64}}
training: {epochs: 3, batch: 8, learning_rate: 0.01}
"""


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A table of 36 tones, high and low, by six speakers in three folds; and a recipe ``small.yaml`` for it."""
    rng = np.random.default_rng(0)
    lines = ["path,label,speaker,fold"]
    for number in range(36):
        label, speaker = ("low", "high")[number % 2], number // 6
        tone = np.sin(2 * np.pi * (400, 1800)[number % 2] * np.arange(2400) / 8000 + rng.random())
        soundfile.write(tmp_path / f"{number}.wav", 0.3 * tone + 0.05 * rng.normal(size=2400), 8000)
        lines.append(f"{number}.wav,{label},{speaker},{speaker // 2}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "small.yaml").write_text(RECIPE)
    return tmp_path


def test_recipes_are_listed_and_shown(auricle: Auricle) -> None:
    listed = auricle("recipes")
    assert "audiomnist-alexnet-digit: AlexNet" in listed.out
    shown = auricle("recipes", "--show", "heart")
    assert "learning_rate: 0.002" in shown.out
    assert auricle("recipes", "--show", "hart").complaints == [
        'auricle: no recipe is called "hart"; did you mean "heart"?'
    ]


def test_one_fold_becomes_a_model_with_its_page(auricle: Auricle, sounds: Path) -> None:
    data, out = ("--data", sounds / "clips.csv"), ("--out", sounds / "one")
    ran = auricle("train", sounds / "small.yaml", *data, "--fold", "1", *out)
    assert ran.code == 0, ran.err
    assert "small: accuracy" in ran.out
    assert (sounds / "one/index.html").exists()
    run = json.loads((sounds / "one/run.json").read_text())
    assert (run["split"], run["clips"]) == ("fold 1", {"train": 12, "validate": 12, "test": 12})
    explained = auricle("explain", sounds / "3.wav", "--model", sounds / "one", "--out", sounds / "why")
    assert "3: high" in explained.out, explained.err


@pytest.mark.slow
def test_all_folds_and_what_is_finished_is_not_trained_again(auricle: Auricle, sounds: Path) -> None:
    order = ["kfold", sounds / "small.yaml", "--data", sounds / "clips.csv", "--out", sounds / "all", "--workers", "2"]
    ran = auricle(*order)
    assert ran.code == 0, ran.err
    assert "small: mean over 3 folds: accuracy" in ran.out
    with open(sounds / "all/small/folds.csv", newline="") as file:
        assert [row["split"] for row in csv.DictReader(file)] == ["fold 0", "fold 1", "fold 2", "mean", "std"]
    assert (sounds / "all/index.html").exists()
    weights = sorted((sounds / "all").rglob("model.safetensors"))
    assert len(weights) == 3
    before = [path.stat().st_mtime_ns for path in weights]
    weights[1].parent.joinpath("card.json").unlink()  # as if it had been killed while it was evaluated
    assert auricle(*order).code == 0
    after = [path.stat().st_mtime_ns for path in weights]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    assert auricle("predictions", sounds / "all/small", "--limit", "3").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "training.epoch=3"], 'unknown key "training.epoch"; did you mean "epochs"?'),
        (["--fold", "7"], 'there is no fold "7"; known: fold 0, fold 1, fold 2'),
        ([], "there are 3 splits; choose one with --fold"),
        (["--fold", "0", "--split", "fold"], 'has no split "fold"; did you mean "folds"?'),
        (["--fold", "0", "--task", "digit"], "digit"),
        (["--fold", "0", "--set", "length.seconds=0.1"], "is 0.30 s long, and small hears 0.1 s"),
        (["--fold", "0", "--device", "tpu"], '"tpu" is no device'),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(
    auricle: Auricle, sounds: Path, arguments: list[str], said: str
) -> None:
    ran = auricle("train", sounds / "small.yaml", "--data", sounds / "clips.csv", "--out", sounds / "out", *arguments)
    assert ran.code in (1, 2)
    assert len(ran.complaints) == 1
    assert said in ran.complaints[0]
    assert "Traceback" not in ran.err


def test_speakers_in_training_and_test_are_refused_unless_allowed(auricle: Auricle, sounds: Path) -> None:
    table = sounds / "clips.csv"
    rows = [line.split(",") for line in table.read_text().splitlines()]
    for number, row in enumerate(rows[1:]):
        row[3] = str(number % 3)  # the speakers are in all folds
    table.write_text("\n".join(map(",".join, rows)) + "\n")
    order = ["train", sounds / "small.yaml", "--data", table, "--fold", "0", "--out", sounds / "out"]
    refused = auricle(*order)
    assert refused.code != 0
    assert "in both train and test" in refused.complaints[0]
    assert auricle(*order, "--allow-leakage").code == 0


def test_a_fold_without_a_class_is_told(auricle: Auricle, sounds: Path) -> None:
    table = sounds / "clips.csv"
    lines = table.read_text().splitlines()
    lines[1:] = [line.replace(",low,", ",humming,") if line.endswith(",0") else line for line in lines[1:]]
    table.write_text("\n".join(lines) + "\n")
    ran = auricle("train", sounds / "small.yaml", "--data", table, "--fold", "0", "--out", sounds / "out")
    assert "trains without a clip of humming" in ran.complaints[0]


def test_without_the_extra_it_says_what_to_install(
    auricle: Auricle, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lightning", None)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    ran = auricle("train", sounds / "small.yaml", "--data", sounds / "clips.csv", "--out", sounds / "out")
    assert "training needs lightning.pytorch; install it with: pip install 'auricle[train]'" in ran.complaints[0]


def test_one_broken_recording_is_left_out_and_named(auricle: Auricle, sounds: Path) -> None:
    (sounds / "5.wav").write_bytes(b"RIFF")
    data, out = ("--data", sounds / "clips.csv"), ("--out", sounds / "out")
    ran = auricle("train", sounds / "small.yaml", *data, "--fold", "2", *out)
    assert ran.code == 0, ran.err
    assert any("left out" in line and "5.wav" in line for line in ran.complaints)
    assert "5.wav" in (sounds / "out/failures.csv").read_text()
