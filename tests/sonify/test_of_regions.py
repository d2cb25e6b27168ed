"""Regions as sound: a mask, boxes cut out, or a new phase."""

import json

import numpy as np
import pytest

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import preset
from auricle.regions.base import Regions, drawn
from auricle.sonify import Masking, sonify, sonify_regions
from auricle.sonify.boxes import Box

STYLES = ["mask", "identification", "reconstruction"]
FRONT = preset("audiblexai-linear")
AXES = FRONT.axes(8000)


def tone(hertz, *, seconds=1.0, rate=8000):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def noise(n, channels=1):
    return np.random.default_rng(0).uniform(-1, 1, size=(channels, n)).astype(np.float32)


def regions(*boxes, axes=AXES):
    return Regions(drawn(boxes, axes), axes, boxes)


def level_db(part, whole):
    return 10 * np.log10((part**2).mean() / (whole**2).mean() + 1e-30)


@pytest.mark.parametrize("style", ["mask", "identification"])
@pytest.mark.parametrize("name", ["audiblexai-linear", "audiblexai-mel", "yamnet", "heart"])
@pytest.mark.parametrize("extra", [0, 37])
def test_kept_and_removed_add_up(style, name, extra):
    front = preset(name)
    clip = Clip(noise(front.sample_rate + extra), front.sample_rate)
    found = regions(Box(200, 700, 0.2, 0.5), Box(400, 900, 0.4, 0.9), axes=front.axes(front.sample_rate))
    sounds = sonify_regions(clip, front, found, style=style)
    assert sounds.kept.samples.shape == sounds.removed.samples.shape == clip.samples.shape
    np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)


@pytest.mark.parametrize("style", STYLES)
def test_inside_is_kept_and_outside_is_removed(style):
    clip = Clip(0.3 * (tone(700) + tone(2500)), 8000)
    sounds = sonify_regions(clip, FRONT, regions(Box(500, 1000, 0, 1)), style=style)
    kept = np.abs(np.fft.rfft(sounds.kept.samples[0]))
    removed = np.abs(np.fft.rfft(sounds.removed.samples[0]))
    assert kept[690:711].max() > 100 * kept[2400:2600].max()
    assert removed[2490:2511].max() > 100 * removed[690:711].max()
    assert sounds.kept.samples.shape == clip.samples.shape


@pytest.mark.parametrize("style", ["mask", "identification"])
def test_nothing_is_delayed(style):
    clip = Clip(noise(8000), 8000)
    kept = sonify_regions(clip, FRONT, regions(Box(500, 2000, 0.1, 0.9)), style=style).kept.samples[0]
    assert np.correlate(clip.samples[0], kept, mode="full").argmax() == 7999


@pytest.mark.parametrize("style", STYLES)
def test_time_of_a_box_is_the_time_of_its_sound(style):
    kept = sonify_regions(Clip(noise(8000), 8000), FRONT, regions(Box(0, 4000, 0.4, 0.6)), style=style).kept
    energy = kept.samples[0] ** 2
    assert energy[int(0.36 * 8000) : int(0.64 * 8000)].sum() > 0.99 * energy.sum()


def test_identification_counts_overlaps_once_and_keeps_the_constant_part():
    clip = Clip(np.ones(8000), 8000)
    twice = regions(Box(0, 300, 0, 1), Box(0, 200, 0, 1))
    kept = sonify_regions(clip, FRONT, twice, style="identification").kept.samples[0]
    np.testing.assert_allclose(kept[500:7500], 1.0, atol=1e-3)


def test_a_mask_is_heard_as_a_map_with_that_mask_is():
    """Regions and relevance share one road: a 0/1 map whose every positive cell is kept is its own mask."""
    clip, found = Clip(noise(8000), 8000), regions(Box(500, 1000, 0.2, 0.5))
    masking = Masking(shape="regions", blur=0.0, share=1.0)
    one, other = sonify_regions(clip, FRONT, found), sonify(clip, FRONT, found.mask, AXES, masking)
    np.testing.assert_allclose(one.kept.samples, other.kept.samples, atol=1e-6)
    assert one.notes["area"] == pytest.approx(other.notes["area"])


def test_a_soft_mask_is_heard_softly():
    clip = Clip(0.5 * tone(700), 8000)
    soft = Regions(np.full(AXES.shape, 0.5, np.float32), AXES)
    kept = sonify_regions(clip, FRONT, soft).kept.samples
    np.testing.assert_allclose(kept, 0.5 * clip.samples, atol=1e-6)


def test_masks_have_no_boxes_to_cut_out():
    soft = Regions(np.full(AXES.shape, 0.5, np.float32), AXES)
    with pytest.raises(AuricleError, match=r'without boxes.*style="mask", or choose'):
        sonify_regions(Clip(noise(8000), 8000), FRONT, soft, style="identification")
    with pytest.raises(AuricleError, match='did you mean "mask"'):
        sonify_regions(Clip(noise(8000), 8000), FRONT, soft, style="masks")


@pytest.mark.parametrize("style", STYLES)
def test_nothing_relevant_is_silence(style):
    sounds = sonify_regions(Clip(noise(8000), 8000), FRONT, regions(), style=style)
    assert not sounds.kept.samples.any()
    assert sounds.notes["area"] == sounds.notes["energy"] == 0.0


@pytest.mark.parametrize("style", STYLES)
def test_full_band_keeps_rate_channels_and_length(style):
    clip = Clip(noise(22050 + 13, channels=2), 22050)
    sounds = sonify_regions(clip, FRONT, regions(Box(500, 1000, 0.2, 0.5)), style=style, full_band=True)
    for part in (sounds.kept, sounds.removed):
        assert part.sample_rate == 22050
        assert part.samples.shape == clip.samples.shape
    if style != "reconstruction":
        np.testing.assert_allclose(sounds.kept.samples + sounds.removed.samples, clip.samples, atol=1e-6)


def test_reconstruction_follows_its_seed():
    clip, found = Clip(noise(4000), 8000), regions(Box(500, 1000, 0.1, 0.4))
    first, again, other = (
        sonify_regions(clip, FRONT, found, style="reconstruction", seed=seed).kept.content_hash for seed in (1, 1, 2)
    )
    assert first == again != other


def test_notes_are_plain():
    found = regions(Box(500, 1000, 0.2, 0.5))
    for style in STYLES:
        notes = sonify_regions(Clip(noise(8000), 8000), FRONT, found, style=style).notes
        assert json.loads(json.dumps(notes)) == notes
        assert notes["style"] == style
        assert notes["boxes"] == [{"low": 500, "high": 1000, "start": 0.2, "end": 0.5}]
