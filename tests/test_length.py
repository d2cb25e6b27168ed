"""How clips shorter and longer than the network wants are heard."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from auricle.length import Length

RATE = 100


def heard(n: int, **length: Any) -> Any:
    return Length(**length).windows(torch.arange(1.0, n + 1), sample_rate=RATE, hop=8)


def test_none_leaves_a_shorter_clip_as_it_is() -> None:
    windows = heard(30, seconds=1.0, pad="none")
    assert windows.samples.tolist() == [list(range(1, 31))]
    assert (windows.starts, windows.total, windows.copies) == ((0,), 30, 1)


def test_repeat_fills_up_with_whole_copies_and_silence() -> None:
    windows = heard(30, seconds=1.0, pad="repeat")
    clip = list(range(1, 31))
    assert windows.samples.tolist() == [3 * clip + 10 * [0]]
    assert windows.copies == 3
    assert windows.origins(0) == (0, -30, -60)


def test_loop_cuts_the_last_copy() -> None:
    windows = heard(30, seconds=1.0, pad="loop")
    clip = list(range(1, 31))
    assert windows.samples.tolist() == [3 * clip + clip[:10]]
    assert windows.copies == 4


@pytest.mark.parametrize("pad", ["repeat", "loop"])
@pytest.mark.parametrize(("n", "copies"), [(100, 1), (50, 2), (60, 1)])
def test_how_often_a_clip_fits(pad: str, n: int, copies: int) -> None:
    windows = heard(n, seconds=1.0, pad=pad)
    assert windows.copies == copies + (pad == "loop" and n == 60)
    assert windows.samples.shape == (1, 100)


@pytest.mark.parametrize("pad", ["none", "repeat", "loop"])
def test_the_last_window_of_a_longer_clip_is_full(pad: str) -> None:
    """It begins on the raster of the hop, so at most a hop of silence follows the clip."""
    windows = heard(250, seconds=1.0, pad=pad)
    assert windows.starts == (0, 96, 152)
    assert windows.samples.shape == (3, 100)
    assert windows.samples[2].tolist() == [*range(153, 251), 0, 0]
    assert windows.copies == 1


def test_else_silence_fills_the_last_window() -> None:
    windows = heard(250, seconds=1.0)
    assert windows.starts == (0, 96, 192)
    assert windows.samples[2].tolist() == [*range(193, 251), *[0] * 42]


@pytest.mark.parametrize("pad", ["end", "centre", "random", "none", "repeat", "loop"])
@pytest.mark.parametrize("n", [30, 100, 250])
@pytest.mark.parametrize("long", ["window", "crop", "centre"])
def test_other_sounds_are_heard_as_the_clip_is(pad: str, n: int, long: str) -> None:
    windows = heard(n, seconds=1.0, pad=pad, long=long)
    clip = torch.arange(1.0, n + 1)
    found = windows.of(torch.stack([clip, 2 * clip]))
    assert torch.equal(found[0], windows.samples)
    assert torch.equal(found[1], 2 * windows.samples)


@pytest.mark.parametrize("pad", ["end", "centre", "random", "none", "repeat", "loop"])
def test_origins_say_where_every_copy_is(pad: str) -> None:
    clip = torch.arange(1.0, 31)
    windows = heard(30, seconds=1.0, pad=pad)
    again = torch.zeros_like(windows.samples[0])
    for origin in windows.origins(0):
        place = slice(-origin, min(30 - origin, len(again)))
        again[place] += clip[: place.stop - place.start]
    assert torch.equal(again, windows.samples[0])
