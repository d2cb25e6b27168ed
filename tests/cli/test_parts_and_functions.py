"""Removing parts of the sound from the command line, also for a function of the caller's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import Auricle

from auricle.cli.measuring import Asked
from auricle.clip import Clip
from auricle.components import KINDS
from auricle.methods.lime import PRESETS

MODULE = """
import numpy as np
import torch
import auricle

def predict(samples):
    energy = np.abs(np.fft.rfft(samples, axis=1)) ** 2
    low = energy[:, : energy.shape[1] // 8].sum(1)
    share = low / (energy.sum(1) + 1e-12)
    return np.stack([share, 1 - share], axis=1)

def level(samples):
    return samples.std(axis=1, keepdims=True)

def pair(samples):
    return np.concatenate([level(samples), -level(samples)], axis=1)

number = 3
network = torch.nn.Linear(3, 3)
classifier = auricle.function_classifier(predict, labels=["low", "rest"], sample_rate=8000)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module of functions, from which the command is called."""
    (tmp_path / "own_functions.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "own_functions", raising=False)
    return tmp_path


OWN = ("--model", "own_functions:predict", "--labels", "low,rest", "--rate", 8000)
PARTS = ("--method", "kernel-shap", "--components", "time:4")


def record(folder: Path) -> dict:
    return json.loads((folder / "explanation.json").read_text())


def test_components_are_weighed_and_written(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle("explain", seven, *PARTS, "--baseline", "noise", "--out", tmp_path)
    assert (ran.code, ran.complaints) == (0, [])
    told = record(tmp_path / "seven")
    assert told["components"]["kind"] == told["method"]["settings"]["components"] == "time:4"
    assert told["components"]["baseline"] == "noise"
    assert {"top.wav", "without-top.wav", "components.csv"} <= {path.name for path in (tmp_path / "seven").iterdir()}
    assert told["scores"]["rows"]


def test_a_preset_is_a_method(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    flags = ("--method", "slime-time", "--components", "time:5", "--no-measure")
    ran = auricle("explain", seven, *flags, "--out", tmp_path)
    assert ran.code == 0
    assert record(tmp_path / "seven")["components"]["kind"] == "time:5"


def test_methods_with_and_without_components_are_compared(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle(
        "compare", seven, "--methods", "gradient,kernel-shap,slime-time,coughlime-temporal", "--components", "time:4",
        "--set", "slime-time.components=time:3", "--no-measure", "--out", tmp_path,
    )  # fmt: skip
    assert ran.code == 0
    methods = json.loads((tmp_path / "comparison.json").read_text())["methods"]
    kinds = [settings["settings"].get("components") for settings in methods.values()]
    assert kinds == [None, "time:4", "time:3", "time:8"]  # a preset keeps what its paper took apart
    assert {"slime-time", "coughlime-temporal"} <= {path.name for path in tmp_path.iterdir()}


def test_a_function_is_explained(auricle: Auricle, seven: Path, folder: Path) -> None:
    ran = auricle("explain", seven, *OWN, *PARTS, "--out", "out")
    assert (ran.code, ran.complaints) == (0, [])
    told = record(folder / "out" / "seven")
    assert told["model"] == {
        "name": "own_functions:predict", "sample_rate": 8000, "labels": ["low", "rest"], "outputs": "probabilities"
    }  # fmt: skip
    assert sum(told["prediction"]["probabilities"].values()) == pytest.approx(1)


def test_labels_may_stand_in_a_file(auricle: Auricle, seven: Path, folder: Path) -> None:
    (folder / "labels.txt").write_text("low, and lower\n\nrest\n")
    flags = ("--model", "own_functions:predict", "--labels", "labels.txt", "--rate", 8000, "--seconds", 0.5)
    assert auricle("explain", seven, *flags, *PARTS, "--no-measure", "--out", "out").code == 0
    assert record(folder / "out" / "seven")["model"]["labels"] == ["low, and lower", "rest"]


def test_values_are_explained_and_not_measured(auricle: Auricle, seven: Path, folder: Path) -> None:
    flags = ("--model", "own_functions:level", "--labels", "loudness", "--rate", 8000, "--outputs", "values")
    ran = auricle("explain", seven, *flags, *PARTS, "--out", "out")
    assert ran.code == 0
    assert "Not measured: own_functions:level gives values" in ran.out
    assert "seven: loudness 0." in ran.out
    assert record(folder / "out" / "seven")["scores"] is None
    assert auricle("compare", seven, *flags, "--methods", "kernel-shap,occlusion", "--out", "both").code == 0


def test_a_classifier_in_a_module_brings_everything(auricle: Auricle, seven: Path, folder: Path) -> None:
    ran = auricle("explain", seven, "--model", "own_functions:classifier", *PARTS, "--no-measure", "--out", "out")
    assert ran.code == 0
    assert record(folder / "out" / "seven")["model"]["labels"] == ["low", "rest"]


def test_the_current_folder_can_be_imported_from(seven: Path, folder: Path) -> None:
    command = [Path(sys.executable).with_name("auricle"), "explain", seven, *OWN, *PARTS, "--no-measure"]
    ran = subprocess.run([*map(str, command)], cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


WRONG = {
    "no labels": (("--model", "own_functions:predict"), "--labels a,b,c"),
    "no rate": (("--model", "own_functions:predict", "--labels", "a,b"), "--rate 16000"),
    "rate of 0": (("--model", "own_functions:predict", "--labels", "a,b", "--rate", 0), "a sample rate of 0 Hz"),
    "no length": ((*OWN, "--seconds", 0), "0 seconds is no length"),
    "a label twice": (("--model", "own_functions:predict", "--labels", "a,a", "--rate", 8000), 'names "a" twice'),
    "no labels' file": (
        ("--model", "own_functions:predict", "--rate", 8000, "--labels", "nosuch.txt"), "nosuch.txt does not exist"
    ),
    "a folder of labels": (("--model", "own_functions:predict", "--rate", 8000, "--labels", "."), ". is a folder"),
    "no label": (("--model", "own_functions:predict", "--labels", ",", "--rate", 8000), "holds no label"),
    "no module": (("--model", "owm_functions:predict"), 'no Python module is called "owm_functions"'),
    "no function": (("--model", "own_functions:predicts"), 'did you mean "predict"'),
    "a number": (("--model", "own_functions:number", "--labels", "a"), "is int, which cannot be called"),
    "a network": (("--model", "own_functions:network", "--labels", "a"), "make auricle.Classifier(network"),
    "labels of a bundled model": (("--model", "digits", "--labels", "a,b"), "digits brings its own labels"),
    "multi-label of a bundled model": (("--multi-label",), "--multi-label is for models that do not say it"),
    "labels of a classifier": (("--model", "own_functions:classifier", "--labels", "a"), "its own labels"),
    "other outputs": ((*OWN, "--outputs", "probability"), 'did you mean "probabilities"'),
    "a gradient": ((*OWN, "--method", "ig"), "so it has no gradient"),
    "values without target": (
        ("--model", "own_functions:pair", "--labels", "up,down", "--rate", 8000, "--outputs", "values", *PARTS),
        "name the target, one of: up, down",
    ),
    "components of lrp": (("--components", "time:4"), "lrp has no components; --components is for"),
    "baseline of grad-cam": (("--method", "grad-cam", "--baseline", "noise"), "grad-cam has no baseline; --baseline"),
    "a baseline that lrp has not": (("--baseline", "noise"), "lrp cannot use baseline=noise"),
    "components twice": ((*PARTS, "--set", "components=time:3"), "given twice"),
    "an unknown kind": (("--method", "kernel-shap", "--components", "tim:4"), 'did you mean "time"'),
    "an unknown baseline": ((*PARTS, "--baseline", "silense"), 'did you mean "silence"'),
    "an unknown method": (("--method", "kernelshap", "--components", "time:4"), 'did you mean "kernel-shap"'),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_usage_is_one_line(auricle: Auricle, seven: Path, folder: Path, kind: str) -> None:
    flags, sentence = WRONG[kind]
    if "--method" not in flags and "own_functions:predict" in flags:
        flags = (*flags, *PARTS)
    ran = auricle("explain", seven, *flags, "--no-measure", "--out", "out")
    assert (ran.code, len(ran.complaints)) == (2, 1), ran
    assert sentence in ran.complaints[0]
    assert not (folder / "out").exists()


def test_components_for_no_method_are_told(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle("compare", seven, "--methods", "lrp,gradient", "--components", "time:4", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "none of lrp,gradient has components" in ran.complaints[0]


def test_a_function_that_fails_later_ends_with_one_line(auricle: Auricle, seven: Path, folder: Path) -> None:
    flags = ("--model", "own_functions:predict", "--labels", "a,b,c", "--rate", 8000)
    ran = auricle("explain", seven, *flags, *PARTS, "--out", "out")
    assert (ran.code, len(ran.complaints)) == (1, 1)
    assert "own_functions:predict returned (1, 2)" in ran.complaints[0]


def test_kinds_of_components_are_listed(auricle: Auricle) -> None:
    listed = json.loads(auricle("components", "--json").out)
    assert {each["name"] for each in listed} == {*KINDS, "product"}
    assert all(each["summary"] and each["usage"] for each in listed)
    assert all(setting["meaning"] for each in listed for setting in each["settings"])
    text = auricle("components").out
    assert all(f"{name}: " in text for name in KINDS)
    assert "write: time:12 or time:0.5s" in text


def test_presets_are_listed_with_the_methods(auricle: Auricle) -> None:
    listed = {each["name"]: each for each in json.loads(auricle("methods", "--json").out)}
    text = auricle("methods").out
    for name in PRESETS:
        assert listed[name]["preset_of"] == "lime"
        assert listed[name]["source"]
        assert f"{name}: " in text


def test_labels_too_long_for_a_file_name(auricle: Auricle, seven: Path, folder: Path) -> None:
    flags = ("--model", "own_functions:predict", "--labels", f"{'x' * 300},b", "--rate", 8000)
    assert auricle("explain", seven, *flags, *PARTS, "--no-measure", "--out", "out").code == 0


def test_events_repeats_and_baselines_are_measured(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("start,end,label\n0.1,0.3,voice\n")
    flags = ("--events", tmp_path / "events.csv", "--repeats", 2, "--baselines", "silence,noise")
    assert auricle("explain", seven, *PARTS, *flags, "--out", tmp_path).code == 0
    scores = record(tmp_path / "seven")["scores"]
    assert {"event AUC", "U_n", "baseline change"} <= {row["name"] for row in scores["rows"]}
    assert scores["details"]["events"] == [[0.1, 0.3]]
    assert scores["details"]["stability"]["repeats"] == 2


def test_events_are_measured_for_any_method(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("0.1,0.3\n")
    assert auricle("explain", seven, "--events", tmp_path / "events.csv", "--out", tmp_path).code == 0
    assert "event AUC" in {row["name"] for row in record(tmp_path / "seven")["scores"]["rows"]}


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--events", "nosuch.csv"), "nosuch.csv does not exist"),
        (("--events", "none.csv"), "none.csv holds no events"),
        (("--events", "some.csv", "--no-measure"), "leave out --no-measure"),
        (("--repeats", 3), "lrp does not"),
        (("--repeats", 1, *PARTS), "1 repeats cannot be compared"),
        (("--baselines", "silence", *PARTS), "one baseline (silence) cannot be compared"),
        (("--baselines", "silence,nois", *PARTS), 'did you mean "noise"'),
    ],
)
def test_measuring_that_makes_no_sense(
    auricle: Auricle, seven: Path, folder: Path, flags: tuple[object, ...], sentence: str
) -> None:
    (folder / "none.csv").write_text("start,end,label\n")
    (folder / "some.csv").write_text("0.1,0.2,a\n")
    ran = auricle("explain", seven, *flags, "--out", "out")
    assert (ran.code, len(ran.complaints)) == (2, 1)
    assert sentence in ran.complaints[0]
    assert not (folder / "out").exists()


def test_events_belong_to_one_recording_and_lie_in_it(auricle: Auricle, seven: Path, folder: Path) -> None:
    (folder / "late.csv").write_text("0.1,99,a\n")
    twice = auricle("explain", seven, seven, "--events", "late.csv", "--out", "out")
    assert (twice.code, "one by one" in twice.err) == (2, True)
    late = auricle("explain", seven, "--events", "late.csv", "--out", "out")
    assert (late.code, "0.1 to 99 s does not lie in a clip" in late.err) == (1, True)
    assert not (folder / "out").exists()


def test_events_of_sections_are_in_their_own_seconds() -> None:
    asked = Asked(events=((5.0, 12.0), (15.0, 15.5)))
    clip = Clip(np.zeros(80000), 8000, start_seconds=10.0)
    assert asked.settings(clip, section=True)["events"] == [(0.0, 2.0), (5.0, 5.5)]
    assert Asked(events=((0.0, 30.0),)).settings(clip, section=True)["events"] is None
    assert Asked(events=((30.0, 31.0),)).settings(clip, section=True)["events"] is None
