"""``auricle explain``: the files it promises, what is in them, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import Auricle
from rich.progress import Progress, TaskID

from auricle import demo, load_classifier, load_clip, methods
from auricle.cli.explaining import Plan
from auricle.cli.progress import Bar
from auricle.sonify import Masking

FILES = {
    "index.html",
    "explanation.json",
    "relevance.npz",
    "relevance.png",
    "original.wav",
    "kept.wav",
    "removed.wav",
}


def sound(path: Path) -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(path, always_2d=True, dtype="float64")
    return samples.T, rate


def test_a_clip_gets_a_folder_with_every_promised_file(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle("explain", seven, "--out", tmp_path)
    assert ran.code == 0
    assert ran.out.startswith("seven: seven ")
    assert str(tmp_path / "seven" / "index.html") in ran.out
    assert {path.name for path in (tmp_path / "seven").iterdir()} == FILES
    record = json.loads((tmp_path / "seven" / "explanation.json").read_text())
    assert set(record["prediction"]["probabilities"]) == set(
        "zero one two three four five six seven eight nine".split()
    )
    assert sum(record["prediction"]["probabilities"].values()) == pytest.approx(1.0)
    assert record["prediction"]["label"] == record["target"] == "seven"
    assert record["clip"]["sample_rate"] == load_clip(seven).sample_rate
    assert record["method"]["name"] == "lrp"
    assert record["method"]["settings"] == methods.LRP().settings()
    assert record["seed"] == 0
    assert {"auricle", "torch", "numpy", "python"} <= set(record["versions"])
    assert {"random", "energy", "everything"} == set(record["scores"]["rows"][0]["controls"])
    assert {check["name"] for check in record["checks"]} >= {"conservation", "bias share", "padding share"}
    assert set(record["files"]) == FILES


def test_relevance_is_saved_with_its_axes(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    auricle("explain", seven, "--out", tmp_path, "--no-measure")
    saved = np.load(tmp_path / "seven" / "relevance.npz")
    height, width = saved["relevance"].shape
    assert len(saved["hertz_edges"]) == height + 1
    assert len(saved["seconds_edges"]) == width + 1
    assert np.all(np.diff(saved["hertz_edges"]) > 0)
    assert np.all(np.diff(saved["seconds_edges"]) > 0)


def test_kept_and_removed_add_up_to_what_the_model_heard(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    auricle("explain", seven, "--out", tmp_path, "--no-measure")
    kept, rate = sound(tmp_path / "seven" / "kept.wav")
    removed, _ = sound(tmp_path / "seven" / "removed.wav")
    heard = load_clip(seven).mono(8000)
    assert rate == 8000
    assert kept.shape == removed.shape == (1, len(heard))
    assert np.abs(kept + removed - heard).max() < 1e-6


def test_full_band_cuts_the_original_recording(auricle: Auricle, stereo: Path, tmp_path: Path) -> None:
    auricle("explain", stereo, "--full-band", "--out", tmp_path / "out", "--no-measure")
    folder = tmp_path / "out" / stereo.stem
    original, rate = sound(stereo)
    kept, kept_rate = sound(folder / "kept.wav")
    removed, _ = sound(folder / "removed.wav")
    assert kept_rate == rate == 44100
    assert kept.shape == original.shape
    assert np.abs(kept + removed - original).max() < 1e-6
    # The balance between the channels stays; what the model never heard follows the moments that were kept.
    assert np.std(kept[1]) < np.std(kept[0])


def test_several_clips_are_linked_from_one_index(auricle: Auricle, tmp_path: Path) -> None:
    paths = [demo.clip("seven"), demo.clip("three")]
    ran = auricle("explain", *paths, "--out", tmp_path, "--no-measure")
    assert ran.code == 0
    page = (tmp_path / "index.html").read_text()
    assert 'href="seven/index.html"' in page
    assert 'href="three/index.html"' in page


def test_clips_of_one_name_get_folders_of_their_own(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "seven.wav"
    twin.write_bytes(demo.clip("three").read_bytes())
    auricle("explain", seven, twin, "--out", tmp_path / "out", "--no-measure")
    heard = [
        json.loads((tmp_path / "out" / name / "explanation.json").read_text())["prediction"]["label"]
        for name in ("seven", "seven-2")
    ]
    assert heard == ["seven", "three"]


def test_what_failed_is_one_line_and_the_rest_is_done(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle("explain", "no.wav", seven, "--out", tmp_path, "--no-measure")
    assert ran.code == 1
    assert ran.complaints == ["auricle: no.wav does not exist; check the path"]
    assert (tmp_path / "seven" / "index.html").exists()
    assert "no.wav does not exist" in (tmp_path / "index.html").read_text()


@pytest.mark.parametrize("target", ["seven-one", "nine"])
def test_a_named_target_is_explained(auricle: Auricle, seven: Path, tmp_path: Path, target: str) -> None:
    auricle("explain", seven, "--target", target, "--out", tmp_path, "--no-measure")
    record = json.loads((tmp_path / "seven" / "explanation.json").read_text())
    assert record["target"] == target
    assert record["prediction"]["label"] == "seven"


def test_settings_and_masking_are_used_and_written_down(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle(
        "explain", seven, "--method", "ig", "--set", "steps=8", "--set", "baseline=noise", "--seed", 3,
        "--shape", "regions", "--share", "0.3", "--floor-db", "-20", "--match-loudness",
        "--out", tmp_path, "--no-measure",
    )  # fmt: skip
    assert ran.code == 0
    record = json.loads((tmp_path / "seven" / "explanation.json").read_text())
    assert record["method"]["settings"] == {"steps": 8, "baseline": "noise", "rule": "quadratic"}
    assert record["seed"] == 3
    assert record["masking"]["shape"] == "regions"
    assert record["masking"]["floor_db"] == -20
    assert "kept_gain_db" in record["sounds"]["notes"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--model", "digit"), 'did you mean "digits"'),
        (("--method", "lpr"), 'did you mean "lrp"'),
        (("--target", "sevn"), 'did you mean "seven"'),
        (("--set", "compsite=epsilon"), 'did you mean "composite"'),
        (("--set", "composite=epsilon-pluss"), 'did you mean "epsilon-plus"'),
        (("--set", "epsilon=-1"), "greater than or equal to 0"),
        (("--set", "epsilon"), "write KEY=VALUE"),
        (("--level", "feature"), "features"),
        (("--style", "maks"), 'did you mean "mask"'),
        (("--share", "0"), "share is 0.0"),
        (("--method", "grad-cam", "--level", "waveform"), "features"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_nearest(
    auricle: Auricle, seven: Path, tmp_path: Path, arguments: tuple[str, ...], hint: str
) -> None:
    ran = auricle("explain", seven, *arguments, "--out", tmp_path)
    assert ran.code == 2
    assert len(ran.complaints) == 1
    assert hint in ran.complaints[0]
    assert not list(tmp_path.iterdir())


def test_no_clip_and_unknown_flags_are_wrong_usage(auricle: Auricle, seven: Path) -> None:
    assert auricle("explain").code == 2
    assert auricle("explain", seven, "--colour", "red").code == 2


def test_an_older_explanation_is_replaced_and_other_files_are_spared(
    auricle: Auricle, seven: Path, tmp_path: Path
) -> None:
    auricle("explain", seven, "--out", tmp_path, "--no-measure")
    (tmp_path / "seven" / "notes.txt").write_text("mine")
    auricle("explain", seven, "--method", "gradient", "--out", tmp_path, "--no-measure")
    assert (tmp_path / "seven" / "notes.txt").read_text() == "mine"
    record = json.loads((tmp_path / "seven" / "explanation.json").read_text())
    assert record["method"]["name"] == "gradient"
    assert {path.name for path in tmp_path.iterdir()} == {"seven"}


def test_the_bar_says_when_it_measures(seven: Path) -> None:
    shown: list[str] = []

    class Shown(Progress):
        def update(self, task_id: TaskID, **values: object) -> None:  # type: ignore[override]
            shown.append(str(values["description"]))

    bar = Bar(Shown(disable=True), 1, "explaining")
    model, method = load_classifier("digits"), methods.build("gradient")
    plan = Plan(model, method, "predicted", "features", 0, Masking(), False, True)
    plan.explain(load_clip(seven), bar)
    assert shown == ["explaining, measuring", "explaining"]
