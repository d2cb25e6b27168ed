"""``auricle run`` as a person runs it."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import recordings, settings, study_config

from auricle.cli import main
from auricle.study.run import run_study
from auricle.study.store import Store

STAGES = ("predict", "explain", "regions")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def started(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["auricle", "run", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        found = capsys.readouterr()
        return code, found.out, found.err

    return started


def written(folder: Path, data: Path, **changes: Any) -> Path:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(settings(data, folder / "out", **changes)))
    return path


def only(*stages: str) -> list[str]:
    return [part for stage in stages for part in ("--stage", stage)]


def test_it_says_what_was_made_and_then_that_nothing_was_missing(run: Any, data: Path, tmp_path: Path) -> None:
    study = written(tmp_path, data)
    code, out, _ = run(study, *only("predict", "explain"))
    assert code == 0
    assert "predict   3 shards" in out
    assert "bare passes" in out
    _, again, _ = run(study, *only("predict", "explain"))
    assert "explain   0 shards" in again
    assert "6 kept" in again


def test_a_limit_and_a_changed_key_hold_for_one_run(run: Any, data: Path, tmp_path: Path) -> None:
    run(written(tmp_path, data), *only("predict"), "--limit", 2, "--set", "seed=3")
    store = Store(tmp_path / "out")
    assert store.table("predict").num_rows == 2
    assert json.loads(store.read("manifest.json"))["seed"] == 3


def test_a_model_that_does_not_say_what_it_learned_from_is_told(run: Any, data: Path, tmp_path: Path) -> None:
    unsaid = written(tmp_path, data, clips={})
    assert "does not say which clips" in run(unsaid, *only("predict"))[2]
    wanted = written(tmp_path, data)  # clips.part: all
    assert "does not say which clips" not in run(wanted, *only("predict"))[2]


def test_a_config_of_audiblexai_says_what_its_keys_became_and_that_the_model_hears_otherwise(
    run: Any, data: Path, tmp_path: Path
) -> None:
    theirs = {
        "dataset": "audio_mnist_digits",
        "dataset_type": "spectrogram",
        "run": {"saliency": True},
        "settings": {"saliency": {"methods": ["gradient"]}},
    }
    config = tmp_path / "run_configuration.json"
    config.write_text(json.dumps(theirs))
    given = ("--model", "digits", "--data", data, "--out", tmp_path / "out", "--set", "task=label")
    code, _, err = run(config, *given, *only("predict"))
    assert code == 0, err
    assert "settings.saliency.methods" in err
    assert "digits does not hear through audiblexai-linear" in err


def test_a_full_disk_is_one_sentence_and_the_same_command_goes_on(
    run: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, left, write = written(tmp_path, data), [60_000], Path.write_bytes

    def written_while_there_is_room(path: Path, content: bytes) -> int:
        left[0] -= len(content)
        if left[0] < 0:
            write(path, content[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", written_while_there_is_room)
        code, _, err = run(study, *only(*STAGES))
    assert code == 1
    complaint = [line for line in err.splitlines() if line.startswith("auricle: ")]
    assert len(complaint) == 1
    assert "No space left on device" in complaint[0]
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.part"))
    assert 0 < len(list((tmp_path / "out").rglob("*.parquet"))) < 10

    code, _, err = run(study, *only(*STAGES))
    assert code == 0, err
    whole = run_study(study_config(data, tmp_path / "whole"), stages=STAGES).store
    for folder in ("predict", "explain/gradient", "explain/grad-cam", "regions/gradient", "regions/grad-cam"):
        assert Store(tmp_path / "out").table(folder).equals(whole.table(folder)), folder


def test_no_config_says_how_to_get_one(run: Any) -> None:
    code, _, err = run()
    assert code == 1
    assert "auricle run --example > study.yaml" in err
