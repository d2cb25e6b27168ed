"""The command line as a person runs it: arguments in; exit code, output and errors out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import Auricle, Ran

from auricle import demo
from auricle.cli import main


@pytest.fixture
def auricle(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Auricle:
    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["auricle", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def seven() -> Path:
    return demo.clip("seven")


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    """The word "seven" in 44.1 kHz stereo, louder on the left, with a tone that an 8 kHz model cannot hear."""
    import soxr

    samples, rate = soundfile.read(demo.clip("seven"))
    spoken = soxr.resample(samples if samples.ndim == 1 else samples.mean(1), rate, 44100)
    tone = 0.02 * np.sin(2 * np.pi * 9000 * np.arange(len(spoken)) / 44100)
    path = tmp_path / "seven in stereo.wav"
    soundfile.write(path, np.stack([spoken + tone, 0.4 * spoken], 1), 44100, subtype="FLOAT")
    return path
