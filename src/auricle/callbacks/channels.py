"""All channels of a layer side by side, on one scale: what each of them responds to in a clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.callbacks.pixels import bar, means, shaded
from auricle.callbacks.words import LARGE, SMALL, write
from auricle.methods import Attribution
from auricle.methods.inside import look_inside
from auricle.methods.point import Point
from auricle.road import AT_ONCE, on_one_axis

if TYPE_CHECKING:
    from auricle.classifier import Classifier
    from auricle.clip import Clip

MOST = 64
"""Channels that are drawn, the first ones: more cannot be told apart at this size."""
WIDTH, LEFT, TOP, RIGHT, GAP = 560, 16, 50, 72, 5
"""Of the picture and of what is around the channels, in pixels; and between two of them."""
NUMBER = 12
"""Pixels for the number above each channel."""
TALLEST, BAR = 150, 9
"""How high a channel is at most, and how wide the colour bar."""
GROUND = 247.0
"""What a channel that says nothing looks like: its place can be seen on the white page."""


@dataclass(frozen=True, eq=False)
class SideBySide:
    """What the first ``MOST`` of ``total`` channels say, ``maps [C, F, T]`` on ``axes`` (``[C, N]`` on samples)."""

    maps: np.ndarray
    axes: Axes
    total: int


def side_by_side(classifier: Classifier, clip: Clip, layer: str | None) -> SideBySide:
    """Every channel of a layer, laid onto the clip as `methods.ActivationMap` lays one."""
    heard = classifier.windows(clip)
    maps: list[list[Attribution]] = []
    total = 0
    with torch.inference_mode(False), torch.enable_grad(), classifier.inference():
        for samples in heard.samples.split(AT_ONCE):
            weights = torch.ones(len(samples), len(classifier.labels)).to(samples)
            inside = look_inside(Point(classifier, samples, "features"), weights, layer)
            total = inside.activation.shape[1]
            maps = maps or [[] for _ in range(min(total, MOST))]
            for channel, rows in enumerate(maps):
                rows += _rows(inside.lay(inside.activation[:, channel]), inside.score)
    placed = [on_one_axis(classifier, rows, heard, "features") for rows in maps]
    return SideBySide(np.stack([values for values, _ in placed]), placed[0][1], total)


def _rows(maps: Tensor, score: Tensor) -> list[Attribution]:
    whole = Attribution(maps, score)
    return [whole.row(window) for window in range(len(maps))]


def channel_grid(classifier: Classifier, clip: Clip, layer: str | None) -> np.ndarray:
    """The picture ``[H, W, 3]`` (uint8): each channel over the seconds of the clip and, upwards, the network's bins."""
    from PIL import Image

    from auricle.report.plot import FAINT, INK, short, signed_text

    found = side_by_side(classifier, clip, layer)
    shown = len(found.maps)
    columns = math.ceil(math.sqrt(shown))
    rows = math.ceil(shown / columns)
    wide = (WIDTH - LEFT - RIGHT - GAP * (columns - 1)) // columns
    high = min(2 * wide // 3, TALLEST)
    step = NUMBER + high + GAP
    values = [_tile(each, found.axes, clip.seconds, high, wide) for each in found.maps]
    strongest = float(np.nanmax(np.abs(values))) or 1.0
    lowest = -1.0 if np.nanmin(values) < 0.0 else 0.0

    picture = Image.new("RGB", (WIDTH, TOP + rows * step + GAP), "white")
    count = f"{shown} channels" if shown == found.total else f"the first {shown} of {found.total} channels"
    write(picture, LEFT, 20, f"{count} of {short(layer, 40)}" if layer else count, size=LARGE, colour=INK)
    about = f"{short(clip.name, 28)}  ·  0 to {clip.seconds:.3g} s, low to high frequency  ·  one scale for all"
    write(picture, LEFT, 37, about, colour=FAINT)
    corners = [
        (LEFT + number % columns * (wide + GAP), TOP + number // columns * step + NUMBER) for number in range(shown)
    ]
    for number, (x, y) in enumerate(corners):
        write(picture, x, y - 2, str(number), size=SMALL - 1, colour=FAINT)
    scale = rows * step - NUMBER - GAP
    x = WIDTH - RIGHT + 10
    for share, y in ((1.0, 0), (lowest, scale)):
        text = signed_text(share * strongest)
        write(picture, x + BAR + 4, TOP + NUMBER + y, text, colour=INK, anchor="lm")
    pixels = np.array(picture)
    pixels[TOP + NUMBER : TOP + NUMBER + scale, x : x + BAR] = bar(scale, BAR, lowest=lowest)
    for (left, top), tile in zip(corners, values, strict=True):
        pixels[top : top + high, left : left + wide] = shaded(np.nan_to_num(tile / strongest), GROUND)
    return pixels


def _tile(values: np.ndarray, axes: Axes, seconds: float, high: int, wide: int) -> np.ndarray:
    """A map as pixels ``[high, wide]``, the highest frequency first, each of its rows equally high."""
    rows = np.atleast_2d(values)
    over_time = means(rows.T, axes.seconds, np.linspace(0.0, seconds, wide + 1)).T
    upwards = means(over_time, np.linspace(0.0, 1.0, len(rows) + 1), np.linspace(0.0, 1.0, high + 1))
    return upwards[::-1]
