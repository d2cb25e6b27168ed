"""Kept and removed: what a person hears of an explanation."""

import json

import numpy as np
import pytest

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import PRESETS, STFT, MelSpectrogram, Waveform, preset
from auricle.sonify import STYLES, Masking, mask_on_grid, sonify


def tone(hertz, *, seconds=1.0, rate=8000):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def noise(n, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, size=(channels, n)).astype(np.float32)


def map_for(front, clip, seed=0):
    """Random relevance on the axes that the front-end gives this clip (raw waveforms: on their inspection STFT)."""
    n = len(clip.mono(front.sample_rate))
    axes = front.stft_axes(n) if isinstance(front, Waveform) else front.axes(n)
    return np.random.default_rng(seed).normal(size=axes.shape), axes


def box_map(front, n, low, high, start=0.0, end=np.inf):
    axes = front.axes(n)
    rows = (axes.hertz_centres >= low) & (axes.hertz_centres <= high)
    columns = (axes.seconds_centres >= start) & (axes.seconds_centres <= end)
    return np.outer(rows, columns).astype(float), axes


def level_db(part, whole):
    return 10 * np.log10((part**2).mean() / (whole**2).mean() + 1e-30)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("extra", [0, 1, 37])
def test_parts_sum_to_the_clip(name, extra):
    front = preset(name)
    clip = Clip(noise(front.sample_rate + extra), front.sample_rate)
    sounds = sonify(clip, front, *map_for(front, clip))
    assert sounds.kept.samples.shape == sounds.removed.samples.shape == clip.samples.shape
    np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)
    assert 0.0 < sounds.notes["area"] < 1.0


@pytest.mark.parametrize("style", ["mask", "bandpass", "audible-heatmap"])
@pytest.mark.parametrize("floor_db", [None, -20.0])
def test_parts_sum_to_the_clip_in_every_style_that_keeps_phase(style, floor_db):
    front, clip = preset("digits"), Clip(noise(5003), 8000)
    masking = Masking(style=style, floor_db=floor_db)
    sounds = sonify(clip, front, *map_for(front, clip), masking)
    np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)


@pytest.mark.parametrize("style", STYLES)
def test_full_band_keeps_rate_channels_and_length(style):
    front, clip = preset("digits"), Clip(noise(44100 + 13, channels=2), 44100)
    sounds = sonify(clip, front, *map_for(front, clip), Masking(style=style), full_band=True)
    for part in (sounds.kept, sounds.removed):
        assert part.sample_rate == 44100
        assert part.samples.shape == clip.samples.shape
    if style != "griffin-lim":
        np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)


@pytest.mark.parametrize("rate", [1000, 4000, 11025, 384000])
def test_any_rate_sums_in_full_band(rate):
    front, clip = preset("digits"), Clip(noise(rate // 5 + 3), rate)
    sounds = sonify(clip, front, *map_for(front, clip), full_band=True)
    np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)


def test_model_rate_is_mono():
    front, clip = preset("digits"), Clip(noise(44100, channels=2), 44100)
    sounds = sonify(clip, front, *map_for(front, clip))
    assert sounds.kept.samples.shape == (1, 8000)
    np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.mono(8000)[None], atol=1e-6)


@pytest.mark.parametrize("n", [80, 81, 100, 255, 257, 799])
def test_short_clips_and_last_samples(n):
    front, clip = preset("digits"), Clip(noise(n), 8000)
    sounds = sonify(clip, front, *map_for(front, clip))
    np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)
    everything, axes = map_for(front, clip)
    whole = sonify(clip, front, np.ones_like(everything), Axes(axes.seconds, np.linspace(0, 4000, 65)))
    np.testing.assert_allclose(whole.kept.samples, clip.samples, atol=1e-6)


@pytest.mark.parametrize("style", ["mask", "bandpass"])
def test_tone_in_the_region_survives_and_one_outside_dies(style):
    front = preset("digits")
    clip = Clip(tone(700) + tone(2500), 8000)
    masking = Masking(style=style, shape="regions", blur=0.0, share=1.0)
    sounds = sonify(clip, front, *box_map(front, 8000, 500, 1000), masking)
    middle = slice(1000, 7000)
    kept, removed = sounds.kept.samples[0, middle], sounds.removed.samples[0, middle]
    assert level_db(kept - tone(700)[middle], tone(700)) < -40
    assert level_db(removed - tone(2500)[middle], tone(2500)) < -40


@pytest.mark.parametrize("style", ["mask", "bandpass"])
def test_nothing_is_delayed(style):
    front, clip = preset("digits"), Clip(noise(8000), 8000)
    kept = sonify(clip, front, *box_map(front, 8000, 500, 2000), Masking(style=style)).kept
    assert np.correlate(clip.samples[0], kept.samples[0], mode="full").argmax() == 7999


