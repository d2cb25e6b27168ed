"""Boxes around the outlines of a cluster of cells; compiled."""

from __future__ import annotations

import numpy as np

from auricle.regions.spanning import compiled


@compiled
def outlines(row: np.ndarray, column: np.ndarray, n_rows: int, first_column: int, end_column: int) -> np.ndarray:
    """Bounds ``[k, 4]`` (first row, end row, first column, end column) of the outer outlines of cells.

    As AudibleXAI's mean over 2×2 cells spreads it, each cell first grows by one row and one column (not past
    ``n_rows`` or ``end_column``). Holes are filled, so that what lies in a hole is no outline of its own; cells
    that touch by a corner belong together.
    """
    top, bottom = row.min(), min(row.max() + 2, n_rows)
    start, stop = max(column.min(), first_column), min(column.max() + 2, end_column)
    # A margin of one cell on each side, so that the outside is one piece.
    height, width = bottom - top + 2, stop - start + 2
    OPEN, CELL, OUTSIDE, DONE = 0, 1, 2, 3
    plane = np.zeros(height * width, np.uint8)
    for k in range(len(row)):
        for r in range(row[k], min(row[k] + 2, n_rows)):
            for t in range(column[k], min(column[k] + 2, end_column)):
                plane[(r - top + 1) * width + t - start + 1] = CELL
    stack = np.empty(height * width, np.int64)
    stack[0], count = 0, 1
    plane[0] = OUTSIDE
    while count > 0:
        count -= 1
        at = stack[count]
        r, t = at // width, at % width
        for dr, dt in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            if 0 <= r + dr < height and 0 <= t + dt < width:
                to = at + dr * width + dt
                if plane[to] == OPEN:
                    plane[to] = OUTSIDE
                    stack[count] = to
                    count += 1
    found = np.empty((len(row), 4), np.int64)
    parts = 0
    for seed in range(height * width):
        if plane[seed] >= OUTSIDE:
            continue
        stack[0], count = seed, 1
        plane[seed] = DONE
        low, high = seed // width, seed // width
        early, late = seed % width, seed % width
        while count > 0:
            count -= 1
            at = stack[count]
            r, t = at // width, at % width
            low, high, early, late = min(low, r), max(high, r), min(early, t), max(late, t)
            for dr in range(-1, 2):
                for dt in range(-1, 2):
                    to = at + dr * width + dt
                    # The margin is outside, so no step from a cell leaves the plane.
                    if plane[to] < OUTSIDE:
                        plane[to] = DONE
                        stack[count] = to
                        count += 1
        found[parts, 0], found[parts, 1] = low + top - 1, high + top
        found[parts, 2], found[parts, 3] = early + start - 1, late + start
        parts += 1
    return found[:parts]
