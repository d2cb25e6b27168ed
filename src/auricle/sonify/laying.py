"""Laying a map onto the STFT on which it is heard; a mask has one value per bin of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from auricle.axes import Axes, interpolation


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
    return _held(axes, reach).resample(mask[:, _held_columns(mask.shape[1])], onto)


def _held(axes: Axes, reach: float) -> Axes:
    """The axes with a column of ``reach`` seconds before and after."""
    return Axes(np.concatenate([[axes.seconds[0] - reach], axes.seconds, [axes.seconds[-1] + reach]]), axes.hertz)


def _held_columns(count: int) -> np.ndarray:
    """Which of ``count`` columns each column of `_held` axes has the values of."""
    return np.clip(np.arange(-1, count + 1), 0, count - 1)


class Laying:
    """`lay` for many masks on the same axes: its two interpolations, as sparse matrices that are found once."""

    def __init__(self, axes: Axes, onto: Axes, *, reach: float) -> None:
        held, bins = _held(axes, reach), len(axes.hertz_centres)
        self.rows = _matrix(interpolation(axes.hertz_centres, axes.hertz, onto.hertz_centres), np.arange(bins))
        seconds = interpolation(held.seconds_centres, held.seconds, onto.seconds_centres)
        self.columns = _matrix(seconds, _held_columns(len(axes.seconds) - 1))

    def __call__(self, mask: np.ndarray) -> np.ndarray:
        """``[F, T]`` on the map's axes to the bins that it is laid onto (float32)."""
        return self.rows @ (self.columns @ mask.astype(np.float32).T).T


def _matrix(plan: tuple[np.ndarray, np.ndarray, np.ndarray], sources: np.ndarray) -> Any:
    """An interpolation between values that lie at ``sources``, as a sparse matrix; its size grows with their number."""
    from scipy.sparse import csr_array

    lower, weight, inside = plan
    upper = np.minimum(lower + 1, len(sources) - 1)
    point = np.arange(len(lower))
    values = np.concatenate([(1 - weight) * inside, weight * inside])
    places = np.concatenate([point, point]), sources[np.concatenate([lower, upper])]
    matrix = csr_array((values, places), shape=(len(lower), int(sources[-1]) + 1)).astype(np.float32)
    matrix.eliminate_zeros()
    return matrix


def in_clip(axes: Axes, seconds: float) -> np.ndarray:
    """Which frames ``[T]`` of a listening STFT are centred within the clip."""
    centres = axes.seconds_centres
    return (centres >= -1e-9) & (centres <= seconds + 1e-9)
