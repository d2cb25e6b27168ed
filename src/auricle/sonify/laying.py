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


class Laying:
    """`lay` for many masks on the same axes: its two interpolations, as sparse matrices that are found once."""

    def __init__(self, axes: Axes, onto: Axes, *, reach: float) -> None:
        from scipy.sparse import csr_array

        hertz = axes.hertz_centres
        # Interpolation is linear and works on each axis alone, so it is what it makes of the unit vectors.
        row, column = np.arange(len(hertz) + 1.0), np.arange(len(axes.seconds) + 0.0)
        rows = Axes(row, axes.hertz).resample(np.eye(len(hertz)), Axes(row, onto.hertz))
        columns = lay(np.eye(len(column) - 1), Axes(axes.seconds, column), Axes(onto.seconds, column), reach=reach)
        self.rows, self.columns = csr_array(rows, dtype=np.float32), csr_array(columns.T, dtype=np.float32)

    def __call__(self, mask: np.ndarray) -> np.ndarray:
        """``[F, T]`` on the map's axes to the bins that it is laid onto (float32)."""
        return self.rows @ (self.columns @ mask.astype(np.float32).T).T


def in_clip(axes: Axes, seconds: float) -> np.ndarray:
    """Which frames ``[T]`` of a listening STFT are centred within the clip."""
    centres = axes.seconds_centres
    return (centres >= -1e-9) & (centres <= seconds + 1e-9)
