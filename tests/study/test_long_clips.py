"""A recording of an hour among clips of a second: it is told before the work begins, and takes nothing with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from small_study import recordings, study_config

from auricle import demo
from auricle.clip import load_clip
from auricle.study import lengths
from auricle.study.estimate import estimate
from auricle.study.plan import Stage
from auricle.study.run import Study, run_study
from auricle.study.stages import explain
from auricle.study.subject import open_subject

STAGES = ("predict", "explain", "regions", "sonify", "evaluate")


class Told:
    """What a person is told, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    def stage(self, stage: Stage, todo: int, kept: int) -> None:
        self.said.append(stage)

    def step(self, done: Any) -> None:
        pass


def long_recording(path: Path, seconds: int) -> Path:
    """A seven in every other second, silence between."""
    seven = load_clip(demo.clip("seven")).mono(8000)
    sound = np.tile(np.pad(seven, (0, 16000))[:16000], -(-seconds // 2))
    soundfile.write(path, sound[: 8000 * seconds], 8000)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return recordings(tmp_path / "recordings")


def run(data: Path, out: Path, told: Told | None = None, **changes: Any) -> Study:
    config = study_config(data, out, methods=["gradient"], **changes)
    return run_study(config, stages=STAGES, watcher=told)


def ids(found: Study, folder: str) -> set[str]:
    table = found.store.table(folder, ["id"])
    return set() if table is None else {Path(each).name for each in table["id"].to_pylist()}


def test_an_hour_is_left_out_unread_and_told_before_the_work_begins(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = long_recording(data / "seven" / "hour.wav", 3600)
    read: list[str] = []
    monkeypatch.setattr(
        "auricle.datasets.dataset.load_clip", lambda path, **how: read.append(path) or load_clip(path, **how)
    )
    told = Told()
    found = run(data, tmp_path / "out", told)

    assert told.said[1] == "predict"
    for part in ("hour.wav (60 min, 3,600 windows of 1 s)", "clips.longest (10 min)", "left out", "start and seconds"):
        assert part in told.said[0]
    assert found.notes[0] == told.said[0]
    assert hour not in read
    assert len(read) > 0
    (failure,) = found.store.rows("failures/predict/_")
    assert "hour.wav is 60 min long" in failure["reason"]
    for stage in ("explain", "regions", "sonify", "evaluate"):  # the clips of its shard go all the way
        assert ids(found, f"{stage}/gradient") == ids(run(data, tmp_path / "out"), "predict")
    assert len(ids(found, "predict")) == 6


def test_another_limit_makes_only_the_shard_of_the_long_clip_anew(data: Path, tmp_path: Path) -> None:
    long_recording(data / "seven" / "long.wav", 90)
    clips = {"part": "all", "longest": 60}
    assert "long.wav" not in ids(run(data, tmp_path / "out", clips=clips), "predict")
    told = Told()
    allowed = run(data, tmp_path / "out", told, clips={**clips, "longest": None})
    assert {stage.stage: stage.made for stage in allowed.stages} == dict.fromkeys(STAGES, 1)
    assert "long.wav" in ids(allowed, "evaluate/gradient")
    assert allowed.failures == 0
    assert "long.wav (90 s, 90 windows of 1 s) makes about 94 % of the work" in told.said[0]
    assert sum(stage.made for stage in run(data, tmp_path / "out", clips={**clips, "longest": 120}).stages) == 0


def test_clips_of_a_second_are_not_remarked_upon(data: Path, tmp_path: Path) -> None:
    config = study_config(data, tmp_path / "out")
    assert lengths.long_clips(config, open_subject(config)) == []


def test_parts_of_an_hour_are_clips_like_any_other(tmp_path: Path) -> None:
    long_recording(tmp_path / "hour.wav", 1200)
    (tmp_path / "clips.csv").write_text("path,label,start,seconds\nhour.wav,seven,0,2\nhour.wav,seven,600,2\n")
    told = Told()
    found = run(tmp_path / "clips.csv", tmp_path / "out", told)
    assert told.said[0] == "predict"
    assert found.store.table("explain/gradient").num_rows == 2


def test_clips_are_explained_so_many_seconds_at_a_time_with_the_same_result(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(data, tmp_path / "whole", block=32).store.table("explain/gradient")
    batches: list[int] = []
    together = explain.explain_batch
    monkeypatch.setattr(
        explain,
        "explain_batch",
        lambda clips, *how, **more: batches.append(len(clips)) or together(clips, *how, **more),
    )
    monkeypatch.setattr(explain, "TOGETHER", 1.2)
    bounded = run(data, tmp_path / "bounded", block=32).store.table("explain/gradient")
    assert len(batches) > 2
    assert bounded["id"].equals(whole["id"])
    assert np.allclose(bounded["sum"].to_numpy(), whole["sum"].to_numpy(), rtol=1e-4, atol=1e-5)


def test_the_estimate_counts_windows_and_does_not_try_the_long_clip(data: Path, tmp_path: Path) -> None:
    short = study_config(data, tmp_path / "out", methods=["gradient"])
    before, few = lengths.work_of(short, open_subject(short)), estimate(short, ("predict",))[0]
    long_recording(data / "seven" / "long.wav", 500)
    config = study_config(data, tmp_path / "out", methods=["gradient"])
    after = lengths.work_of(config, open_subject(config))
    assert sum(after.values()) == sum(before.values()) + 500
    # 506 windows to 6; had it been tried among four clips, there would be far fewer bytes to each window.
    assert estimate(config, ("predict",))[0].bytes > 50 * few.bytes
