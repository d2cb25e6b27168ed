"""A training is taken up again only if nothing that decides it has changed, and stopping one leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from words import RATE, recipe, tones

from auricle.datasets import Dataset, Split, splits
from auricle.errors import AuricleError
from auricle.training.kfold import _why, folders_of, kfold
from auricle.training.outcome import Order, Subject, train_folder
from auricle.training.state import State
from auricle.training.train import STATE, train


def first_split(data: Dataset) -> Split:
    return splits(data, "leave-one-group-out", "pitch")[0]


@pytest.mark.parametrize("part", ["train", "validate", "test"])
def test_a_changed_recording_under_the_same_name_is_noticed(tmp_path: Path, part: str) -> None:
    data = tones(tmp_path / "data", takes=12)
    split = first_split(data)
    train(recipe(), data, split, tmp_path / "out")
    row = data.row(int(getattr(split, part)[0]))
    soundfile.write(data.root / row["path"], np.random.default_rng(1).normal(size=2000) * 0.1, RATE)
    with pytest.raises(AuricleError, match="holds another training"):
        train(recipe(), data, split, tmp_path / "out")


def test_a_changed_label_is_noticed(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    split = first_split(data)
    train(recipe(), data, split, tmp_path / "out")
    labels = data.column("pitch")
    number = int(split.train[0])
    labels[number] = "high" if labels[number] == "low" else "low"
    place = data.table.column_names.index("pitch")
    other = replace(data, table=data.table.set_column(place, "pitch", pa.array(labels)))
    with pytest.raises(AuricleError, match="holds another training"):
        train(recipe(), other, split, tmp_path / "out")


def test_a_data_set_that_has_moved_is_the_same(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    train(recipe(), data, first_split(data), tmp_path / "out")
    shutil.copytree(data.root, tmp_path / "moved")
    moved = replace(data, root=tmp_path / "moved")
    assert len(train(recipe(), moved, first_split(moved), tmp_path / "out").history) == 2


def test_a_lost_model_is_told(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    subject = Subject(data, first_split(data))
    train_folder(Order(recipe=recipe(), data="tones"), subject, tmp_path / "out")
    (tmp_path / "out/model.safetensors").unlink()
    with pytest.raises(AuricleError, match=r"has lost its model\.safetensors; delete the folder"):
        train_folder(Order(recipe=recipe(), data="tones"), subject, tmp_path / "out")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    (tmp_path / "file").write_text("")
    with pytest.raises(AuricleError, match="cannot be made"):
        train(recipe(), data, first_split(data), tmp_path / "file" / "out")
    with pytest.raises(AuricleError, match=r"could not be written .* the same command goes on"):
        State(identity="", threads=1).write(tmp_path / "nowhere" / STATE)


def test_ctrl_c_is_an_interruption_and_no_silent_end(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")

    def watch(what: str, done: int, of: int) -> None:
        if what.startswith("epoch 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe(), data, first_split(data), tmp_path / "out", watch=watch)
    assert len(train(recipe(), data, first_split(data), tmp_path / "out").history) == 2


def test_the_card_says_when_nothing_chose_the_epoch(tmp_path: Path) -> None:
    data = tones(tmp_path / "data")
    split = first_split(data)
    split = replace(split, train=np.concatenate([split.train, split.validate]), validate=split.validate[:0])
    train_folder(Order(recipe=recipe(), data="tones"), Subject(data, split), tmp_path / "out")
    card = (tmp_path / "out/CARD.md").read_text()
    assert "2 trained, the weights of epoch 2 kept (the last, because there are no clips to choose it on)" in card


# --- folds ----------------------------------------------------------------------------------------------------


def test_every_fold_has_a_folder_of_its_own() -> None:
    none = np.zeros(0, int)
    names = ["without P 1", "without P-1", "without p/1", "without q"]
    found = folders_of([Split(name=name, train=none, validate=none, test=none) for name in names])
    assert found == ["without-P-1", "without-P-1-2", "without-p-1-3", "without-q"]


def test_no_workers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="0 workers cannot train anything"):
        kfold([Order(recipe=recipe(), data="tones")], tmp_path, workers=0)


def test_a_killed_process_is_told() -> None:
    assert "a process was killed, perhaps because memory ran out" in _why(BrokenProcessPool("abruptly"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_folds_leave_no_process_behind(tmp_path: Path, how: signal.Signals) -> None:
    tones(tmp_path / "data" / "all")
    table = tmp_path / "data" / "clips.csv"
    paths = sorted((tmp_path / "data/all").glob("*/*.wav"))
    lines = [f"{path.relative_to(table.parent)},{path.parent.name},{path.stem[0]}" for path in paths]
    table.write_text("\n".join(["path,pitch,speaker", *lines]).replace("pitch", "label") + "\n")
    file = tmp_path / "tones.yaml"
    file.write_text(recipe(task="label", training={"epochs": 100_000}).as_yaml())
    environment = {**os.environ, "AURICLE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", "from auricle.cli.commands import main; main()", "kfold", str(file)]
    command += ["--data", str(table), "--out", str(tmp_path / "out"), "--workers", "2"]
    process = subprocess.Popen(
        command, env=environment, start_new_session=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background would ignore it
    )  # fmt: skip
    while not list((tmp_path / "out").glob(f"tones/*/{STATE}")):
        assert process.poll() is None
        time.sleep(0.2)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    said = process.communicate(timeout=180)[1].decode()  # ends when no process holds the pipe any more
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert said == "auricle: stopped; the same command goes on from the last whole epoch\n"
