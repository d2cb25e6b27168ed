"""Regions that know nothing of the model: the same sizes, elsewhere.

Conventions: a box keeps its seconds and its number of rows of the map. Rows are what the network sees: on a mel map a
box that lands higher is wider in hertz and covers the same area of the map. Boxes that overlap one another move as one
piece, and pieces are kept apart, so that a control has exactly as many cells as the relevant boxes. Its cells move with
a box as one block: counted anew at every place, a box cut at the clip's end could win or lose a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.metrics.controls import random_masks
from auricle.regions.base import Regions, drawn
from auricle.regions.silence import columns_in_clip
from auricle.sonify.boxes import Box

TOUCH = 1e-6
"""Boxes that share less than so many rows or columns are side by side, not overlapping."""
TRIES = 20
"""Times that all pieces are placed anew where one found no place apart from the others."""
ROLLS = 40
"""Places that are tried for a mask that shall not overlap the relevant one."""


def random_regions(
    regions: Regions, *, draws: int, overlap: bool = True, seed: int = 0, seconds: float
) -> list[Regions]:
    """``draws`` controls of the regions of a clip of ``seconds``, each with exactly as many cells.

    Boxes are placed by `random_boxes`. A mask that is not the union of its boxes (a soft one, or connected components)
    is rolled and mirrored within the clip, as `random_masks` does; without ``overlap`` the first of 40 such masks
    that has no cell in common with the relevant one, or the one that has least. notes: ``left_out`` boxes that, or a
    part of which, fitted nowhere (only without ``overlap``; their cells are missing); ``shared``, the share of the
    control that lies on what is relevant.
    """
    if regions.empty:
        return [Regions(np.zeros_like(regions.mask), regions.axes, (), {"random": k}) for k in range(draws)]
    boxed = bool(regions.boxes) and bool((drawn(regions.boxes, regions.axes) == regions.mask).all())
    places = _Places(regions.boxes, regions.axes, seconds=seconds, overlap=overlap) if boxed else None
    relevant = np.flatnonzero(regions.mask)
    found = []
    for draw in range(draws):
        own, left_out = _seed(seed, draw), 0
        if places is not None:
            blocks = places.draw(own)
            boxes, mask, left_out = places.boxes(blocks), places.mask(blocks), places.left_out(blocks)
        else:
            boxes, mask = (), _rolled(regions, seconds=seconds, overlap=overlap, seed=own)
        shared = float((mask.ravel()[relevant] * regions.mask.ravel()[relevant]).sum())
        notes: dict[str, Any] = {"random": draw, "overlap": overlap, "left_out": left_out}
        notes["shared"] = round(shared / max(float(mask.sum()), 1e-9), 6)
        found.append(Regions(mask, regions.axes, boxes, notes))
    return found


def random_boxes(
    boxes: Sequence[Box], axes: Axes, *, seconds: float, overlap: bool = True, seed: int = 0
) -> tuple[Box, ...]:
    """The boxes at places drawn from ``seed``, uniformly among all that lie on the map and within the clip.

    Without ``overlap`` none shares any of the sound with a relevant box, and one that fits nowhere is left out. Drawn
    from the free places themselves, not by trying: the answer is as uniform, and there is always one if one exists.
    Where pieces find no place apart from each other in 20 tries, all move as one figure round the edges of the map and
    the clip, and a box across an edge becomes two. Without ``overlap``, boxes of a piece that fits nowhere are cut
    apart and placed one by one.

    >>> axes = Axes(np.linspace(0.0, 1.0, 101), np.linspace(0.0, 4000.0, 65))
    >>> (box,) = random_boxes([Box(1000.0, 1500.0, 0.2, 0.5)], axes, seconds=1.0, overlap=False)
    >>> round(box.end - box.start, 6), round(box.high - box.low, 6)
    (0.3, 500.0)
    """
    places = _Places(boxes, axes, seconds=seconds, overlap=overlap)
    return places.boxes(places.draw(seed))


@dataclass(frozen=True)
class _Block:
    """A box in rows and columns of the map (edges, from 0), and the bins that are its cells: first, last + 1.

    of: the place among the relevant boxes of the one that this is, or is a part of.
    """

    of: int
    low: float
    high: float
    start: float
    end: float
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def cells(self) -> int:
        return (self.rows[1] - self.rows[0]) * (self.columns[1] - self.columns[0])

    @property
    def hull(self) -> tuple[float, float, float, float]:
        """Low, high, start and end of the box and its cells together, which others keep off."""
        rows, columns = self.rows, self.columns
        low, high = min(self.low, rows[0]), max(self.high, rows[1])
        return low, high, min(self.start, columns[0]), max(self.end, columns[1])

    def moved(self, rows: int, columns: float) -> _Block:
        # A column is in a box if its centre is, the earlier edge included and the later one not.
        whole = int(np.ceil(columns - 0.5))
        return _Block(
            self.of, self.low + rows, self.high + rows, self.start + columns, self.end + columns,
            (self.rows[0] + rows, self.rows[1] + rows), (self.columns[0] + whole, self.columns[1] + whole),
        )  # fmt: skip

    def overlaps(self, other: _Block) -> bool:
        own, its = self.hull, other.hull
        rows = min(own[1], its[1]) - max(own[0], its[0])
        return rows > TOUCH and min(own[3], its[3]) - max(own[2], its[2]) > TOUCH

    def part(self, rows: tuple[int, int], columns: tuple[int, int]) -> _Block:
        """Some of its cells; edges that are not cut stay where they are."""
        return replace(
            self,
            low=self.low if rows[0] == self.rows[0] else rows[0],
            high=self.high if rows[1] == self.rows[1] else rows[1],
            start=self.start if columns[0] == self.columns[0] else columns[0],
            end=self.end if columns[1] == self.columns[1] else columns[1],
            rows=rows,
            columns=columns,
        )

    def without(self, other: _Block) -> list[_Block]:
        """Blocks of the cells that it does not share with another."""
        (low, high), (start, end) = self.rows, self.columns
        bottom, top = max(low, other.rows[0]), min(high, other.rows[1])
        begin, finish = max(start, other.columns[0]), min(end, other.columns[1])
        if bottom >= top or begin >= finish:
            return [self]
        around = [((low, bottom), (start, end)), ((top, high), (start, end))]
        around += [((bottom, top), (start, begin)), ((bottom, top), (finish, end))]
        return [part for part in (self.part(*each) for each in around) if part.cells]


@dataclass(frozen=True, eq=False)
class _Moves:
    """Where a piece may go: whole ``rows [K]`` up, and spans of columns, their ``begins`` and ``widths [C]``.

    held: cumulative weights of all pairs ``[K · C]``.
    """

    rows: np.ndarray
    begins: np.ndarray
    widths: np.ndarray
    held: np.ndarray

    def draw(self, generator: np.random.Generator) -> tuple[int, float]:
        at, within = generator.random(2)
        chosen = int(np.searchsorted(self.held, at * self.held[-1], side="right"))
        row, span = divmod(chosen, len(self.begins))
        return int(self.rows[row]), float(self.begins[span] + within * self.widths[span])


class _Places:
    """Boxes on the rows and columns of a map that lie in the clip, ready to be placed elsewhere."""

    def __init__(self, boxes: Sequence[Box], axes: Axes, *, seconds: float, overlap: bool) -> None:
        assert axes.hertz is not None
        self.axes, self.hertz, self.heard = axes, axes.hertz, columns_in_clip(axes, seconds)
        self.ends = max(float(axes.seconds[0]), 0.0), min(float(axes.seconds[-1]), seconds)
        self.first, self.last = (float(each) for each in self._columns(np.array(self.ends)))
        self.relevant = [
            self._block(at, box) for at, box in enumerate(boxes) if self._cut(box).end > self._cut(box).start
        ]
        self.walls = [] if overlap else self.relevant
        self.pieces: list[tuple[list[_Block], _Moves]] = []
        self.blocks: list[_Block] = []
        for piece in _pieces(self.relevant):
            fits = self._moves(piece, []) is not None
            for each in [piece] if fits else [[part] for part in _parts(piece)]:
                self.blocks += each
                moves = self._moves(each, [])
                if moves is not None:
                    self.pieces.append((each, moves))
        # The largest first, while there is room.
        self.pieces.sort(key=lambda piece: -sum(block.cells for block in piece[0]))

    def draw(self, seed: int) -> list[_Block]:
        generator = np.random.default_rng(seed)
        wanted = [block for piece, _ in self.pieces for block in piece]
        area, best, most = int(self.mask(wanted).sum()), list[_Block](), -1
        for _ in range(TRIES):
            placed = self._placed(generator)
            cells = int(self.mask(placed).sum())
            if cells == area and len(placed) == len(wanted):
                return placed
            if cells > most:
                best, most = placed, cells
        return self._around(wanted, generator) or best

    def boxes(self, blocks: list[_Block]) -> tuple[Box, ...]:
        rows, columns = np.arange(len(self.hertz)), np.arange(len(self.axes.seconds))
        found = []
        for block in blocks:
            low, high = np.interp([block.low, block.high], rows, self.hertz)
            start, end = np.clip(np.interp([block.start, block.end], columns, self.axes.seconds), *self.ends)
            found.append(Box(float(low), float(high), float(start), float(end)))
        return tuple(found)

    def mask(self, blocks: list[_Block]) -> np.ndarray:
        mask = np.zeros(self.axes.shape, np.float32)
        for block in blocks:
            mask[slice(*block.rows), slice(*block.columns)] = 1.0
        return mask

    def left_out(self, blocks: list[_Block]) -> int:
        """How many of the relevant boxes are not, or not as a whole, in a draw."""
        lost: dict[int, int] = {}
        for block in self.blocks:
            lost[block.of] = lost.get(block.of, 0) + block.cells
        for block in blocks:
            lost[block.of] -= block.cells
        present = {block.of for block in blocks}
        return sum(cells > 0 or at not in present for at, cells in lost.items())

    def _columns(self, seconds: np.ndarray) -> np.ndarray:
        return np.interp(seconds, self.axes.seconds, np.arange(len(self.axes.seconds)))

    def _cut(self, box: Box) -> Box:
        return replace(box, start=max(box.start, self.ends[0]), end=min(box.end, self.ends[1]))

    def _block(self, at: int, box: Box) -> _Block:
        box = self._cut(box)
        low, high = np.interp([box.low, box.high], self.hertz, np.arange(len(self.hertz)))
        start, end = self._columns(np.array([box.start, box.end]))
        cells = drawn((box,), self.axes)
        rows, columns = np.flatnonzero(cells.any(axis=1)), np.flatnonzero(cells.any(axis=0))
        if not len(rows):  # so thin that it holds no centre
            near, since = round(float(low)), round(float(start))
            return _Block(at, float(low), float(high), float(start), float(end), (near, near), (since, since))
        within = (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)
        return _Block(at, float(low), float(high), float(start), float(end), *within)

    def _placed(self, generator: np.random.Generator) -> list[_Block]:
        """All pieces somewhere else and apart from each other, but for those that find no such place."""
        placed: list[_Block] = []
        for piece, anywhere in self.pieces:
            moves = self._moves(piece, placed) if placed else anywhere
            if moves is not None:
                rows, columns = moves.draw(generator)
                placed += [block.moved(rows, columns) for block in piece]
        return sorted(placed, key=lambda block: block.of)

    def _around(self, blocks: list[_Block], generator: np.random.Generator) -> list[_Block]:
        """The cells of all blocks as one figure, rolled within the clip; none if it would meet a wall everywhere."""
        figure, walls = self.mask(blocks)[:, self.heard], self.mask(self.walls)[:, self.heard]
        meets = np.fft.irfft2(np.fft.rfft2(figure).conj() * np.fft.rfft2(walls), figure.shape)
        free = np.flatnonzero(meets < 0.5)  # cells that every roll has in common with the walls
        if not len(free):
            return []
        up, later = divmod(int(free[generator.integers(len(free))]), figure.shape[1])
        return [
            _Block(block.of, *rows, max(columns[0], self.first), min(columns[1], self.last), rows, columns)
            for block in blocks
            if block.cells
            for rows in _wrapped(block.rows, up, range(figure.shape[0]))
            for columns in _wrapped(block.columns, later, range(self.heard.start, self.heard.stop))
        ]

    def _moves(self, blocks: list[_Block], others: list[_Block]) -> _Moves | None:
        """All moves of a piece that end on no wall and none of the ``others``; None if there is none.

        A pair of a block and a wall forbids one rectangle of moves, so all moves are a plane without some rectangles.
        """
        lowest = int(np.ceil(-min(each.low for each in blocks) - TOUCH))
        highest = int(np.floor(len(self.hertz) - 1 - max(each.high for each in blocks) + TOUCH))
        # A box cut within a column may hold all of it, and shall hold no column beyond the clip.
        half = 0.5 - TOUCH
        opening = self.heard.start - half - min(each.columns[0] for each in blocks)
        closing = self.heard.stop + half - max(each.columns[1] for each in blocks)
        earliest = max(self.first - min(each.start for each in blocks), opening)
        latest = max(min(self.last - max(each.end for each in blocks), closing), earliest)
        walls = [wall.hull for wall in self.walls + others]
        forbidden = [
            (low - own_high, high - own_low, start - own_end, end - own_start)
            for own_low, own_high, own_start, own_end in (each.hull for each in blocks)
            for low, high, start, end in walls
        ]
        cuts = {earliest, latest, *(cut for each in forbidden for cut in each[2:] if earliest < cut < latest)}
        edges = np.array(sorted(cuts))
        # A box as long as the clip can only stay where it is.
        begins, widths = (edges[:-1], np.diff(edges)) if len(edges) > 1 else (edges, np.zeros(1))
        middles = begins + widths / 2
        rows = np.arange(lowest, highest + 1)
        weights = np.tile(widths if len(edges) > 1 else np.ones(1), (len(rows), 1))
        for low, high, start, end in forbidden:
            blocked = slice(*np.searchsorted(rows, [low + TOUCH, high - TOUCH]))
            weights[blocked, (middles > start) & (middles < end)] = 0.0
        return _Moves(rows, begins, widths, np.cumsum(weights)) if weights.any() else None


def _pieces(blocks: list[_Block]) -> Iterator[list[_Block]]:
    """Groups of blocks that overlap one another, directly or through others."""
    left = list(blocks)
    while left:
        group = [left.pop(0)]
        for block in group:  # grows while it is read
            near = [other for other in left if block.overlaps(other)]
            group += near
            left = [other for other in left if other not in near]
        yield sorted(group, key=lambda block: block.of)


def _parts(piece: list[_Block]) -> Iterator[_Block]:
    """Blocks that share no cell and together are the piece; the largest stay whole."""
    whole: list[_Block] = []
    for block in sorted(piece, key=lambda block: -block.cells):
        parts = [block]
        for other in whole:
            parts = [part for each in parts for part in each.without(other)]
        whole.append(block)
        yield from parts


def _wrapped(bins: tuple[int, int], later: int, ring: range) -> list[tuple[int, int]]:
    """Bins moved along a ring of them: one span, or two where they cross its end.

    >>> _wrapped((5, 8), 4, range(0, 10))
    [(9, 10), (0, 2)]
    """
    start = ring[(bins[0] - ring.start + later) % len(ring)]
    end = start + bins[1] - bins[0]
    return [(start, end)] if end <= ring.stop else [(start, ring.stop), (ring.start, end - len(ring))]


def _rolled(regions: Regions, *, seconds: float, overlap: bool, seed: int) -> np.ndarray:
    """The mask rolled and mirrored within the columns that overlap the clip."""
    heard = (regions.axes.seconds[1:] > 0.0) & (regions.axes.seconds[:-1] < seconds)
    inside = regions.mask[:, heard]
    best, least = inside, np.inf
    for roll in range(1 if overlap else ROLLS):
        (rolled,) = random_masks(inside, draws=1, seed=_seed(seed, roll))
        shared = 0.0 if overlap else float((rolled * inside).sum())
        if shared < least:
            best, least = rolled, shared
        if least == 0.0:
            break
    mask = np.zeros_like(regions.mask)
    mask[:, heard] = best
    return mask


def _seed(seed: int, draw: int) -> int:
    """A seed of its own for every draw, so that the first ones do not depend on how many there are."""
    return int(np.random.SeedSequence([seed, draw]).generate_state(1)[0])
