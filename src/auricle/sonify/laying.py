"""Laying a map onto the STFT on which it is heard; a mask has one value per bin of it."""

from __future__ import annotations

import numpy as np

from auricle.axes import Axes


def within(values: np.ndarray, axes: Axes, seconds: float) -> tuple[np.ndarray, Axes]:
    """The part of a map ``[..., T]`` whose bins overlap the clip: padding has nothing to say about it."""
    inside = np.flatnonzero((axes.seconds[1:] > 0.0) & (axes.seconds[:-1] < seconds))
    if len(inside) == 0:
        raise ValueError("no bin of the map lies in the clip")
    first, last = inside[0], inside[-1]
    return values[..., first : last + 1], Axes(axes.seconds[first : last + 2], axes.hertz)


def lay(mask: np.ndarray, axes: Axes, onto: Axes, *, reach: float) -> np.ndarray:
    """A mask (or relevance) ``[F, T]`` on its own axes, laid onto the bins of a listening STFT.

    The outermost columns hold for another ``reach`` seconds (half a window): the network heard those samples too,
    through the slope of that window. Elsewhere outside the map the network heard nothing, and the value is 0.
    """
    held = np.concatenate([mask[:, :1], mask, mask[:, -1:]], axis=1)
    seconds = np.concatenate([[axes.seconds[0] - reach], axes.seconds, [axes.seconds[-1] + reach]])
    return Axes(seconds, axes.hertz).resample(held, onto)


def in_clip(axes: Axes, seconds: float) -> np.ndarray:
    """Which frames ``[T]`` of a listening STFT are centred within the clip."""
    centres = axes.seconds_centres
    return (centres >= -1e-9) & (centres <= seconds + 1e-9)
