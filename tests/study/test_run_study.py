"""A study makes what is missing, keeps what is wanted, and loses nothing to a bad clip."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_study import recordings, study_config

from auricle.errors import AuricleError
from auricle.study.maps import map_of
from auricle.study.run import Study, run_study
from auricle.study.store import Store

STAGES = ("predict", "explain", "regions", "sonify", "evaluate")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="module")
def study(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return run_study(study_config(data, tmp_path_factory.mktemp("study")), stages=STAGES)


def made(study: Study) -> dict[str, int]:
    return {stage.stage: stage.made for stage in study.stages}


def test_every_clip_is_predicted_and_explained_by_every_method(study: Study) -> None:
    predicted = study.store.table("predict").to_pylist()
    assert len(predicted) == 6
    for method in ("gradient", "grad-cam"):
        explained = study.store.table(f"explain/{method}").to_pylist()
        assert {row["id"] for row in explained} == {row["id"] for row in predicted}


def test_a_wrong_prediction_is_explained_for_what_was_said_what_is_true_and_their_contrast(study: Study) -> None:
    rows = [row for row in study.store.rows("explain/gradient") if "wrongly" in row["id"]]
    assert {row["asked"]: row["target"] for row in rows} == {
        "predicted": "nine",
        "true": "seven",
        "contrast": "nine-seven",
    }


def test_relevance_comes_back_as_the_method_gave_it(study: Study, data: Path) -> None:
    from auricle import explain, load_clip

    row = next(row for row in study.store.rows("explain/gradient") if row["correct"])
    clip = load_clip(data / row["id"])
    expected, axes = explain(clip, "digits", method="gradient").map()
    found, found_axes = map_of(row)
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()
    assert np.allclose(found_axes.hertz, axes.hertz)
    assert np.allclose(found_axes.seconds, axes.seconds)


def test_relevant_and_removed_sound_add_up_to_the_clip(study: Study, data: Path) -> None:
    from auricle import load_clip

    sounds = {row["kind"]: row for row in study.store.rows("sonify/gradient") if "wrongly" not in row["id"]}
    kept, removed = sounds["relevant"], sounds["removed"]
    assert kept["id"] == removed["id"]
    parts = [
        soundfile.read(study.store.path(row["path"]))[0] * 10 ** (-row["gain_db"] / 20) for row in (kept, removed)
    ]
    original = load_clip(data / kept["id"]).mono(kept["sample_rate"])
    assert np.abs(sum(parts) - original).max() < 1e-5


def test_what_is_scored_lies_beside_its_controls(study: Study) -> None:
    rows = [row for row in study.store.rows("evaluate/grad-cam") if row["p_relevant"] is not None]
    assert rows
    for row in rows:
        assert len(row["p_randoms"]) == 2
        assert row["p_random"] == pytest.approx(np.mean(row["p_randoms"]))
        assert 0 <= row["AD"] <= 100
    assert sum(row["deletion"] is not None for row in rows) >= 1


def test_the_same_command_makes_nothing_again(study: Study) -> None:
    assert set(made(run_study(study.config, stages=STAGES)).values()) == {0}


def test_a_changed_setting_makes_exactly_what_depends_on_it(data: Path, tmp_path: Path) -> None:
    run_study(study_config(data, tmp_path), stages=STAGES)
    percentile = {"settings": {"percentile": 80, "min_cluster_size": 8, "min_samples": 4}, "tune": None}
    changed = made(run_study(study_config(data, tmp_path, regions=percentile), stages=STAGES))
    assert changed == {"predict": 0, "explain": 0, "regions": 6, "sonify": 6, "evaluate": 6}
    more = study_config(data, tmp_path, regions=percentile, methods=["gradient", "grad-cam", "input-x-gradient"])
    of_one_method = {"explain": 3, "regions": 3, "sonify": 3, "evaluate": 3}
    assert made(run_study(more, stages=STAGES)) == {"predict": 0, **of_one_method}
    sound = study_config(data, tmp_path, regions=percentile, sound={"random": 2, "write": ["relevant"]})
    assert made(run_study(sound, stages=STAGES, prune=True)) == {
        "predict": 0, "explain": 0, "regions": 0, "sonify": 6, "evaluate": 0,
    }  # fmt: skip
    assert Store(tmp_path).folders("explain") == ["grad-cam", "gradient"]


def test_a_bad_clip_is_a_row_of_failures_and_nothing_else_is_lost(data: Path, tmp_path: Path) -> None:
    bad = recordings(tmp_path / "recordings")
    (bad / "seven" / "damaged.wav").write_bytes(b"RIFF and then nothing")
    soundfile.write(bad / "nine" / "silent.wav", np.zeros(8000), 8000)
    found = run_study(study_config(bad, tmp_path / "out"), stages=STAGES)
    failures = list(found.store.rows("failures/predict/_"))
    assert {Path(row["id"]).name for row in failures} == {"damaged.wav", "silent.wav"}
    assert any("silent" in row["reason"] for row in failures)
    assert found.store.table("explain/gradient").num_rows == 8  # 5 right ones, and a wrong one three times


def test_two_workers_write_the_same_store_as_one(study: Study, data: Path, tmp_path: Path) -> None:
    run_study(study_config(data, tmp_path, workers=2), stages=STAGES)
    other = Store(tmp_path)
    for folder in ("predict", "explain/gradient", "regions/grad-cam", "sonify/gradient", "evaluate/grad-cam"):
        assert other.table(folder).equals(study.store.table(folder)), folder


def test_a_store_at_another_address_is_the_same(study: Study, data: Path) -> None:
    run_study(study_config(data, "memory://a-study"), stages=STAGES)
    other = Store("memory://a-study")
    assert other.table("evaluate/gradient").equals(study.store.table("evaluate/gradient"))
    assert other.names("audio/gradient/" + study.store.folders("audio/gradient")[0], ".flac")


def test_resetting_a_stage_makes_it_and_what_depends_on_it_anew(data: Path, tmp_path: Path) -> None:
    config = study_config(data, tmp_path, methods=["gradient"])
    run_study(config, stages=STAGES)
    again = made(run_study(config, stages=STAGES, reset=["regions"]))
    assert again == {"predict": 0, "explain": 0, "regions": 3, "sonify": 3, "evaluate": 3}


def test_the_manifest_says_what_made_the_store(study: Study) -> None:
    manifest = json.loads(study.store.read("manifest.json"))
    assert manifest["config"]["methods"] == ["gradient", "grad-cam"]
    assert manifest["models"][0]["weights"]
    assert manifest["versions"]["torch"]
    assert manifest["stages"]["explain"]["backward_rows"] >= 16


def test_a_stage_whose_ground_is_missing_says_which_to_run(data: Path, tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match="run the stage explain first"):
        run_study(study_config(data, tmp_path), stages=["predict", "regions"])


def test_an_unknown_stage_names_the_nearest(data: Path, tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match='did you mean "explain"'):
        run_study(study_config(data, tmp_path), stages=["explian"])
