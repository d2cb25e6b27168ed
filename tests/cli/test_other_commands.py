"""``compare``, ``demo`` and the lists; and that help is quick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Auricle

import auricle as package
from auricle.interpreters.methods import LEARNT
from auricle.methods import METHODS
from auricle.metrics import METRICS


def test_methods_are_put_side_by_side(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    ran = auricle("compare", seven, "--methods", "lrp,gradient", "--set", "lrp.composite=epsilon", "--out", tmp_path)
    assert ran.code == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "index.html",
        "comparison.json",
        "comparison.png",
        "lrp",
        "gradient",
    }
    record = json.loads((tmp_path / "comparison.json").read_text())
    assert record["methods"]["lrp"]["settings"]["composite"] == "epsilon"
    assert {"random", "energy"} <= set(record["methods"]["gradient"]["scores"]["rows"][0]["controls"])
    page = (tmp_path / "index.html").read_text()
    assert page.index("lrp") < page.index("gradient")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--methods", "lrp,gradcam"), 'did you mean "grad-cam"'),
        (("--methods", "lrp,lrp"), "twice"),
        (("--methods", ","), "no methods"),
        (("--methods", "lrp", "--set", "ig.steps=3"), "does not name one of the methods compared"),
    ],
)
def test_a_wrong_comparison_is_told(
    auricle: Auricle, seven: Path, tmp_path: Path, arguments: tuple[str, ...], hint: str
) -> None:
    ran = auricle("compare", seven, *arguments, "--out", tmp_path)
    assert ran.code == 2
    assert hint in ran.complaints[0]


def test_the_demo_explains_the_bundled_clips_and_finds_the_planted_cause(auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("demo", "--out", tmp_path)
    assert ran.code == 0
    assert "5 of 5 clips explained" in ran.out
    lines = [line.split() for line in ran.out.splitlines() if "positive relevance there" in line]
    found = {words[0]: int(words[2]) for words in lines}
    assert set(found) == {"lrp", "ig", "deeplift", "grad-cam", "kernel-shap"}
    # The digit takes 39 % of the clip's time; the tone and the burst are as loud as it is.
    assert found["lrp"] > 90
    assert min(found.values()) > 70
    assert (tmp_path / "index.html").exists()
    assert (tmp_path / "planted-methods" / "index.html").exists()


def test_methods_are_listed_with_meaning_settings_and_source(auricle: Auricle) -> None:
    listed = json.loads(auricle("methods", "--json").out)
    own = [each for each in listed if "preset_of" not in each and not each.get("learnt")]
    assert [each["name"] for each in own] == list(METHODS)
    learnt = [each for each in listed if each.get("learnt")]
    assert [each["name"] for each in learnt] == [f"{name}:DIR" for name in LEARNT]
    for method in (*own, *learnt):
        assert method["summary"]
        assert method["source"]
        assert all(setting["meaning"] for setting in method["settings"]), method["name"]
    text = auricle("methods").out
    assert all(f"{name}: " in text for name in METHODS)


def test_models_and_metrics_are_listed(auricle: Auricle) -> None:
    digits, heart = json.loads(auricle("models", "--json").out)
    assert digits["name"] == "digits"
    assert "CC BY-SA 4.0" in str(digits["training_data"])
    assert heart["name"] == "heart"
    assert "no medical device" in str(heart["limits"])
    listed = json.loads(auricle("metrics", "--json").out)
    assert {each["name"] for each in listed} == set(METRICS)
    assert all(each["formula"] and each["source"] for each in listed)
    assert "digits: " in auricle("models").out
    assert "AD (average drop)" in auricle("metrics").out


def test_the_version_is_told(auricle: Auricle) -> None:
    assert auricle("--version").out.strip() == package.__version__


@pytest.mark.parametrize("what", ["import auricle", "import sys; sys.argv = ['auricle', '--help']; import auricle.cli"])
def test_importing_and_help_wait_with_torch(what: str) -> None:
    check = f"{what}; import sys; print(sorted({{'torch', 'matplotlib', 'librosa', 'sklearn'}} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
