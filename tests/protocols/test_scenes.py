"""The clips of each protocol: what is in them, at which level, and that their parts are the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from low_and_high import RATE, choice, tone

from auricle.datasets import Dataset
from auricle.datasets.planted import make_planted, open_planted
from auricle.errors import AuricleError
from auricle.evaluation.predictions import Failure
from auricle.protocols import PROTOCOLS, Scene, protocol, scenes
from auricle.protocols.recordings import Recordings, known_sources


def decibels(first: np.ndarray, second: np.ndarray) -> float:
    return float(10 * np.log10(np.square(first, dtype=float).sum() / np.square(second, dtype=float).sum()))


def made(folder: Path, name: str, **settings) -> list[Scene]:
    found = list(scenes(choice(folder), name, **settings))
    assert not [each for each in found if isinstance(each, Failure)]
    return found


def test_an_overlap_is_two_clips_of_different_classes_whose_sources_add_up(tmp_path: Path) -> None:
    found = made(tmp_path, "overlap", snr=3.0)
    assert len(found) == 8
    for scene in found:
        assert set(scene.sources) == {"low", "high"}
        first, second = scene.sources[scene.labels[0]], scene.sources[scene.recipe["other_label"]]
        np.testing.assert_array_equal(first + second, scene.clip.samples[0])
        assert decibels(first, second) == pytest.approx(3.0, abs=0.01)
        assert scene.group == scene.recipe["id"]


def test_a_weight_takes_the_place_of_an_snr(tmp_path: Path) -> None:
    scene = made(tmp_path, "overlap", weight=0.5, limit=1)[0]
    first, second = scene.sources[scene.labels[0]], scene.sources[scene.recipe["other_label"]]
    assert np.abs(second).max() / np.abs(first).max() == pytest.approx(0.5, abs=0.01)
    assert scene.condition == "λ = 0.5"


def test_the_same_seed_makes_the_same_scenes_whatever_the_limit(tmp_path: Path) -> None:
    many, few = made(tmp_path, "overlap", seed=3), made(tmp_path, "overlap", seed=3, limit=2)
    assert [each.id for each in few] == [each.id for each in many[:2]]
    for one, other in zip(few, many, strict=False):
        np.testing.assert_array_equal(one.clip.samples, other.clip.samples)
    assert [each.id for each in made(tmp_path, "overlap", seed=4)] != [each.id for each in many]


def test_noise_comes_at_six_and_at_zero_decibels(tmp_path: Path) -> None:
    found = made(tmp_path, "noise", colour="pink", limit=2)
    assert [each.condition for each in found] == ["pink noise, 6 dB", "pink noise, 0 dB"] * 2
    for scene, wanted in zip(found, (6.0, 0.0) * 2, strict=True):
        own = scene.sources[scene.labels[0]]
        assert decibels(own, scene.clip.samples[0] - own) == pytest.approx(wanted, abs=0.01)


def test_a_contaminating_clip_lies_twelve_decibels_below_and_is_of_another_class(tmp_path: Path) -> None:
    for scene in made(tmp_path, "mixtures"):
        own = scene.sources[scene.labels[0]]
        assert decibels(own, scene.clip.samples[0] - own) == pytest.approx(12.0, abs=0.01)
        assert scene.recipe["other_label"] not in scene.labels


def test_speech_is_of_a_folder_or_of_the_bundled_voices(tmp_path: Path) -> None:
    voices = tmp_path / "voices"
    voices.mkdir()
    soundfile.write(voices / "hum.wav", tone(100).samples[0], RATE)
    own = made(tmp_path, "speech", speech=voices, limit=1)[0]
    assert own.recipe["other"] == "speech of hum.wav"
    bundled = made(tmp_path, "speech", limit=1)[0]
    assert bundled.recipe["other"].removeprefix("speech of ") in {"five.wav", "nine.wav", "seven.wav", "three.wav"}
    (tmp_path / "empty").mkdir()
    with pytest.raises(AuricleError, match="holds no sound files"):
        made(tmp_path, "speech", speech=tmp_path / "empty", limit=1)
    with pytest.raises(AuricleError, match="is not a folder"):
        made(tmp_path, "speech", speech=tmp_path / "nowhere", limit=1)
    with pytest.raises(AuricleError, match="no blue noise"):
        made(tmp_path, "noise", colour="blue")


def test_a_clip_that_cannot_be_mixed_is_a_failure_and_the_others_come(tmp_path: Path) -> None:
    chosen = choice(tmp_path)
    soundfile.write(tmp_path / "low-1.wav", np.zeros(RATE // 2), RATE)
    found = list(scenes(chosen, "noise"))
    failed = [each for each in found if isinstance(each, Failure)]
    assert [each.id for each in failed] == ["low-1.wav"]
    assert "silent" in failed[0].reason
    assert len(found) - len(failed) == 14


def test_stems_of_a_corpus_are_its_sources(tmp_path: Path) -> None:
    make_planted(tmp_path / "planted", clips=10)
    dataset: Dataset = open_planted(tmp_path / "planted")
    chosen = choice(tmp_path)
    recordings = Recordings(
        type(chosen)(**{**vars(chosen), "dataset": dataset, "task": "event", "numbers": np.arange(10)})
    )
    for number in range(10):
        sources = known_sources(recordings, number, RATE)
        assert set(sources) == set(recordings.labels[number])
        assert all(len(each) == RATE and each.any() for each in sources.values())


def test_what_is_asked_wrongly_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuricleError, match='no protocol is called "overlaps"; did you mean "overlap"'):
        protocol("overlaps")
    with pytest.raises(AuricleError, match="0 clips leave nothing"):
        made(tmp_path, "overlap", limit=0)
    one = choice(tmp_path)
    only = type(one)(**{**vars(one), "numbers": np.array([0, 2])})
    told = list(scenes(only, "overlap"))
    assert all(isinstance(each, Failure) and "no clip" in each.reason for each in told)
    assert {each.name for each in PROTOCOLS.values()} == set(PROTOCOLS)
