"""Sound is read as it is, and what cannot be read gets one clear sentence."""

from __future__ import annotations

import dataclasses
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

import auricle
from auricle.classifier import Classifier
from auricle.clip import Clip, duration, load_clip, sections, write_sound
from auricle.errors import AuricleError

RATE = 8000


def speech(clips: list[Clip]) -> np.ndarray:
    return clips[1].samples[0]


def write(path: Path, samples: np.ndarray, rate: int = RATE, **settings: str) -> Path:
    soundfile.write(path, samples, rate, **settings)
    return path


def refused(path: Path, *words: str) -> None:
    """One sentence that names the file and says what is wrong."""
    with pytest.raises(AuricleError) as caught:
        load_clip(path)
    message = str(caught.value)
    assert str(path) in message or path.stem in message
    assert "\n" not in message
    for word in words:
        assert word in message


# --- good sound ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_every_kind_of_file_is_read(kind: str, tmp_path: Path, clips: list[Clip]) -> None:
    path = write(tmp_path / f"seven.{kind}", speech(clips))
    clip = load_clip(path)
    assert (clip.name, clip.source, clip.sample_rate, clip.channels) == ("seven", str(path), RATE, 1)
    assert clip.seconds == pytest.approx(len(speech(clips)) / RATE, abs=0.2)
    assert duration(path) == pytest.approx(clip.seconds)
    if kind in ("wav", "flac", "aiff"):
        np.testing.assert_allclose(clip.samples[0], speech(clips), atol=1 / 32768)


def test_a_clip_made_from_another_sounds_as_its_own_samples() -> None:
    whole = Clip(np.linspace(-1, 1, 8000, dtype=np.float32), 8000)
    assert len(whole.mono(8000)) == 8000
    assert len(whole.mono(4000)) == 4000
    quiet_half = dataclasses.replace(whole, samples=whole.samples[:, :4000] / 2)
    np.testing.assert_array_equal(quiet_half.mono(8000), whole.mono(8000)[:4000] / 2)
    assert len(quiet_half.mono(4000)) == 2000


def test_eight_channels_are_kept_and_mixed(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 8)).astype(np.float32)
    clip = load_clip(write(tmp_path / "eight.wav", samples, subtype="FLOAT"))
    assert clip.samples.shape == (8, 4000)
    np.testing.assert_array_equal(clip.samples, samples.T)
    np.testing.assert_allclose(clip.mono(RATE), samples.mean(1), atol=1e-7)


def test_the_highest_rate_is_resampled_and_keeps_its_pitch(tmp_path: Path) -> None:
    rate = 384_000
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate)
    clip = load_clip(write(tmp_path / "high.wav", tone, rate))
    mono = clip.mono(RATE)
    assert clip.sample_rate == rate
    assert len(mono) == RATE
    assert np.abs(np.fft.rfft(mono)).argmax() == 1000
    assert np.abs(mono[100:-100]).max() == pytest.approx(0.5, abs=0.01)


def test_resampling_keeps_what_fits_and_drops_what_does_not() -> None:
    time = np.arange(44100) / 44100
    clip = Clip(np.sin(2 * np.pi * 1000 * time) + np.sin(2 * np.pi * 9000 * time), 44100)
    spectrum = np.abs(np.fft.rfft(clip.mono(RATE)))
    assert spectrum.argmax() == 1000
    assert spectrum[[1000 - 8, 9000 - 8000]].max() == spectrum[1000]
    assert np.delete(spectrum, range(990, 1011)).max() < 0.01 * spectrum[1000]


def test_a_clip_cannot_be_changed() -> None:
    samples = np.ones(100, np.float32)
    clip = Clip(samples, RATE)
    samples[0] = 5.0
    assert clip.samples[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0, 0] = 2.0
    with pytest.raises(ValueError, match="read-only"):
        clip.mono(RATE)[0] = 2.0


