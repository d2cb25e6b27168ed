"""Interpreters of a classifier that is never given silence (``pad="none"``) learn from windows without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from torch import Tensor

from auricle import demo
from auricle.classifier import Classifier, Length
from auricle.cli.commands import app
from auricle.clip import load_clip
from auricle.errors import AuricleError
from auricle.interpreters import fitting
from auricle.interpreters.base import Interpreter
from auricle.models import load_classifier
from auricle.training.interpreting import InterpreterOrder, train_interpreter

RATE = 8000
SMALL: dict[str, dict[str, Any]] = {
    "flint": {"attributes": 6, "epochs": 1, "batch": 8},
    "l2i": {"components": 6, "width": 8, "epochs": 1, "batch": 8},
    "lmac": {"width": 4, "epochs": 1, "batch": 8},
}


def model(folder: Path, **length: Any) -> str:
    digits = load_classifier("digits")
    classifier = Classifier(
        digits.network, frontend=digits.frontend, labels=digits.labels, length=Length(pad="none", **length), name="any"
    )
    return str(classifier.save(folder / "model"))


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Two words in noise that is never silent: of each three clips of 0.25 s, and three that fill no whole windows."""
    rng = np.random.default_rng(0)
    for word in ("five", "seven"):
        (tmp_path / "words" / word).mkdir(parents=True)
        voice = load_clip(demo.clip(word)).mono(RATE)
        for take in range(6):
            count = 2000 if take < 3 else 5003 + 1111 * take
            noise = rng.choice([-1, 1], count) * rng.uniform(0.01, 0.02, count)
            samples = noise + np.resize(voice, count)
            samples[samples == 0.0] = 0.01
            soundfile.write(tmp_path / "words" / word / f"{take}.wav", samples, RATE, subtype="FLOAT")
    return tmp_path / "words"


def trained(
    kind: str, words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, model: str, seconds: float | None
) -> tuple[Interpreter, list[Tensor]]:
    """An interpreter, and all windows that the network was given while it was trained."""
    given: list[Tensor] = []
    heard = fitting.hear

    def listening(classifier: Classifier, samples: Tensor, *how: Any, clean: Tensor, **more: Any) -> Any:
        given.extend(clean)
        return heard(classifier, samples, *how, clean=clean, **more)

    monkeypatch.setattr(fitting, "hear", listening)
    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path / "cache"))
    order = InterpreterOrder(kind=kind, model=model, settings=SMALL[kind], data=str(words), seconds=seconds)
    return train_interpreter(order, tmp_path / "out"), given


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("length", [{}, {"seconds": 2.0}], ids=["any length", "up to 2 s"])
def test_no_window_that_the_network_is_given_holds_padding(
    kind: str, length: dict[str, float], words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = model(tmp_path, **length)
    found, given = trained(kind, words, tmp_path, monkeypatch, model=path, seconds=0.5)
    assert len(given) >= 6
    assert {each.shape for each in given} == {(4000,)}
    assert all(bool((each != 0.0).all()) for each in given)
    assert found.facts["left_out"] == 6
    assert "is 0.25 s long and does not fill a window of 0.5 s" in found.facts["left_out_because"]


def test_shorter_windows_take_the_short_clips_too(words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, given = trained("lmac", words, tmp_path, monkeypatch, model=model(tmp_path), seconds=0.25)
    assert found.facts["left_out"] == 0
    assert all(bool((each != 0.0).all()) for each in given)


def test_windows_that_no_clip_fills_are_told_with_the_remedy(
    words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AuricleError, match=r"no training clip of words could be heard.*take shorter windows"):
        trained("lmac", words, tmp_path, monkeypatch, model=model(tmp_path), seconds=3.0)
    with pytest.raises(AuricleError, match="hears at most 2 s, not 3 s; give a shorter --seconds"):
        trained("lmac", words, tmp_path, monkeypatch, model=model(tmp_path / "two", seconds=2.0), seconds=3.0)


def test_the_command_says_how_many_clips_were_left_out(
    words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    monkeypatch.setenv("AURICLE_CACHE", str(tmp_path / "cache"))
    small = [part for key, value in SMALL["lmac"].items() for part in ("--set", f"{key}={value}")]
    where = ["--model", model(tmp_path), "--data", words, "--seconds", 0.5, "--out", tmp_path / "out"]
    ran = CliRunner().invoke(app, list(map(str, ["interpreter", "train", "lmac", *where, *small])))
    assert ran.exit_code == 0, ran.output
    assert "6 clips left out; the first: " in ran.output
