"""The front-ends of the published networks are exactly what was published, and silence is their lowest value."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch

from auricle.clip import Clip
from auricle.frontends import preset
from auricle.frontends.compression import Log10

LOWEST = {
    "audiomnist-alexnet-caffe": -80.0,
    "audiblexai-gtzan-linear": -1.0,
    "audiblexai-gtzan-mel": -1.0,
    "gtzan-mel": -4.0,
    "gtzan-mel-6s": -4.0,
    "drsa-toy": -4.0,
    "heart": 0.0,
    "cnn14": -100.0,
    "cnn14-speechbrain": 0.0,
}


def sound(clips: list[Clip], rate: int, seconds: float) -> np.ndarray:
    samples = np.concatenate([clip.mono(rate) for clip in clips]).astype(np.float64)
    return samples[: round(rate * seconds)]


def heard(name: str, samples: np.ndarray) -> np.ndarray:
    return preset(name)(torch.as_tensor(samples)[None])[0].numpy()


@pytest.mark.parametrize("name", LOWEST)
def test_silence_is_the_lowest_value(name: str, clips: list[Clip]) -> None:
    rate = preset(name).sample_rate
    assert heard(name, np.zeros(rate)) == pytest.approx(LOWEST[name], abs=1e-9)
    assert heard(name, sound(clips, rate, 1.0)).min() >= LOWEST[name] - 1e-9


@pytest.mark.parametrize(
    ("name", "seconds", "n_fft", "hop", "bands", "frames"),
    [
        ("gtzan-mel", 3.0, 800, 360, 128, 128),
        ("gtzan-mel-6s", 6.0, 1024, 512, 128, 256),
        ("drsa-toy", 1.0, 480, 240, 64, 64),
    ],
)
def test_drsas_is_log10_of_htk_bands(
    name: str, seconds: float, n_fft: int, hop: int, bands: int, frames: int, clips: list[Clip]
) -> None:
    rate = preset(name).sample_rate
    samples = sound(clips, rate, seconds)
    samples = np.pad(samples, (0, round(rate * seconds) - len(samples)))
    magnitude = np.abs(
        librosa.stft(samples / np.abs(samples).max(), n_fft=n_fft, hop_length=hop, pad_mode="reflect")
    )
    mel = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands, htk=True, norm=None, dtype=np.float64) @ magnitude
    expected = np.maximum(np.log10(mel + 1e-7), -4.0)[:, 1 : frames + 1]
    found = heard(name, samples)
    assert found.shape == (1, bands, frames)
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_cnn14s_is_decibels_of_power_without_a_relative_floor(clips: list[Clip]) -> None:
    samples = sound(clips, 32000, 1.0)
    power = np.abs(librosa.stft(samples, n_fft=1024, hop_length=320, pad_mode="reflect")) ** 2
    filters = librosa.filters.mel(sr=32000, n_fft=1024, n_mels=64, fmin=50, fmax=14000, dtype=np.float64)
    expected = librosa.power_to_db(filters @ power, ref=1.0, amin=1e-10, top_db=None)
    found = heard("cnn14", samples)
    assert found.shape == (1, 101, 64)
    np.testing.assert_allclose(found[0].T, expected, atol=1e-5)
    assert np.ptp(expected) > 80  # else a floor would not show


def test_audiblexais_music_is_librosas(clips: list[Clip]) -> None:
    samples = sound(clips, 8000, 3.0)
    spectrum = librosa.stft(samples, n_fft=512, hop_length=64, pad_mode="reflect")
    linear = librosa.amplitude_to_db(np.abs(spectrum), ref=np.max, amin=1e-5, top_db=80) / 80
    mel = librosa.filters.mel(sr=8000, n_fft=512, n_mels=128, dtype=np.float64) @ np.abs(spectrum) ** 2
    assert linear.shape == (257, 376)
    np.testing.assert_allclose(heard("audiblexai-gtzan-linear", samples)[0], linear, atol=1e-9)
    np.testing.assert_allclose(
        heard("audiblexai-gtzan-mel", samples)[0], librosa.power_to_db(mel, ref=np.max) / 80, atol=1e-6
    )


def test_caffes_alexnet_hears_255_times_the_scaled_map(clips: list[Clip]) -> None:
    samples = sound(clips, 8000, 1.0)
    np.testing.assert_allclose(
        heard("audiomnist-alexnet-caffe", samples), 255 * heard("audiomnist-alexnet", samples), atol=1e-9
    )


def test_speechbrains_has_five_seconds_in_431_frames(clips: list[Clip]) -> None:
    samples = np.resize(sound(clips, 16000, 5.0), 80000)
    assert heard("cnn14-speechbrain", samples).shape == (1, 431, 80)


def test_a_heart_is_heard_between_25_and_900_hertz_at_any_level() -> None:
    front = preset("heart")
    axes = front.axes(4000)
    assert axes.hertz is not None
    assert axes.hertz[0] >= 25
    assert axes.hertz[-1] <= 900
    seconds = np.arange(4000) / 4000
    loudness = {hertz: heard("heart", np.sin(2 * np.pi * hertz * seconds)).max() for hertz in (60, 800, 1500)}
    assert loudness[60] > loudness[1500] + 3
    assert loudness[800] > loudness[1500] + 3
    beat = np.sin(2 * np.pi * 60 * seconds) * np.exp(-(((seconds - 0.5) / 0.05) ** 2))
    found = heard("heart", beat)[0]
    band, frame = np.unravel_index(found.argmax(), found.shape)
    assert axes.hertz[band] - 14 <= 60 <= axes.hertz[band + 1] + 14
    assert axes.seconds[frame] - 0.016 <= 0.5 <= axes.seconds[frame + 1] + 0.016
    np.testing.assert_allclose(heard("heart", 0.01 * beat)[0], found, atol=1e-6)
    assert np.isfinite(found).all()
    assert (found > 0).all(axis=1).sum() >= 60  # hardly a band without a bin


def test_log10_by_hand_and_its_slope_at_silence() -> None:
    values = torch.tensor([0.0, 1e-12, 1.0, 100.0], dtype=torch.float64, requires_grad=True)
    levels = Log10(factor=10.0, floor=-100.0)(values)
    assert torch.allclose(levels, torch.tensor([-100.0, -100.0, 0.0, 20.0], dtype=torch.float64))
    (slope,) = torch.autograd.grad(levels.sum(), values)
    assert slope[:2].tolist() == [0.0, 0.0]
    assert slope[2].item() == pytest.approx(10 / np.log(10))
    assert torch.allclose(Log10(offset=0.5)(values), torch.log10(values + 0.5))
