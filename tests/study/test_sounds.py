"""What a study lets people hear, and the files it writes."""

import io

import numpy as np
import pytest
import soundfile

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.regions.base import Regions, drawn
from auricle.sonify import sonify_regions
from auricle.sonify.boxes import Box
from auricle.study.config import Sound
from auricle.study.sounds import controls, flac_bytes, make, sounds_of

ALL = ["relevant", "removed", "random", "matched", "amplified", "joined"]
BOXES = (Box(200, 900, 0.1, 0.3), Box(1000, 1600, 0.45, 0.6))


@pytest.fixture(scope="module")
def seven(clips):
    return next(clip for clip in clips if clip.name == "seven")


@pytest.fixture(scope="module")
def found(digits, seven):
    axes = digits.frontend.axes(len(seven.mono(8000)))
    return Regions(drawn(BOXES, axes), axes, BOXES)


def read(data):
    return soundfile.read(io.BytesIO(data), dtype="float64", always_2d=True)[0].T


@pytest.mark.parametrize("style", ["mask", "identification", "reconstruction"])
def test_every_kind_is_made(style, digits, seven, found):
    sounds = sounds_of(seven, digits, found, Sound(style=style, random=2, write=ALL), seed=0)
    assert list(sounds) == ["relevant", "removed", "random-1", "random-2", "matched", "amplified", "joined"]
    for kind, each in sounds.items():
        assert each.name == f"seven-{kind}"
        assert each.sample_rate == 8000
        assert each.samples.any()
        if kind != "joined":
            assert each.samples.shape == (1, len(seven.mono(8000)))
    if style != "reconstruction":
        both = sounds["relevant"].samples + sounds["removed"].samples
        np.testing.assert_allclose(both[0], seven.mono(8000), atol=1e-6)


def test_only_what_is_asked_for_is_made(digits, seven, found):
    assert list(sounds_of(seven, digits, found, Sound(write=["joined"]), seed=0)) == ["joined"]
    kept = sounds_of(seven, digits, found, Sound(write=["relevant"]), seed=0)["relevant"]
    np.testing.assert_array_equal(kept.samples, sonify_regions(seven, digits.frontend, found).kept.samples)


def test_levels_are_noted(digits, seven, found):
    made = make(seven, digits, found, Sound(write=ALL, amplify_db=60.0), seed=0)
    relevant = made.sounds["relevant"].samples
    for kind in ("matched", "amplified"):
        gain = 10 ** (made.notes[kind]["gain_db"] / 20)
        np.testing.assert_allclose(made.sounds[kind].samples, gain * relevant, rtol=1e-5)
    assert made.sounds["amplified"].peak == pytest.approx(1.0, abs=1e-6)
    assert made.notes["amplified"]["gain_db"] < 60.0
    assert made.notes["random-1"]["regions"]["left_out"] == 0


def test_joined_holds_only_the_regions(digits, seven, found):
    made = make(seven, digits, found, Sound(write=["joined"]), seed=0)
    assert made.notes["joined"]["spans"] == [[0.1, 0.3], [0.45, 0.6]]
    assert made.sounds["joined"].seconds == pytest.approx(0.2 + 0.15 + 4 * 0.01 + 0.05, abs=1e-3)


def test_nothing_relevant_makes_no_sound(digits, seven, found):
    nothing = Regions(np.zeros_like(found.mask), found.axes)
    assert sounds_of(seven, digits, nothing, Sound(write=ALL), seed=0) == {}


def test_full_band_is_the_recordings_rate(digits, seven, found):
    sounds = sounds_of(seven, digits, found, Sound(write=ALL, full_band=True, random=1), seed=0)
    assert {each.sample_rate for each in sounds.values()} == {seven.sample_rate}
    assert sounds["relevant"].samples.shape == seven.samples.shape


def test_same_seed_same_bytes(digits, seven, found):
    first, again, other = (
        [flac_bytes(each)[0] for each in sounds_of(seven, digits, found, Sound(write=ALL), seed=seed).values()]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_each_clip_has_its_own_random_places(clips, found):
    """The same boxes in different clips, and one clip twice."""
    drawn_for = [controls(clip, found, Sound(random=2), seed=0) for clip in (*clips, clips[0])]
    placed = [tuple(each.boxes for each in one) for one in drawn_for]
    assert placed[0] == placed[-1]
    assert len(set(placed)) == len(clips)


def test_flac_is_the_sound_to_24_bits():
    samples = np.random.default_rng(0).uniform(-1, 1, size=(2, 5000)).astype(np.float32)
    data, gain_db, peak = flac_bytes(Clip(samples, 44100))
    assert soundfile.info(io.BytesIO(data)).subtype == "PCM_24"
    assert soundfile.info(io.BytesIO(data)).samplerate == 44100
    assert gain_db == 0.0
    assert peak == np.abs(samples).max()
    np.testing.assert_allclose(read(data), samples, atol=2**-23)


def test_louder_than_full_scale_is_turned_down_and_noted():
    clip = Clip(np.array([[0.0, 3.0, -4.0, 1.0]]), 8000)
    data, gain_db, peak = flac_bytes(clip)
    assert peak == 4.0
    assert gain_db == pytest.approx(-12.0412, abs=1e-3)
    np.testing.assert_allclose(read(data) / 10 ** (gain_db / 20), clip.samples, atol=1e-6)


def test_full_scale_and_silence_are_written():
    samples = np.array([[1.0, -1.0, 0.0]])
    np.testing.assert_allclose(read(flac_bytes(Clip(samples, 8000))[0]), samples, atol=2**-22)
    data, gain_db, peak = flac_bytes(Clip(np.zeros(100), 8000))
    assert not read(data).any()
    assert gain_db == peak == 0.0


def test_flac_holds_eight_channels():
    with pytest.raises(AuricleError, match=r"9 channels.*full_band"):
        flac_bytes(Clip(np.zeros((9, 100)), 8000))
