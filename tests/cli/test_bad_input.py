"""Bad input gets one clear sentence that names the thing and the remedy; nothing already written is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from command_line import Auricle
from torch import nn

import auricle as package
from auricle import demo
from auricle.cli import explaining
from auricle.frontends import Waveform


def write(path: Path, samples: np.ndarray, rate: int = 8000) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT", format="WAV")
    return path


def tone(seconds: float = 0.5, rate: int = 8000) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)


def truncated(path: Path) -> Path:
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 20000), 8000, format="FLAC")
    path.write_bytes(path.read_bytes()[:9000])
    return path


def one_hertz(path: Path) -> Path:
    return write(path, tone(), rate=1)


UNREADABLE = {
    "missing": (lambda path: path, "does not exist"),
    "a directory": (lambda path: path.mkdir() or path, "is a directory"),
    "empty": (lambda path: (path.write_bytes(b"") and path) or path, "is empty"),
    "text": (lambda path: path.write_text("dear diary, " * 50) and path, "cannot be read as sound"),
    "truncated": (truncated, "download it again"),
    "without samples": (lambda path: write(path, np.zeros(0)), "holds no samples"),
    "one sample": (lambda path: write(path, np.array([0.5])), "give at least 10 ms"),
    "silent": (lambda path: write(path, np.zeros(8000)), "is silent"),
    "NaN": (lambda path: write(path, np.where(np.arange(4000) == 7, np.nan, tone())), "NaN or infinity"),
    "infinite": (lambda path: write(path, np.where(np.arange(4000) == 7, np.inf, tone())), "NaN or infinity"),
    "1 Hz": (one_hertz, "sample rate of 1 Hz"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_clip_that_cannot_be_explained_is_one_line(auricle: Auricle, tmp_path: Path, kind: str) -> None:
    make, reason = UNREADABLE[kind]
    path = make(tmp_path / ("strange.flac" if kind == "truncated" else "strange.wav"))
    ran = auricle("explain", path, "--out", tmp_path / "out")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "strange" in ran.complaints[0]
    assert reason in ran.complaints[0]
    assert "Traceback" not in ran.err
    assert not (tmp_path / "out").exists()


def test_a_rate_without_sound_is_refused_before_any_section(
    auricle: Auricle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "sections", None)
    path = write(tmp_path / "clip.wav", tone(), rate=1)
    assert package.clip.duration(path) > explaining.LONG
    ran = auricle("explain", path, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "sample rate of 1 Hz" in ran.complaints[0]


@pytest.mark.parametrize(
    ("channels", "rate"), [(8, 48000), (1, 384000)], ids=["8 channels", "384 kHz"]
)
def test_unusual_recordings_are_explained(auricle: Auricle, tmp_path: Path, channels: int, rate: int) -> None:
    samples = np.repeat(tone(0.3, rate)[:, None], channels, 1)
    ran = auricle("explain", write(tmp_path / "odd.wav", samples, rate), "--out", tmp_path, "--no-measure")
    assert ran.code == 0
    original = soundfile.info(tmp_path / "odd" / "original.wav")
    assert (original.channels, original.samplerate, original.frames) == (channels, rate, len(samples))


@pytest.mark.parametrize("name", ["a 'quoted' & <b>bold</b>.wav", "スピーチ.wav", "x" * 120 + ".wav", "..wav"])
def test_clip_names_do_no_harm(auricle: Auricle, tmp_path: Path, name: str) -> None:
    path = tmp_path / name.replace("/", "_")
    path.write_bytes(demo.clip("seven").read_bytes())
    ran = auricle("explain", path, "--out", tmp_path / "out", "--no-measure")
    assert ran.code == 0
    (folder,) = (tmp_path / "out").iterdir()
    assert "<b>bold" not in (folder / "index.html").read_text()


def test_a_clip_may_be_called_like_the_index(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    named = tmp_path / "index.html.wav"
    named.write_bytes(seven.read_bytes())
    assert auricle("explain", named, seven, "--out", tmp_path / "out", "--no-measure").code == 0
    assert (tmp_path / "out" / "index.html").is_file()
    assert (tmp_path / "out" / "index.html-2" / "kept.wav").exists()


def test_a_name_that_is_not_text_is_told(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bad\xff.wav")
    path.write_bytes(seven.read_bytes())
    ran = auricle("explain", path, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "not valid UTF-8" in ran.complaints[0]


def test_stopping_keeps_what_is_written(
    auricle: Auricle, seven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = explaining.load_clip

    def stop_at_three(path: Path) -> package.Clip:
        if path.stem == "three":
            raise KeyboardInterrupt
        return load(path)

    monkeypatch.setattr(explaining, "load_clip", stop_at_three)
    ran = auricle("explain", seven, demo.clip("three"), "--out", tmp_path, "--no-measure")
    assert ran.code == 130
    assert ran.complaints == ["auricle: stopped; what was already written is complete"]
    assert {path.name for path in tmp_path.iterdir()} == {"seven"}
    assert (tmp_path / "seven" / "index.html").exists()


def test_a_damaged_section_does_not_lose_the_others(auricle: Auricle, tmp_path: Path) -> None:
    samples = np.tile(package.load_clip(demo.clip("nine")).mono(8000), 400)[: 8000 * 150]
    samples[8000 * 70] = np.nan
    ran = auricle("explain", write(tmp_path / "long.wav", samples), "--no-measure", "--out", tmp_path / "out")
    assert ran.code == 0
    written = {path.name for path in (tmp_path / "out" / "long").iterdir()}
    assert written == {"section-0001", "section-0003", "index.html", "explanation.json"}
    assert "NaN or infinity" in (tmp_path / "out" / "long" / "index.html").read_text()


def test_a_place_that_cannot_be_written_is_told(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = auricle("explain", seven, "--out", tmp_path / "file" / "out", "--no-measure")
    assert ran.code == 1
    assert "cannot be written" in ran.complaints[0]
    assert (tmp_path / "file").read_text() == "in the way"


def test_pickled_checkpoints_are_refused(auricle: Auricle, seven: Path, tmp_path: Path) -> None:
    alone = tmp_path / "model.pt"
    torch.save({"weight": torch.zeros(3)}, alone)
    ran = auricle("explain", seven, "--model", alone, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "may run code" in ran.complaints[0]
    folder = package.load_classifier("digits").save(tmp_path / "saved")
    torch.save({"weight": torch.zeros(3)}, folder / "model.safetensors")
    ran = auricle("explain", seven, "--model", folder, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "not a safetensors file" in ran.complaints[0]


class Wrong(nn.Module):
    """Returns whatever it is told to."""

    def __init__(self, output: torch.Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return self.output + 0 * samples.sum()


@pytest.mark.parametrize(
    ("output", "reason"),
    [(torch.zeros(1, 3), "must return logits of shape (1, 2)"), (torch.full((1, 2), torch.nan), "NaN or infinite")],
)
def test_a_network_that_answers_nonsense_is_told(output: torch.Tensor, reason: str) -> None:
    classifier = package.Classifier(Wrong(output), frontend=Waveform(sample_rate=8000), labels=["no", "yes"])
    with pytest.raises(package.AuricleError) as told:
        package.explain(demo.clip("seven"), classifier, method="gradient")
    assert reason in str(told.value)


PEAK = """
import resource, sys
from auricle.cli import main
sys.argv = ["auricle", "explain", sys.argv[1], "--no-measure", "--out", sys.argv[2]]
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MiB", file=sys.stderr)
"""


def long_recording(path: Path, seconds: int) -> Path:
    """Spoken digits, one every second, with a pause."""
    spoken = np.concatenate([np.pad(package.load_clip(p).mono(8000)[:8000], (0, 8000))[:8000] for p in demo.clips()])
    with soundfile.SoundFile(path, "w", 8000, 1, subtype="PCM_16", format="WAV") as file:
        for _ in range(seconds // 5):
            file.write(spoken)
    return path


def peak_mebibytes(path: Path, out: Path) -> int:
    command = [sys.executable, "-c", PEAK, str(path), str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(ran.stderr.split()[-2])


def test_a_long_recording_is_explained_section_by_section(auricle: Auricle, tmp_path: Path) -> None:
    ran = auricle("explain", long_recording(tmp_path / "long.wav", 90), "--no-measure", "--out", tmp_path)
    assert ran.code == 0
    record = json.loads((tmp_path / "long" / "explanation.json").read_text())
    assert [window["label"] for window in record["windows"][:5]] == ["five", "nine", "four", "seven", "three"]
    assert record["windows"][-1]["end"] == 90.0
    assert (tmp_path / "long" / "section-0002" / "index.html").exists()


@pytest.mark.slow
def test_an_hour_takes_no_more_memory_than_three_minutes(tmp_path: Path) -> None:
    short = peak_mebibytes(long_recording(tmp_path / "short.wav", 180), tmp_path / "short")
    hour = peak_mebibytes(long_recording(tmp_path / "hour.wav", 3600), tmp_path / "hour")
    assert hour - short < 300
