"""Bands hold their tones, HPSS tells tones from clicks, NMF finds what recurs, channels are what each adds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from planted_sounds import GRID, RATE, clicks, decibels, noise, parts, tone

from auricle.clip import Clip
from auricle.components import Bands, kind_of


@pytest.mark.parametrize("kind", [Bands(8), Bands(8, "hertz"), Bands(6, "octave"), Bands(None, "octave")])
def test_a_tone_lies_in_its_band(kind: Bands) -> None:
    cuts = kind.cuts(RATE)
    for low, high in pairwise(cuts[1:]):
        found = kind(tone((low + high) / 2), RATE, GRID)
        level = decibels(found.energies())
        right = next(i for i, each in enumerate(found.each) if each.low == low)
        assert level[right] > -0.01
        assert (level[[i for i in range(len(found)) if i != right]] < -40).all()


def test_names_of_bands() -> None:
    assert kind_of("bands:octave")(noise(), RATE, GRID).names == (
        "0–62.5 Hz", "62.5–125 Hz", "125–250 Hz", "250–500 Hz", "0.5–1 kHz", "1–2 kHz", "2–4 kHz",
    )
    assert kind_of("bands:4:hertz")(noise(), RATE, GRID).names == ("0–1 kHz", "1–2 kHz", "2–3 kHz", "3–4 kHz")


def test_a_thin_topmost_octave_joins_the_one_below() -> None:
    assert Bands(None, "octave").cuts(8200)[-2:].tolist() == [2000, 4100]
    assert Bands(None, "octave").cuts(44100)[-2:].tolist() == [16000, 22050]


@pytest.mark.parametrize("text", ["bands:5", "sources:hpss", "sources:nmf:3"])
def test_a_baseline_is_taken_apart_as_the_clip_is(text: str) -> None:
    clip, other = noise(seed=1), noise(seed=2)
    found = kind_of(text)(clip, RATE, GRID)
    mixed = found.split(torch.tensor(clip.samples[0] * 2.0 + other.samples[0]))[0].values
    alone = found.split(torch.tensor(other.samples[0]))[0].values
    torch.testing.assert_close(mixed, 2 * found.own[0].values + alone, rtol=0, atol=1e-7)


def test_harmonic_and_percussive() -> None:
    sounding, struck = tone(440, 3.0), clicks(0.7, 1.4, 2.2, length=3.0)
    found = kind_of("sources:hpss")(Clip(sounding.samples + struck.samples, RATE), RATE, GRID)
    assert found.names == ("harmonic", "percussive")
    harmonic, percussive = parts(found)
    assert _likeness(harmonic, sounding) > 0.97
    assert _likeness(percussive, struck) > 0.97
    assert abs(_likeness(percussive, sounding)) < 0.2


def test_nmf_finds_alternating_tones_and_puts_the_loudest_first() -> None:
    low, high = tone(500, 2.0), tone(2000, 2.0)
    now = (np.arange(16000) // 2000) % 2 == 0
    clip = Clip(np.where(now, low.samples[0], 0.3 * high.samples[0]), RATE)
    found = kind_of("sources:nmf:2")(clip, RATE, GRID)
    assert found.names == ("nmf 1", "nmf 2")
    first, second = parts(found)
    assert _likeness(first, Clip(np.where(now, low.samples[0], 0), RATE)) > 0.97
    assert _likeness(second, Clip(np.where(now, 0, high.samples[0]), RATE)) > 0.9


def test_energy_is_painted_where_it_sounds() -> None:
    found = kind_of("sources:hpss")(Clip(tone(1000, 2.0).samples, RATE), RATE, GRID)
    painted = found.paint([1.0, 0.0])
    assert found.axes.hertz is not None
    near = np.abs(found.axes.hertz_centres - 1000) < 100
    assert painted[near].sum() > 0.97
    product = kind_of("sources:hpss,time:4")(Clip(tone(1000, 2.0).samples, RATE), RATE, GRID)
    in_time = product.paint(np.eye(8)[2]).sum(0)
    assert in_time[(product.axes.seconds_centres > 0.45) & (product.axes.seconds_centres < 1.05)].sum() > 0.99


def test_channels_are_what_each_adds() -> None:
    left, right = tone(500), tone(1500)
    clip = Clip(np.concatenate([left.samples, right.samples]), RATE)
    found = kind_of("channels")(clip, RATE, GRID)
    assert found.names == ("left", "right")
    torch.testing.assert_close(parts(found)[0], torch.tensor(left.samples[0] / 2).double(), rtol=0, atol=1e-6)
    assert kind_of("channels")(noise(channels=3), RATE, GRID).names == ("channel 1", "channel 2", "channel 3")


def _likeness(part: torch.Tensor, of: Clip) -> float:
    other = torch.tensor(of.samples[0]).double()
    return float(torch.nn.functional.cosine_similarity(part, other, dim=0))
