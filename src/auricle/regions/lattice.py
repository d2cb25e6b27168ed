"""Cells of a map as points on a plane: how far apart two cells are, in units that frequency and time share.

One unit is 4 ms along time. Along frequency it is 16 mel, 1/24 octave or 15.625 Hz, so that the bins of AudibleXAI's
maps (8 kHz; 4 ms by 1/128 of the mel scale, or by 15.625 Hz) are nearly square; in ``bins`` it is one bin either way,
which is AudibleXAI's own measure and changes with the front-end.

Coordinates are whole multiples of a power of two (1/1024 unit, coarser only where a map is larger than 2048 units):
differences, squares and their sums are then exact, and cells that are equally far apart are so for every program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from auricle.axes import Axes
from auricle.components.bands import LOWEST_OCTAVE
from auricle.errors import AuricleError

Units = Literal["mel", "octave", "hertz", "bins"]

SECONDS = 0.004
MEL = 16.0
OCTAVE = 1 / 24
HERTZ = 15.625
FINEST = 10
"""Coordinates are multiples of 2 to the power of minus this, in units."""
WIDEST = 2**21
"""No map is wider than so many multiples: squared distances then fit beside a point's number in 64 bits."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Where rows ``[F]`` and columns ``[T]`` lie, as whole numbers; ``step`` units is one of them."""

    rows: np.ndarray
    columns: np.ndarray
    step: float

    def points(self, kept: np.ndarray) -> np.ndarray:
        """The kept cells of ``[F, T]``, row by row, as coordinates ``[n, 2]`` in units (float64, exact)."""
        row, column = np.nonzero(kept)
        return np.stack([self.rows[row], self.columns[column]], axis=1) * self.step


def lattice_of(axes: Axes, units: Units) -> Lattice:
    """The lattice of the centres of a map's bins.

    >>> lattice = lattice_of(Axes(np.array([0.0, 0.004, 0.008]), np.array([0.0, 15.625, 31.25])), "hertz")
    >>> lattice.points(np.array([[True, False], [False, True]])).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    if axes.hertz is None:
        raise AuricleError(
            "regions are found on maps of frequency and time, and this relevance has no frequency; "
            "explain at level 'features', or lay it on a map first"
        )
    if units == "bins":
        rows, columns = np.arange(len(axes.hertz) - 1.0), np.arange(len(axes.seconds) - 1.0)
    else:
        rows, columns = height(axes.hertz_centres, units), axes.seconds_centres / SECONDS
    rows, columns = rows - rows[0], columns - columns[0]
    fine = FINEST
    while max(rows[-1], columns[-1]) * 2.0**fine > WIDEST:
        fine -= 1
    whole = [np.rint(each * 2.0**fine).astype(np.int64) for each in (rows, columns)]
    return Lattice(whole[0], whole[1], step=2.0**-fine)


def height(hertz: np.ndarray, units: Literal["mel", "octave", "hertz"]) -> np.ndarray:
    """Hertz in units: mel as HTK counts them, octaves above 62.5 Hz (below it straight on, with the slope there).

    >>> height(np.array([1000.0, 2000.0]), "octave").round(9)
    array([ 96., 120.])
    """
    if units == "mel":
        return 2595.0 * np.log10(1.0 + hertz / 700.0) / MEL
    if units == "octave":
        ratio = hertz / LOWEST_OCTAVE
        below = (ratio - 1.0) / np.log(2.0)
        return np.where(ratio < 1.0, below, np.log2(np.maximum(ratio, 1.0))) / OCTAVE
    return hertz / HERTZ