def test_time_of_a_region_is_the_time_of_its_sound():
    front, clip = preset("digits"), Clip(noise(16000), 8000)
    kept = sonify(clip, front, *box_map(front, 16000, 0, 4000, 0.8, 1.2), Masking(shape="regions", blur=0)).kept
    energy = kept.samples[0] ** 2
    assert energy[int(0.75 * 8000) : int(1.25 * 8000)].sum() > 0.999 * energy.sum()


def test_padding_is_ignored():
    """Relevance on silence that was padded around the clip neither takes from the share nor from the area."""
    front, clip = preset("digits"), Clip(noise(4000), 8000)
    relevance, axes = map_for(front, clip)
    step = 0.01
    wide = np.concatenate([np.full((64, 20), 1e6), relevance, np.full((64, 30), 1e6)], axis=1)
    seconds = axes.seconds[0] + step * np.arange(-20, relevance.shape[1] + 31)
    masking = Masking(blur=0.0)
    padded = sonify(clip, front, wide, Axes(seconds, axes.hertz), masking)
    plain = sonify(clip, front, relevance, axes, masking)
    np.testing.assert_allclose(padded.kept.samples, plain.kept.samples, atol=1e-6)
    assert padded.notes["area"] == pytest.approx(plain.notes["area"])


def test_what_the_model_did_not_hear_is_not_kept():
    """A cropped clip: the map covers its first half."""
    front, clip = preset("digits"), Clip(noise(16000), 8000)
    axes = front.axes(8000)
    kept = sonify(clip, front, np.ones(axes.shape), axes).kept.samples[0]
    assert not kept[int(1.1 * 8000) :].any()


def test_floor_turns_down_instead_of_off():
    front, clip = preset("digits"), Clip(tone(2500), 8000)
    relevance, axes = box_map(front, 8000, 500, 1000)
    kept = sonify(clip, front, relevance, axes, Masking(floor_db=-20.0, blur=0.0)).kept.samples[0]
    assert level_db(kept[1000:7000], tone(2500)) == pytest.approx(-20.0, abs=0.1)


def test_signs_are_heard_apart():
    front, clip = preset("digits"), Clip(tone(700) + tone(2500), 8000)
    relevance, axes = box_map(front, 8000, 500, 1000)
    relevance = relevance - box_map(front, 8000, 2200, 2800)[0]
    against = sonify(clip, front, relevance, axes, Masking(sign="negative", blur=0.0)).kept.samples[0]
    assert level_db((against - tone(2500))[1000:7000], tone(2500)) < -40
    both = sonify(clip, front, relevance, axes, Masking(sign="both", blur=0.0)).kept.samples[0]
    assert level_db((both - clip.samples[0])[1000:7000], clip.samples[0]) < -40


def test_audible_heatmap_weights_samples_by_hand():
    front = Waveform(sample_rate=8000)
    clip = Clip(np.ones(800), 8000)
    relevance = np.where(np.arange(800) < 400, 2.0, -1.0)
    masking = Masking(style="audible-heatmap", blur=0.0)
    sounds = sonify(clip, front, relevance, front.axes(800), masking)
    np.testing.assert_allclose(sounds.kept.samples[0], relevance > 0, atol=1e-6)
    assert sounds.notes["energy"] == pytest.approx(0.5)


def test_audible_heatmap_of_a_map_follows_time():
    front, clip = preset("digits"), Clip(np.ones(16000), 8000)
    relevance, axes = box_map(front, 16000, 0, 4000, 0.5, 1.0)
    kept = sonify(clip, front, relevance, axes, Masking(style="audible-heatmap", blur=0.0)).kept.samples[0]
    assert kept[int(0.75 * 8000)] == 1.0
    assert kept[int(0.4 * 8000)] == kept[int(1.1 * 8000)] == 0.0


def test_relevance_on_samples_needs_a_map_for_other_styles():
    front, clip = Waveform(sample_rate=8000), Clip(noise(800), 8000)
    with pytest.raises(AuricleError, match="audible-heatmap"):
        sonify(clip, front, np.ones(800), front.axes(800))


def test_bandpass_notes_its_boxes():
    front, clip = preset("digits"), Clip(noise(8000), 8000)
    sounds = sonify(clip, front, *box_map(front, 8000, 500, 1000, 0.2, 0.5), Masking(style="bandpass", blur=0))
    (box,) = sounds.notes["boxes"]
    assert 400 < box["low"] < 600
    assert 900 < box["high"] < 1100
    area = (box["high"] - box["low"]) / 4000 * (box["end"] - box["start"])
    assert sounds.notes["area"] == pytest.approx(area)


def test_griffin_lim_keeps_level_and_colour():
    """The phase is another; the magnitudes stay, so the sound is where it was and as loud."""
    front, clip = preset("audiblexai-linear"), Clip(0.3 * tone(700), 8000)
    axes = front.axes(8000)
    sounds = sonify(clip, front, np.ones(axes.shape), axes, Masking(style="griffin-lim"))
    kept = sounds.kept.samples[0]
    assert kept.shape == (8000,)
    assert level_db(kept[500:7500], clip.samples) == pytest.approx(0.0, abs=1.0)
    assert np.abs(np.fft.rfft(kept)).argmax() == pytest.approx(700, abs=2)
    assert np.abs(sounds.removed.samples).max() < 1e-6