def test_the_hash_is_of_the_sound_and_not_of_the_name(tmp_path: Path, clips: list[Clip]) -> None:
    first = load_clip(write(tmp_path / "a.wav", speech(clips)))
    second = load_clip(write(tmp_path / "b.wav", speech(clips)))
    assert first.content_hash == second.content_hash
    assert first.content_hash != Clip(first.samples, 16000).content_hash
    assert first.content_hash != Clip(first.samples[:, :-1], RATE).content_hash


def test_written_sound_comes_back_bit_by_bit(tmp_path: Path) -> None:
    loud = np.array([0.0, 1.7, -2.5, 1e-9], np.float32)
    write_sound(tmp_path / "loud.wav", loud, RATE)
    np.testing.assert_array_equal(load_clip(tmp_path / "loud.wav").samples[0], loud)


# --- bad input ----------------------------------------------------------------------------------------------------


def test_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.wav", "does not exist", "check the path")


def test_a_directory(tmp_path: Path) -> None:
    refused(tmp_path, "is a directory")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    refused(tmp_path / "empty.wav", "is empty")


def test_a_text_file_called_wav(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("This is not a sound.\n" * 50)
    refused(tmp_path / "text.wav", "cannot be read as sound")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_flac(share: float, tmp_path: Path, clips: list[Clip]) -> None:
    path = write(tmp_path / "cut.flac", np.tile(speech(clips), 20))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(AuricleError, match=r"truncated|breaks off|cannot be read"):
        load_clip(path)


def test_no_samples(tmp_path: Path) -> None:
    refused(write(tmp_path / "none.wav", np.zeros(0)), "holds no samples")


def test_one_sample(tmp_path: Path, digits: Classifier) -> None:
    clip = load_clip(write(tmp_path / "one.wav", np.array([0.5])))
    assert clip.samples.shape == (1, 1)
    with pytest.raises(AuricleError, match=r"one is 1 sample long .* at least 10 ms"):
        auricle.explain(clip, digits)


def test_silence(tmp_path: Path, digits: Classifier) -> None:
    clip = load_clip(write(tmp_path / "hush.wav", np.zeros(RATE)))
    with pytest.raises(AuricleError, match="hush is silent"):
        auricle.explain(clip, digits)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(bad: float, tmp_path: Path) -> None:
    samples = np.zeros(RATE, np.float32)
    samples[[5, 70]] = bad
    refused(write(tmp_path / "bad.wav", samples, subtype="FLOAT"), "2 samples of NaN or infinity")


def test_a_rate_of_one_hertz(tmp_path: Path) -> None:
    refused(write(tmp_path / "slow.wav", np.ones(100) * 0.1, 1), "sample rate of 1 Hz", "too low")


def test_a_shape_that_is_no_sound() -> None:
    with pytest.raises(AuricleError, match=r"\(2, 3, 4\)"):
        Clip(np.zeros((2, 3, 4)), RATE)


# --- long recordings ----------------------------------------------------------------------------------------------


def test_an_hour_is_read_in_constant_memory(tmp_path: Path) -> None:
    path, minute = tmp_path / "hour.wav", np.zeros(60 * RATE, np.int16)
    with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
        for number in range(60):
            minute[:] = number
            file.write(minute)
    assert duration(path) == 3600
    tracemalloc.start()
    for number, clip in enumerate(sections(path, seconds=60)):
        assert clip.samples.shape == (1, 60 * RATE)
        assert clip.start_seconds == 60 * number
        assert (clip.samples * 32768 == number).all()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == 59
    assert peak < 10 * minute.size * 4  # a few copies of one minute as float32; the hour would be 60


def test_sections_join_to_the_whole(tmp_path: Path, clips: list[Clip]) -> None:
    path = write(tmp_path / "long.wav", np.tile(speech(clips), 3))
    parts = list(sections(path, seconds=0.4))
    np.testing.assert_array_equal(np.concatenate([p.samples for p in parts], axis=1), load_clip(path).samples)
    assert len({part.name for part in parts}) == len(parts), "every section has a name of its own"
