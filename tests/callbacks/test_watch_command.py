"""``auricle train --watch``: explained into the training's own logs, with the same model in the end."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_training import events, tone

from auricle.callbacks.samples import by_turns
from auricle.cli import main
from auricle.datasets import Dataset, open_dataset, table_of

RECIPE = """
name: small
summary: high or low
task: label
split: folds
frontend: digits
length: {seconds: 0.5}
network: {architecture: digits-cnn, settings: {channels: [4, 8], bands: 64}}
training: {epochs: 2, batch: 8, learning_rate: 0.01}
"""


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    lines = ["path,label,speaker,fold"]
    for number in range(24):
        label, speaker = ("low", "high")[number % 2], number // 4
        soundfile.write(tmp_path / f"{number}.wav", tone(label, number).samples[0], 8000)
        lines.append(f"{number}.wav,{label},{speaker},{speaker // 2}")
    (tmp_path / "clips.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "small.yaml").write_text(RECIPE)
    return tmp_path


Run = Callable[..., int]


@pytest.fixture
def run(sounds: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``auricle train`` into a folder, with more words; its exit code."""

    def train(out: str, *words: str) -> int:
        order = ["train", sounds / "small.yaml", "--data", sounds / "clips.csv", "--fold", "1", "--out", sounds / out]
        monkeypatch.setattr(sys, "argv", ["auricle", *map(str, order), *words])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return train


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_writes_beside_the_training_and_changes_nothing(
    sounds: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("alone") == 0
    assert "explanations took" not in capsys.readouterr().out
    assert run("watched", "--watch", "lrp,grad-cam", "--watch-clips", "3") == 0
    assert "explanations took" in capsys.readouterr().out
    found = events(sounds / "watched/logs")
    tags = found.Tags()
    assert len([tag for tag in tags["images"] if tag.startswith("lrp/")]) == 3
    assert len(tags["images"]) == 6
    assert {"train_loss", "FF/grad-cam"} <= set(tags["scalars"])
    assert [each.step for each in found.Images(tags["images"][0])] == [0, 1]
    assert len(list((sounds / "watched/logs").glob("events.out*"))) == 1
    assert digest(sounds / "alone/model.safetensors") == digest(sounds / "watched/model.safetensors")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--watch", "lpr"], 'did you mean "lrp"'),
        (["--watch-clips", "3"], "--watch-clips has no meaning without --watch"),
        (["--watch", "lrp", "--watch-clips", "0"], "0 clips cannot be watched"),
    ],
)
def test_wrong_words_are_one_sentence(
    run: Run, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run("wrong", *words) != 0
    complaints = [line for line in capsys.readouterr().err.splitlines() if line.startswith("auricle: ")]
    assert len(complaints) == 1
    assert said in complaints[0]


def test_clips_are_chosen_by_turns_and_silent_ones_passed_over(sounds: Path) -> None:
    soundfile.write(sounds / "0.wav", np.zeros(4000), 8000)
    (sounds / "2.wav").unlink()
    chosen = by_turns(open_dataset(sounds / "clips.csv"), "label", 2)
    assert [(each.clip.name, each.label) for each in chosen] == [
        ("1.wav", "high"), ("4.wav", "low"), ("3.wav", "high"), ("6.wav", "low")
    ]  # fmt: skip


def test_a_clip_of_several_labels_counts_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", tone("low", 1).samples[0], 8000)
    rows = [{"id": "a", "path": "a.wav", "heard": ["low", "high"]}, {"id": "b", "path": "b.wav", "heard": ["high"]}]
    data = Dataset(name="two", table=table_of(rows), root=tmp_path, classes={"heard": ("low", "high")})
    assert [(each.clip.name, each.label) for each in by_turns(data, "heard", 3)] == [("a", "low"), ("b", "high")]