@pytest.mark.parametrize("style", STYLES)
def test_same_seed_same_bits(style):
    front, clip = preset("digits"), Clip(noise(3000), 8000)
    first, second = (sonify(clip, front, *map_for(front, clip), Masking(style=style), seed=3) for _ in range(2))
    assert first.kept.content_hash == second.kept.content_hash
    assert first.removed.content_hash == second.removed.content_hash


@pytest.mark.parametrize("style", STYLES)
def test_nothing_relevant_is_silence(style):
    front, clip = preset("digits"), Clip(noise(3000), 8000)
    axes = front.axes(3000)
    sounds = sonify(clip, front, np.zeros(axes.shape), axes, Masking(style=style, match_loudness=True))
    assert not sounds.kept.samples.any()
    assert sounds.notes["area"] == sounds.notes["energy"] == 0.0
    assert sounds.notes["kept_gain_db"] == 0.0


@pytest.mark.parametrize("style", STYLES)
def test_a_silent_clip_stays_silent(style):
    front, clip = preset("digits"), Clip(np.zeros(3000), 8000)
    sounds = sonify(clip, front, *map_for(front, clip), Masking(style=style, match_loudness=True), full_band=True)
    assert not sounds.kept.samples.any()
    assert sounds.notes["energy"] == 0.0


def test_above_the_models_hearing_follows_the_share_kept_below():
    """At 44.1 kHz, a 10 kHz tone: the 8 kHz model could not hear it; half the energy it heard is kept."""
    front = preset("digits")
    seconds = dict(seconds=1.0, rate=44100)
    low, high, above = (tone(hertz, **seconds) for hertz in (700, 2500, 10000))
    clip = Clip(0.3 * (low + high + above), 44100)
    for style in ("mask", "bandpass"):
        kept = sonify(
            clip,
            front,
            *box_map(front, 8000, 500, 1000),
            Masking(style=style, blur=0.0),
            full_band=True,
        ).kept.samples[0]
        middle = slice(5000, 39000)
        assert 2 * (kept * above)[middle].mean() == pytest.approx(0.3 * np.sqrt(0.5), rel=0.02)
        assert 2 * (kept * low)[middle].mean() == pytest.approx(0.3, rel=0.01)
        assert abs(2 * (kept * high)[middle].mean()) < 0.003


@pytest.mark.parametrize("n", [100, 800, 3200, 3201, 8000])
def test_loudness_is_matched_and_noted(n):
    front, clip = preset("digits"), Clip(0.2 * (tone(700) + 0.3 * tone(2500))[:n], 8000)
    relevance, axes = box_map(front, n, 2200, 2800)
    plain = sonify(clip, front, relevance, axes, Masking(blur=0.0))
    matched = sonify(clip, front, relevance, axes, Masking(blur=0.0, match_loudness=True))
    gain = 10 ** (matched.notes["kept_gain_db"] / 20)
    assert gain > 1.5
    np.testing.assert_allclose(matched.kept.samples, gain * plain.kept.samples, rtol=1e-4, atol=1e-7)


def test_loudness_of_many_channels():
    front, clip = preset("digits"), Clip(noise(8000, channels=8), 8000)
    sounds = sonify(clip, front, *map_for(front, clip), Masking(match_loudness=True), full_band=True)
    assert np.isfinite(sounds.notes["kept_gain_db"])
    assert np.abs(sounds.kept.samples).max() <= 1.0 + 1e-6


def test_notes_are_plain():
    front, clip = preset("digits"), Clip(noise(3000), 8000)
    for style in STYLES:
        notes = sonify(clip, front, *map_for(front, clip), Masking(style=style)).notes
        assert json.loads(json.dumps(notes)) == notes


def test_mask_on_grid_covers_the_whole_clip():
    front, clip = preset("digits"), Clip(noise(8037), 8000)
    mask, axes = mask_on_grid(clip, front, *map_for(front, clip))
    assert mask.shape == axes.shape == (129, 102)
    assert mask.min() >= 0.0
    assert mask.max() <= 1.0


def test_frames_that_start_late_are_held_to_the_edges():
    """YAMNet's first frame is centred on 12.5 ms; the samples before were heard through its slope."""
    front = MelSpectrogram(
        sample_rate=16000, stft_settings=STFT(n_fft=512, hop=160, window_length=400, centre=False), compression=None
    )
    clip = Clip(noise(16000), 16000)
    axes = front.axes(16000)
    mask, onto = mask_on_grid(clip, front, np.ones(axes.shape), axes)
    inside = (onto.hertz_centres > 200) & (onto.hertz_centres < 7000)
    np.testing.assert_array_equal(mask[inside], 1.0)
