"""Core distances and the minimum spanning tree of mutual reachability, for points on a lattice; compiled.

The tree is the one that scikit-learn's HDBSCAN finds (Prim's algorithm from point 0), ties included: of all points
that are equally near to the tree the one with the lowest number comes next, joined to the earliest point of the tree
that is so near. Where scikit-learn compares every point with every other, a point here looks only as far around as it
must: within its core distance first, and one and a half times as far whenever nothing nearer is left to join.

Conventions: distances are squared and whole (`auricle.regions.lattice`), so that comparisons are exact. Points are
numbered row by row. ``first[r, t]`` is the number of the first point of row ``r`` at column ``t`` or later; its last
column is the end of the row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FAR = np.int64(2**62)
NOWHERE = np.int64(2**44)
"""Further than any two points are apart; beside a point's number it still fits in 64 bits."""


def compiled(function: Any) -> Any:
    """Compiled once per machine (kept beside the module, or in the user's cache), without Python's lock."""
    return njit(cache=True, nogil=True)(function)


@compiled
def first_points(kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of kept cells ``[F, T]``: row and column of each point ``[n]``, and ``first`` ``[F, T + 1]``."""
    n_rows, n_columns = kept.shape
    first = np.empty((n_rows, n_columns + 1), np.int64)
    n = 0
    for r in range(n_rows):
        for t in range(n_columns):
            first[r, t] = n
            n += kept[r, t]
        first[r, n_columns] = n
    row, column = np.empty(n, np.int64), np.empty(n, np.int64)
    for r in range(n_rows):
        for t in range(n_columns):
            if kept[r, t]:
                row[first[r, t]] = r
                column[first[r, t]] = t
    return row, column, first


@compiled
def nearest_squares(
    y: np.ndarray, x: np.ndarray, row: np.ndarray, column: np.ndarray, first: np.ndarray, count: int
) -> np.ndarray:
    """Squared distances ``[count, n]`` to the nearest points, ascending; each point's nearest is itself, at 0."""
    n, n_rows, end = len(row), len(y), first.shape[1] - 1
    found = np.empty((count, n), np.int64)
    best = np.empty(count, np.int64)
    for p in range(n):
        best[:] = FAR
        y0, x0 = y[row[p]], x[column[p]]
        up, down = row[p], row[p] - 1
        while True:
            # The nearer of the next row above and the next row below.
            above = (y[up] - y0) ** 2 if up < n_rows else FAR
            below = (y[down] - y0) ** 2 if down >= 0 else FAR
            if above <= below:
                r, height = up, above
                up += 1
            else:
                r, height = down, below
                down -= 1
            if height >= best[count - 1]:  # also when no row is left
                break
            middle = first[r, column[p]]
            for q in range(middle, first[r, end]):
                square = height + (x[column[q]] - x0) ** 2
                if square >= best[count - 1]:
                    break
                _insert(best, square)
            for q in range(middle - 1, first[r, 0] - 1, -1):
                square = height + (x[column[q]] - x0) ** 2
                if square >= best[count - 1]:
                    break
                _insert(best, square)
        found[:, p] = best
    return found


@compiled
def _insert(best: np.ndarray, square: int) -> None:
    k = len(best) - 1
    while k > 0 and best[k - 1] > square:
        best[k] = best[k - 1]
        k -= 1
    best[k] = square


@compiled
def spanning_tree(
    y: np.ndarray, x: np.ndarray, row: np.ndarray, column: np.ndarray, first: np.ndarray, core: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges in the order in which they are found: the tree's point, the new one, their squared reachability."""
    n, end = len(row), first.shape[1] - 1
    bits = 1
    while 1 << bits < n:
        bits += 1
    last = (1 << bits) - 1
    at = x[column]
    # Points outside the tree: of a row, the next one at p or later and the last one before p, found by skipping.
    later, earlier = np.arange(n + 1), np.arange(n + 1)
    left = first[:, end] - first[:, 0]
    # How near the tree comes to each point (-1: it is in the tree), from which of its points; when each was joined.
    reach, source, turn = np.full(n, FAR, np.int64), np.zeros(n, np.int64), np.full(n, n, np.int64)
    # Heaps of (squared distance, point) packed in one number: points to join, and points that may look further.
    heap, place, size = np.empty(n, np.int64), np.full(n, -1, np.int64), 0
    looking, lookers = np.empty(n, np.int64), 0
    joined, new, squares = np.empty(n - 1, np.int64), np.empty(n - 1, np.int64), np.empty(n - 1, np.int64)
    current = 0
    for i in range(n - 1):
        turn[current], reach[current] = i, -1
        later[current] = current + 1
        earlier[current + 1] = current
        left[row[current]] -= 1
        size = _look_around(y, at, row, column, first, core, left, reach, source, heap, place, size, bits, current)
        lookers = _push(looking, lookers, (core[current] + 1) << bits | current)
        # What a point has not been offered to lies no nearer than its number here says.
        while lookers > 0 and (size == 0 or looking[0] >> bits <= heap[0] >> bits):
            near, who = looking[0] >> bits, looking[0] & last
            size, beyond = _look_further(y, at, row, column, first, core, later, earlier, left, reach, source, turn,
                                         heap, place, size, bits, who, 9 * near // 4)  # fmt: skip
            _sink(looking, lookers, (beyond << bits) | who)
        current = heap[0] & last
        joined[i], new[i], squares[i] = source[current], current, reach[current]
        place[current] = -1
        size -= 1
        if size > 0:
            _lower(heap, place, size, heap[size], last)
    return joined, new, squares


@compiled
def _look_around(y, at, row, column, first, core, left, reach, source, heap, place, size, bits, p):  # type: ignore[no-untyped-def]
    """Offer the tree's new point ``p`` to every point within its core distance; returns the heap's new size."""
    y0, x0, far, end = y[row[p]], at[p], core[p], first.shape[1] - 1
    for direction in (-1, 1):
        r = row[p] if direction > 0 else row[p] - 1
        while 0 <= r < len(y):
            height = (y[r] - y0) ** 2
            if height > far:
                break
            if left[r] > 0:
                # Nothing within the core distance is nearer than that, and no earlier point gives way to this one.
                middle = first[r, column[p]]
                for q in range(middle, first[r, end]):
                    if height + (at[q] - x0) ** 2 > far:
                        break
                    if reach[q] > far and reach[q] > core[q]:
                        size = _offer(reach, source, heap, place, size, bits, p, q, max(far, core[q]))
                for q in range(middle - 1, first[r, 0] - 1, -1):
                    if height + (at[q] - x0) ** 2 > far:
                        break
                    if reach[q] > far and reach[q] > core[q]:
                        size = _offer(reach, source, heap, place, size, bits, p, q, max(far, core[q]))
            r += direction
    return size


@compiled
def _look_further(  # type: ignore[no-untyped-def]
    y, at, row, column, first, core, later, earlier, left, reach, source, turn, heap, place, size, bits, p, far
):
    """Offer the point ``p`` of the tree to every point outside it within the squared distance ``far``.

    Returns the heap's new size, and a squared distance that no other point outside the tree is nearer than.
    """
    y0, x0, end = y[row[p]], at[p], first.shape[1] - 1
    beyond = NOWHERE
    for direction in (-1, 1):
        r = row[p] if direction > 0 else row[p] - 1
        while 0 <= r < len(y):
            height = (y[r] - y0) ** 2
            if height > far:
                if left[r] > 0:
                    beyond = min(beyond, height)
                    break
            elif left[r] > 0:
                middle = first[r, column[p]]
                for side in (-1, 1):
                    q = _next(later, middle) if side > 0 else _next(earlier, middle) - 1
                    while first[r, 0] <= q < first[r, end]:
                        square = height + (at[q] - x0) ** 2
                        if square > far:
                            beyond = min(beyond, square)
                            break
                        square = max(square, core[p], core[q])
                        if square < reach[q]:
                            size = _offer(reach, source, heap, place, size, bits, p, q, square)
                        elif square == reach[q] and turn[p] < turn[source[q]]:
                            source[q] = p
                        q = _next(later, q + 1) if side > 0 else _next(earlier, q) - 1
            r += direction
    return size, beyond


@compiled
def _offer(reach, source, heap, place, size, bits, p, q, square):  # type: ignore[no-untyped-def]
    """The tree's point ``p`` is nearer to ``q`` than any before."""
    reach[q], source[q] = square, p
    if place[q] < 0:
        place[q] = size
        size += 1
    _rise(heap, place, place[q], (square << bits) | q, (1 << bits) - 1)
    return size


@compiled
def _next(skips: np.ndarray, p: int) -> int:
    while skips[p] != p:
        skips[p] = skips[skips[p]]
        p = skips[p]
    return p


@compiled
def _rise(heap: np.ndarray, place: np.ndarray, at: int, key: int, last: int) -> None:
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= key:
            break
        heap[at] = heap[above]
        place[heap[at] & last] = at
        at = above
    heap[at] = key
    place[key & last] = at


@compiled
def _lower(heap: np.ndarray, place: np.ndarray, size: int, key: int, last: int) -> None:
    """Put ``key`` in place of the first of a heap whose points know their places."""
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= key:
            break
        heap[at] = heap[below]
        place[heap[at] & last] = at
        at = below
    heap[at] = key
    place[key & last] = at


@compiled
def _push(heap: np.ndarray, size: int, key: int) -> int:
    at = size
    while at > 0 and heap[(at - 1) >> 1] > key:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = key
    return size + 1


@compiled
def _sink(heap: np.ndarray, size: int, key: int) -> None:
    """Put ``key`` in place of the first."""
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= key:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = key
