"""From cells of any size to the pixels of a picture, in the colours of all other figures."""

from __future__ import annotations

from functools import cache

import numpy as np

from auricle.axes import Axes

STEPS = 2001
"""Strengths that are told apart by colour, from -1 to 1."""


def laid(values: np.ndarray, axes: Axes, pixels: Axes) -> np.ndarray:
    """The mean of the cells ``[F, T]`` under each pixel; 0 where there is no cell."""
    assert axes.hertz is not None
    assert pixels.hertz is not None
    return means(means(values, axes.hertz, pixels.hertz).T, axes.seconds, pixels.seconds).T


def means(values: np.ndarray, edges: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """The same along the first axis."""
    first = np.searchsorted(edges, pixels[:-1], side="right") - 1
    last = np.maximum(np.searchsorted(edges, pixels[1:], side="left"), first + 1)
    known = (last > 0) & (first < len(values))
    first, last = np.clip(first, 0, len(values) - 1), np.clip(last, 1, len(values))
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    return (sums[last] - sums[first]) / (last - first)[:, None] * known[:, None]


def shaded(share: np.ndarray, below: np.ndarray | float = 255.0) -> np.ndarray:
    """Signed shares of the strongest ``[H, W]``, -1 to 1, over colours ``[H, W, 3]`` (0 to 255; white): ``uint8``."""
    colour, transparent = _table()
    place = np.round((np.clip(share, -1.0, 1.0) + 1.0) * (STEPS // 2)).astype(np.intp)
    return (colour[place] + transparent[place] * below + 0.5).astype(np.uint8)


def bar(high: int, wide: int, *, lowest: float = -1.0) -> np.ndarray:
    """The colour bar ``[high, wide, 3]``, the strongest above."""
    return shaded(np.broadcast_to(np.linspace(1.0, lowest, high)[:, None], (high, wide)))


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """What each strength adds ``[STEPS, 3]``, and how much of what is below it leaves ``[STEPS, 1]``."""
    from auricle.report.colours import shade

    colours = shade(np.linspace(-1.0, 1.0, STEPS))
    opacity = colours[:, 3:]
    return (255.0 * colours[:, :3] * opacity).astype(np.float32), (1.0 - opacity).astype(np.float32)
