"""Superpixels circle what stands out; windows cover everything, and their mean finds what was planted."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from planted_sounds import GRID, RATE, assert_whole, clicks, noise, parts, tone

from auricle.clip import Clip
from auricle.components import Patch, Superpixels, kind_of
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT


def beep(at: float, hertz: float, seconds: float = 0.3) -> Clip:
    """A beep in soft noise."""
    samples = 1e-3 * np.random.default_rng(0).normal(size=RATE)
    start = round(at * RATE)
    samples[start : start + round(seconds * RATE)] += tone(hertz, seconds).samples[0]
    return Clip(samples.astype(np.float32), RATE)


@pytest.mark.parametrize("algorithm", ["felzenszwalb", "slic", "quickshift", "watershed"])
def test_the_segment_of_a_beep(algorithm: str) -> None:
    pytest.importorskip("skimage")
    found = Superpixels(algorithm)(beep(0.4, 1500), RATE, GRID)
    loudest = found.energies().argsort(descending=True)
    each = [found.each[k] for k in loudest[:3]]
    assert all(one.low < 1700 and one.high > 1300 and one.start < 0.7 and one.end > 0.4 for one in each)
    assert float(found.energies()[loudest[: len(found) // 2]].sum() / found.energies().sum()) > 0.95


def test_names_and_boxes() -> None:
    pytest.importorskip("skimage")
    found = kind_of("superpixels:slic:12")(noise(), RATE, GRID)
    assert found.names[0].startswith("1 (0.00–")
    assert found.names[0].endswith("Hz)")
    starts = [each.start for each in found.each]
    assert starts == sorted(starts)


def test_parts_are_stored_only_where_they_sound() -> None:
    pytest.importorskip("skimage")
    found = kind_of("superpixels:slic:40")(noise(5 * RATE), RATE, GRID)
    stored = sum(block.values.numel() for block in found.own)
    assert stored < 0.3 * len(found) * 5 * RATE


@pytest.mark.parametrize("grid", [STFT(n_fft=512, hop=128), STFT(n_fft=401, hop=160), STFT(n_fft=512, hop=80)])
def test_any_grid(grid: STFT) -> None:
    pytest.importorskip("skimage")
    for text in ("superpixels:slic:20", "patch:100x900", "sources:hpss,time:3"):
        assert_whole(kind_of(text)(noise(6001), RATE, grid))


def test_felzenszwalb_keeps_to_its_count() -> None:
    pytest.importorskip("skimage")
    clip = noise(5 * RATE)
    assert len(kind_of("superpixels")(clip, RATE, GRID)) > 20
    assert len(kind_of("superpixels:felzenszwalb:20")(clip, RATE, GRID)) <= 20
    assert len(kind_of("superpixels:felzenszwalb:1")(clip, RATE, GRID)) == 1


def test_a_picture_of_one_colour_is_one_segment() -> None:
    pytest.importorskip("skimage")
    assert len(kind_of("superpixels")(Clip(np.zeros(RATE, np.float32), RATE), RATE, GRID)) == 1
    assert len(kind_of("superpixels")(noise(40), RATE, GRID)) == 1


def test_scikit_image_is_asked_for_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(AuricleError, match=r"pip install 'auricle\[image\]'"):
        kind_of("superpixels")(noise(), RATE, GRID)


def test_windows_cover_all_and_end_with_the_clip() -> None:
    found = Patch(100)(noise(8100), RATE, GRID)
    starts = [each.start for each in found.each]
    np.testing.assert_allclose(np.diff(starts), 0.025, atol=0.001)
    assert np.diff(starts).max() <= 0.025 + 1e-9
    assert starts[0] == 0
    assert found.each[-1].end == 8100 / RATE
    assert not found.disjoint
    assert len({round(each.end - each.start, 9) for each in found.each}) == 1


def test_windows_of_hertz() -> None:
    found = Patch(200, 500, 0.5)(noise(), RATE, GRID)
    first = [each for each in found.each if each.start == 0]
    assert [(each.low, each.high) for each in first] == [(250.0 * i, 250.0 * i + 500) for i in range(15)]
    assert first[4].name == "1–1.5 kHz, 0.0–0.2 s"


def test_a_window_larger_than_the_clip_is_the_clip() -> None:
    found = Patch(10_000)(noise(), RATE, GRID)
    assert len(found) == 1
    torch.testing.assert_close(parts(found)[0], found.samples, rtol=0, atol=1e-6)


def test_without_a_window_a_click_is_gone() -> None:
    found = Patch(200)(clicks(0.5), RATE, GRID)
    k = next(i for i, each in enumerate(found.each) if each.start == pytest.approx(0.4))
    without = torch.ones(1, len(found))
    without[0, k] = 0
    assert float(found.compose(without)[0].square().sum() / found.samples.square().sum()) < 1e-6


def test_the_mean_over_windows_finds_a_beep() -> None:
    found = kind_of("patch:100x500")(beep(0.4, 1500, 0.15), RATE, GRID)
    painted = found.paint(found.energies().numpy())
    row, column = np.unravel_index(painted.argmax(), painted.shape)
    assert abs(found.axes.hertz_centres[row] - 1500) < 150
    assert 0.4 < found.axes.seconds_centres[column] < 0.55


def test_overlapping_windows_do_not_count_twice() -> None:
    """Where all windows say the same, so does their mean; at the ends fewer windows speak, not more softly."""
    found = Patch(100, 700, 0.6)(noise(), RATE, GRID)
    np.testing.assert_allclose(found.paint(np.full(len(found), 3.0)), 3.0)
