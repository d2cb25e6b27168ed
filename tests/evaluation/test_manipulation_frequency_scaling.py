"""Frequency scaling: tones go where they should, factor 1 changes nothing, and a model of pitch is turned round."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from linear_listener import example, listener
from torch import nn

from auricle.classifier import Classifier, Length
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.evaluation.manipulation import as_example, frequency_scaling, scaled
from auricle.frontends import STFT, Decibel, Frontend, Log1p, MelSpectrogram, Spectrogram

RATE = 8000
PITCH = {"male": 120.0, "female": 180.0}
GRID = STFT(n_fft=1024, hop=256)
FRONTS = {
    "linear": Spectrogram(sample_rate=RATE, stft_settings=GRID, compression=Decibel(of="magnitude", scale=80.0)),
    "power": Spectrogram(sample_rate=RATE, stft_settings=GRID, power=2, compression=None, rows=200),
    "mel": MelSpectrogram(sample_rate=RATE, stft_settings=GRID, power=2, n_mels=128, compression=Log1p(gain=100.0)),
}


class ByPitch(nn.Module):
    """Compares what is at the fundamental of male voices with what is at that of female ones."""

    def __init__(self, rows: list[int]) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.stack([features[:, 0, row].mean(-1) for row in self.rows], 1)


def hears_pitch(front: Frontend) -> Classifier:
    centres = front.axes(RATE).hertz_centres
    rows = [int(np.abs(centres - hertz).argmin()) for hertz in PITCH.values()]
    assert rows[0] != rows[1]
    return Classifier(ByPitch(rows), frontend=front, labels=list(PITCH), length=Length(seconds=1.0))


def voice(hertz: float, seed: int) -> Clip:
    """A fundamental and its harmonics, with a little noise."""
    at = np.arange(RATE) / RATE
    rng = np.random.default_rng(seed)
    hertz *= rng.uniform(0.99, 1.01)
    sound = sum(np.sin(2 * np.pi * k * hertz * at + rng.uniform(0, 6)) / k for k in range(1, 10))
    return Clip(0.1 * sound + 0.0005 * rng.normal(size=RATE), RATE)


def voices(classifier: Classifier, count: int = 6) -> list:
    found = []
    for who, hertz in PITCH.items():
        for n in range(count):
            row = {"id": f"{who}{n}", "actual": who, "gender": who, "speaker": f"{who}{n % 3}"}
            found.append(as_example(row, voice(hertz, n), classifier))
    return found


def test_a_factor_of_one_is_the_same_bits() -> None:
    stft = STFT(n_fft=455, hop=35)(torch.randn(3, 8000))
    stft[0, 5] = 0  # where nothing is, there is no phase either
    assert torch.equal(scaled(stft, torch.ones(3)), stft)


@pytest.mark.parametrize("factor", [1.5, 0.66, 2.0])
def test_a_tone_goes_where_the_factor_says(factor: float) -> None:
    at = torch.arange(8000) / RATE
    stft = GRID(torch.stack([torch.sin(2 * torch.pi * hertz * at) for hertz in (500.0, 1000.0)]))
    moved = scaled(stft, torch.full((2,), factor)).abs().mean(-1)
    peaks = moved.argmax(1) * RATE / GRID.n_fft
    np.testing.assert_allclose(peaks.numpy(), [500 * factor, 1000 * factor], atol=RATE / GRID.n_fft)
    level = moved.amax(1) / stft.abs().mean(-1).amax(1)
    assert ((level > 0.6) & (level < 1.01)).all()  # a narrow peak may come to lie between two bins


def test_every_clip_has_its_own_factor_and_nothing_comes_from_above() -> None:
    stft = GRID(torch.randn(2, 8000))
    moved = scaled(stft, torch.tensor([1.0, 0.5]))
    assert torch.equal(moved[0], stft[0])
    assert not moved[1, 257:].any()
    torch.testing.assert_close(moved[1, :257].abs(), stft[1, ::2].abs())


@pytest.mark.parametrize("front", FRONTS)
def test_a_model_of_pitch_says_the_other_gender(front: str) -> None:
    found = frequency_scaling(voices(hears_pitch(FRONTS[front])), group="speaker")
    assert found.accuracy("before").mean == 1.0
    assert found.accuracy("after").mean == 0.0
    assert found.flipped("male").mean == found.flipped("female").mean == 1.0
    assert found.control == 0.0
    np.testing.assert_array_equal(found.confusion("before"), [[6, 0], [0, 6]])
    np.testing.assert_array_equal(found.confusion("after"), [[0, 6], [6, 0]])
    assert "from 100.0 % to 0.0 %" in found.sentence
    table = found.table().to_pylist()
    assert [row["gender"] for row in table] == ["all", "male", "female"]
    assert [row["clips"] for row in table] == [12, 6, 6]
    assert found.clips()["after"].to_pylist() == ["female"] * 6 + ["male"] * 6


def test_a_factor_of_one_for_all_flips_nothing() -> None:
    found = frequency_scaling(voices(hears_pitch(FRONTS["mel"])), factors={"male": 1.0, "female": 1.0})
    assert found.accuracy("after") == found.accuracy("before")
    assert found.flipped().mean == 0.0


def test_other_values_are_left_out() -> None:
    found = frequency_scaling(voices(hears_pitch(FRONTS["linear"])), factors={"male": 1.5})
    assert {row["gender"] for row in found.rows} == {"male"}
    assert list(found.factors) == ["male"]


def test_bad_requests() -> None:
    clips = voices(hears_pitch(FRONTS["linear"]), 1)
    with pytest.raises(AuricleError, match=r'no column "gendre".*did you mean "gender"'):
        frequency_scaling(clips, by="gendre")
    with pytest.raises(AuricleError, match="cannot scale"):
        frequency_scaling(clips, factors={"male": -1.0})
    with pytest.raises(AuricleError, match="none has gender of child"):
        frequency_scaling(clips, factors={"child": 2.0})
    waveform = example(np.full(1000, 0.1), listener(np.ones(1000)), gender="male")
    with pytest.raises(AuricleError, match="hears samples"):
        frequency_scaling([waveform])
