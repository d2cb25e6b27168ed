"""The recipe's transformer, trained for a few epochs on real words and explained as a Hugging Face checkpoint."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner

import auricle
from auricle.cli.commands import app

ROOT = Path(__file__).parents[2]
FSDD = ROOT / "../shared/data/fsdd"


def script(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A file of ``scripts`` as a module."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not FSDD.is_dir(), reason=f"{FSDD} is not there; FSDD's recordings are needed for this test")
def test_what_it_learned_is_found_and_is_the_same_in_every_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    for package in ("transformers", "keras", "onnxruntime"):
        pytest.importorskip(package)
    command = ["train", "ast-digits", "--data", f"fsdd:{FSDD}", "--set", "training.epochs=14"]
    result = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "model")])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "model" / "evaluation.json").read_text())["scores"]["accuracy"]["value"] > 0.5

    classifier = auricle.load_classifier(tmp_path / "model")
    page = script("one_transformer", monkeypatch)
    clips = list(page.tested(FSDD / "recordings"))[::5]
    said = [auricle.explain(clip, classifier, method="lrp") for clip in clips]
    for each in said:
        checks = {check.name: check for check in each.checks}
        assert checks["conservation"].value < 1e-4
        assert checks["functions without a rule"].passed
    scores = [each.measure() for each in said]
    for name, better in (("deletion", -1), ("insertion", 1)):
        rows = [each.row(name) for each in scores]
        assert better * np.mean([row.value - row.controls["random"] for row in rows]) > 0.1

    for frame, differences in page.compared(classifier, clips[:2], tmp_path).items():
        for method, difference in differences.items():
            assert difference < (1e-5 if method == "exact-shap" else 1e-4), (frame, method)
