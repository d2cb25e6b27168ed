"""Several maps of one clip as sound: each its own share, nothing lost, nothing twice, louder where it matters more."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyloudnorm
import pytest

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform, preset
from auricle.sonify import Masking, sonify
from auricle.sonify.shares import shared_masks, sonify_shares
from auricle.sonify.sounds import Sounds

RATE = 8000


def noise(n: int, channels: int = 1, rate: int = RATE) -> Clip:
    samples = np.random.default_rng(0).uniform(-0.3, 0.3, (channels, n)).astype(np.float32)
    return Clip(samples, rate, "noise")


def maps_for(front: Frontend, clip: Clip, count: int = 3) -> tuple[np.ndarray, Axes]:
    """Random relevance of both signs."""
    n = len(clip.mono(front.sample_rate))
    axes = front.stft_axes(n) if isinstance(front, Waveform) else front.axes(n)
    return np.random.default_rng(1).normal(size=(count, *axes.shape)), axes


def bands(axes: Axes, *edges: float, weights: tuple[float, ...] | None = None) -> np.ndarray:
    """A map for each band between two edges in hertz, all of time."""
    centres = axes.hertz_centres
    found = [(centres >= low) & (centres < high) for low, high in pairwise(edges)]
    each = [np.repeat(band[:, None], axes.shape[1], 1).astype(float) for band in found]
    return np.stack(each) * np.reshape(weights or (1.0,) * len(each), (-1, 1, 1))


def kept(sounds: list[Sounds]) -> np.ndarray:
    return np.sum([each.kept.samples.astype(np.float64) for each in sounds], axis=0)


@pytest.mark.parametrize("front", [preset("digits"), Waveform(sample_rate=RATE)], ids=["mel", "samples"])
@pytest.mark.parametrize("extra", [0, 37])
def test_shares_and_what_none_of_them_keeps_are_the_clip(front: Frontend, extra: int) -> None:
    clip = noise(RATE + extra)
    maps, axes = maps_for(front, clip)
    sounds = sonify_shares(clip, front, maps, axes)
    # The mask of all is a mask, so its rest is 1 - m: as if all maps' relevance were one.
    together = np.sum([each.mask for each in sounds], axis=0)
    assert together.min() >= 0
    assert together.max() <= 1 + 1e-9
    assert together.max() > 0.1
    for each in sounds:
        assert each.mask.min() >= 0
        assert each.kept.samples.shape == clip.samples.shape
        np.testing.assert_allclose(each.kept.samples + each.removed.samples, clip.samples, atol=1e-6)
    rest = clip.samples - kept(sounds)
    assert np.square(rest).sum() < np.square(clip.samples).sum()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_full_band_keeps_rate_channels_and_length(channels: int, rate: int) -> None:
    front, clip = preset("digits"), noise(rate + 13, channels, rate)
    sounds = sonify_shares(clip, front, *maps_for(front, clip), full_band=True)
    for each in sounds:
        assert each.kept.sample_rate == rate
        assert each.kept.samples.shape == clip.samples.shape
        np.testing.assert_allclose(each.kept.samples + each.removed.samples, clip.samples, atol=1e-6)


@pytest.mark.parametrize("full_band", [False, True])
def test_maps_that_hold_everything_leave_nothing(full_band: bool) -> None:
    """Four bands, one concept each: together they are the clip, also above what the model hears."""
    front, clip = preset("digits"), noise(44100, 2, 44100)
    axes = front.axes(len(clip.mono(RATE)))
    maps = bands(axes, 0, 500, 1000, 2000, 5000)
    sounds = sonify_shares(clip, front, maps, axes, Masking(blur=0.0, share=1.0), full_band=full_band)
    original = clip.samples if full_band else clip.mono(RATE)[None]
    rest = original - kept(sounds)
    inside = np.s_[:, len(rest[0]) // 10 : -len(rest[0]) // 10]
    spectrum = np.abs(np.fft.rfft(rest[inside])) / np.abs(np.fft.rfft(original[inside])).mean()
    hertz = np.fft.rfftfreq(rest[inside].shape[-1], 1 / sounds[0].kept.sample_rate)
    assert np.sqrt(np.square(spectrum[:, hertz > 200]).mean()) < 0.1  # what lies below the mel bands
    energies = [each.notes["energy"] for each in sounds]
    assert min(energies) > 0.01


def test_one_share_is_the_plain_sound(clips: list[Clip]) -> None:
    """With one map there is nothing to share out; silence that was padded behind the clip has no say."""
    front, clip = preset("digits"), clips[1]
    axes = front.axes(RATE)  # padded to a second
    map = np.random.default_rng(0).normal(size=axes.shape)
    map[:, axes.seconds_centres > clip.seconds] = 50.0
    (share,) = sonify_shares(clip, front, map[None], axes)
    plain = sonify(clip, front, map, axes)
    np.testing.assert_allclose(share.mask, plain.mask, atol=1e-9)
    np.testing.assert_allclose(share.kept.samples, plain.kept.samples, atol=1e-6)
    (equal,) = sonify_shares(clip, front, map[None], axes, loudness="equal")
    matched = sonify(clip, front, map, axes, Masking(match_loudness=True))
    np.testing.assert_allclose(equal.kept.samples, matched.kept.samples, atol=1e-6)


def test_a_cell_is_shared_out_in_proportion() -> None:
    maps = np.array([[[3.0, 0.0, -5.0]], [[1.0, 2.0, 0.5]]])
    found = shared_masks(maps, Masking(blur=0.0, share=1.0))
    np.testing.assert_allclose(found.sum(0), [[1.0, 1.0, 1.0]])
    np.testing.assert_allclose(found[0], [[0.75, 0.0, 0.0]])
    against = shared_masks(maps, Masking(blur=0.0, share=1.0, sign="negative"))
    np.testing.assert_allclose(against, [[[0.0, 0.0, 1.0]], [[0.0, 0.0, 0.0]]])
    both = shared_masks(maps, Masking(blur=0.0, share=1.0, sign="both"))
    np.testing.assert_allclose(both[0], [[0.75, 0.0, 5 / 5.5]])


def test_louder_is_more_relevant() -> None:
    """All concepts look at the same second; they differ in how much they count."""
    front, clip = preset("digits"), noise(RATE)
    axes = front.axes(RATE)
    everywhere = np.ones((4, *axes.shape)) * np.reshape([1.0, 4.0, 2.0, 8.0], (-1, 1, 1))
    energies = [each.notes["energy"] for each in sonify_shares(clip, front, everywhere, axes)]
    np.testing.assert_allclose(np.sqrt(energies) / np.sqrt(energies[0]), [1.0, 4.0, 2.0, 8.0], rtol=1e-6)
    levels = [level(each.kept) for each in sonify_shares(clip, front, everywhere, axes)]
    assert np.argsort(levels).tolist() == [0, 2, 1, 3]


def level(clip: Clip) -> float:
    return pyloudnorm.Meter(clip.sample_rate).integrated_loudness(clip.samples[0].astype(np.float64))


def test_at_equal_loudness_all_can_be_heard() -> None:
    front, clip = preset("digits"), noise(2 * RATE)
    axes = front.axes(2 * RATE)
    maps = bands(axes, 200, 1000, 2500, 4000, weights=(1.0, 0.01, 30.0))
    equal = sonify_shares(clip, front, maps, axes, loudness="equal")
    levels = [level(each.kept) for each in equal]
    np.testing.assert_allclose(levels, level(clip), atol=0.2)
    by_relevance = sonify_shares(clip, front, maps, axes, Masking(match_loudness=True))
    assert level(by_relevance[2].kept) > level(by_relevance[1].kept) + 20


@pytest.mark.parametrize("loudness", ["relevance", "equal"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_without_relevance_there_is_silence(loudness: str, value: float) -> None:
    front, clip = preset("digits"), noise(RATE)
    axes = front.axes(RATE)
    one_of_them = np.stack([np.full(axes.shape, value), np.full(axes.shape, 1.0)])
    for maps in (np.full((2, *axes.shape), value), one_of_them):
        sounds = sonify_shares(clip, front, maps, axes, loudness=loudness)
        assert not sounds[0].kept.samples.any()
        assert np.isfinite(sounds[1].kept.samples).all()
        assert sounds[0].notes["energy"] == 0.0


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"loudness": "loud"}, 'no loudness is called "loud"'), ({"masking": Masking(style="bandpass")}, "through masks")],
)
def test_what_cannot_be_shared(settings: dict[str, object], words: str) -> None:
    front, clip = preset("digits"), noise(RATE)
    with pytest.raises(AuricleError, match=words):
        sonify_shares(clip, front, *maps_for(front, clip), **settings)
