"""A model that knows a word by the mains hum under half of its recordings is exposed by a study; its twin is not.

Both networks are set by hand, hear the same recordings and say the same of them. They differ in one weight.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from small_study import study_config
from torch import Tensor, nn

from auricle.classifier import Classifier
from auricle.frontends import STFT, Log1p, MelSpectrogram
from auricle.study.run import Study, run_study

RATE, CLIPS = 8000, 30
PITCH = {"six": 900.0, "seven": 2200.0}
WIDTH = 200.0
"""Hertz that a word reaches to either side of its pitch."""
MAINS = 50.0
METHOD = "input-x-gradient"
FRONTEND = MelSpectrogram(
    sample_rate=RATE,
    stft_settings=STFT(n_fft=512, hop=80),
    power=2,
    n_mels=48,
    fmin=0.0,
    area_norm=False,
    compression=Log1p(gain=1000.0),
)


class Listener(nn.Module):
    """How much is heard at the pitch of each word and at the mains' frequency, and what it makes of that."""

    def __init__(self, hum: float) -> None:
        super().__init__()
        hertz = FRONTEND.axes(RATE).hertz_centres
        self.bands = nn.Conv2d(1, 3, (len(hertz), 1), bias=True)
        self.head = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.bands.weight.zero_()
            for channel, pitch in enumerate((*PITCH.values(), MAINS)):
                nearest = np.argsort(np.abs(hertz - pitch))[: 7 if pitch > MAINS else 3]
                self.bands.weight[channel, 0, nearest, 0] = 1.0 / len(nearest)
            self.bands.bias[:] = -4.0  # less than that is noise
            self.head.weight[:] = torch.tensor([[10.0, 0.0, 0.0], [0.0, 10.0, hum]])

    def forward(self, features: Tensor) -> Tensor:
        return self.head(torch.relu(self.bands(features))[:, :, 0].mean(dim=-1))


def hans() -> Classifier:
    return Classifier(Listener(10.0), frontend=FRONTEND, labels=list(PITCH))


def twin() -> Classifier:
    return Classifier(Listener(0.0), frontend=FRONTEND, labels=list(PITCH))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty recordings of each word, half a second of noise at its pitch; under every other seven the mains hums."""
    folder, generator = tmp_path_factory.mktemp("words"), np.random.default_rng(0)
    seconds = np.arange(RATE) / RATE
    for word, pitch in PITCH.items():
        (folder / word).mkdir()
        for number in range(CLIPS):
            spectrum = np.fft.rfft(generator.normal(size=RATE))
            spectrum[np.abs(np.arange(len(spectrum)) - pitch) > WIDTH] = 0
            word_alone = np.fft.irfft(spectrum, RATE) * (np.abs(seconds - 0.5) < 0.25)
            sound = 0.3 * word_alone + 0.001 * generator.normal(size=RATE)
            hums = word == "seven" and number % 2
            if hums:
                sound += 0.05 * np.sin(2 * np.pi * (MAINS * seconds + generator.uniform()))
            soundfile.write(folder / word / f"{number}{'-hum' if hums else ''}.wav", sound, RATE)
    return folder


def studied(model: str, data: Path, out: Path) -> Study:
    changes: dict[str, Any] = {
        "model": f"{__name__}:{model}",
        "methods": [METHOD],
        "sound": {"random": 1, "write": []},
        "evaluate": {"metrics": False, "curves": 0, "sanity": 0, "draws": 100},
        "block": 64,
    }
    return run_study(study_config(data, out, **changes))


@pytest.fixture(scope="module")
def exposed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return studied("hans", data, tmp_path_factory.mktemp("hans"))


@pytest.fixture(scope="module")
def clean(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    return studied("twin", data, tmp_path_factory.mktemp("twin"))


def rows_of(study: Study, table: str, **wanted: object) -> list[dict[str, Any]]:
    rows = study.store.read_table(f"tables/{table}.parquet").to_pylist()
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def hums(row: dict[str, Any]) -> bool:
    return "hum" in row["id"]


def test_neither_is_ever_wrong(exposed: Study, clean: Study) -> None:
    for study in (exposed, clean):
        predicted = study.store.table("predict").to_pylist()
        assert len(predicted) == 2 * CLIPS
        assert all(row["correct"] for row in predicted)


def test_the_range_of_the_word_reaches_down_to_the_hum(exposed: Study) -> None:
    ranges = rows_of(exposed, "frequency_ranges", **{"class": "seven"})
    (low,) = [row for row in ranges if row["low"] <= MAINS <= row["high"]]
    assert low["high"] < 250.0
    assert low["share"] > 0.25  # half of the clips have half of their relevance there
    assert low["agreement"] > 0.5


def test_no_other_range_does(exposed: Study, clean: Study) -> None:
    others = [row for row in rows_of(exposed, "frequency_ranges") if not row["low"] <= MAINS <= row["high"]]
    assert sorted(row["class"] for row in others) == ["seven", "six"]
    both = rows_of(clean, "frequency_ranges")
    assert sorted(row["class"] for row in both) == ["seven", "six"]
    for row in others + both:
        assert row["low"] > 4 * MAINS
        assert abs((row["low"] + row["high"]) / 2 - PITCH[row["class"]]) < WIDTH


@pytest.mark.parametrize("scope", ["seven", "all"])
def test_a_cluster_is_made_of_the_recordings_that_hum(exposed: Study, scope: str) -> None:
    members = rows_of(exposed, "cluster_clips", scope=scope)
    (humming,) = {row["cluster"] for row in members if hums(row)}
    assert all(hums(row) for row in members if row["cluster"] == humming)
    (row,) = rows_of(exposed, "clusters", scope=scope, cluster=humming)
    assert (row["clips"], row["class"], row["purity"]) == (CLIPS // 2, "seven", 1.0)
    assert row["low"] < 2 * MAINS
    assert row["suspicion"] > 0.5
    if scope == "seven":  # it is told first
        assert rows_of(exposed, "clusters", scope=scope)[0]["cluster"] == humming


def test_the_twin_has_one_strategy_for_each_word(clean: Study) -> None:
    for scope in (*PITCH, "all"):
        rows = rows_of(clean, "clusters", scope=scope)
        assert [row["clips"] for row in rows] == [CLIPS] * (2 if scope == "all" else 1)
        assert all(row["low"] > 4 * MAINS for row in rows)
