"""Regions that know nothing of the model: the same sizes, elsewhere.

Conventions: a box keeps its seconds and its number of rows of the map. Rows are what the network sees: on a mel map a
box that lands higher is wider in hertz and covers the same area of the map. Boxes that overlap one another move as one
piece, and pieces are kept apart where there is room, so that the union has the same area as that of the relevant boxes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.axes import Axes
from auricle.metrics.controls import random_masks
from auricle.regions.base import Regions, drawn
from auricle.sonify.boxes import Box

TOUCH = 1e-6
"""Boxes that share less than so many rows or seconds are side by side, not overlapping."""
ROLLS = 40
"""Places that are tried for a mask that shall not overlap the relevant one."""


def random_regions(
    regions: Regions, *, draws: int, overlap: bool = True, seed: int = 0, seconds: float
) -> list[Regions]:
    """``draws`` controls of the regions of a clip of ``seconds``.

    Boxes are placed by `random_boxes`. A mask that is not the union of its boxes (a soft one, or connected components)
    is rolled and mirrored within the clip, as `random_masks` does; without ``overlap`` the first of 40 such masks
    that has no cell in common with the relevant one, or the one that has least. notes: ``left_out`` boxes that fitted
    nowhere; ``shared``, the share of the control that lies on what is relevant.
    """
    if regions.empty:
        return [Regions(np.zeros_like(regions.mask), regions.axes, (), {"random": k}) for k in range(draws)]
    boxed = bool(regions.boxes) and bool((drawn(regions.boxes, regions.axes) == regions.mask).all())
    places = _Places(regions.boxes, regions.axes, seconds=seconds, overlap=overlap) if boxed else None
    relevant = np.flatnonzero(regions.mask)
    found = []
    for draw in range(draws):
        own = _seed(seed, draw)
        if places is not None:
            boxes = places.draw(own)
            mask = drawn(boxes, regions.axes)
        else:
            boxes, mask = (), _rolled(regions, seconds=seconds, overlap=overlap, seed=own)
        left_out = len(regions.boxes) - len(boxes) if boxed else 0
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

    >>> axes = Axes(np.linspace(0.0, 1.0, 101), np.linspace(0.0, 4000.0, 65))
    >>> (box,) = random_boxes([Box(1000.0, 1500.0, 0.2, 0.5)], axes, seconds=1.0, overlap=False)
    >>> round(box.end - box.start, 6), round(box.high - box.low, 6)
    (0.3, 500.0)
    """
    return _Places(boxes, axes, seconds=seconds, overlap=overlap).draw(seed)


@dataclass(frozen=True)
class _Block:
    """A box in rows of the map (edges, from 0) and seconds."""

    low: float
    high: float
    start: float
    end: float

    @property
    def area(self) -> float:
        return (self.high - self.low) * (self.end - self.start)

    def moved(self, rows: float, seconds: float) -> _Block:
        return _Block(self.low + rows, self.high + rows, self.start + seconds, self.end + seconds)

    def overlaps(self, other: _Block) -> bool:
        rows = min(self.high, other.high) - max(self.low, other.low)
        return rows > TOUCH and min(self.end, other.end) - max(self.start, other.start) > TOUCH


@dataclass(frozen=True, eq=False)
class _Moves:
    """Where a piece may go: whole ``rows [K]`` up, and spans of seconds, their ``begins`` and ``widths [C]``.

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
    """Boxes on the rows of a map and the seconds that both it and the clip cover, ready to be placed elsewhere."""

    def __init__(self, boxes: Sequence[Box], axes: Axes, *, seconds: float, overlap: bool) -> None:
        assert axes.hertz is not None
        self.hertz, self.rows = axes.hertz, np.arange(len(axes.hertz), dtype=np.float64)
        self.first, self.last = max(float(axes.seconds[0]), 0.0), min(float(axes.seconds[-1]), seconds)
        lows = np.interp([box.low for box in boxes], self.hertz, self.rows)
        highs = np.interp([box.high for box in boxes], self.hertz, self.rows)
        self.relevant = [
            _Block(float(low), float(high), max(box.start, self.first), min(box.end, self.last))
            for box, low, high in zip(boxes, lows, highs, strict=True)
        ]
        self.walls = [] if overlap else self.relevant
        pieces = list(_pieces(self.relevant))
        # The largest first, while there is room.
        pieces.sort(key=lambda piece: -sum(self.relevant[at].area for at in piece))
        self.pieces = [(piece, self._moves(piece, [])) for piece in pieces]

    def draw(self, seed: int) -> tuple[Box, ...]:
        generator = np.random.default_rng(seed)
        placed: dict[int, _Block] = {}
        for piece, moves in self.pieces:
            if moves is not None:
                placed |= self._placed(piece, moves, placed, generator)
            elif len(piece) > 1:
                for at in piece:
                    alone = self._moves([at], [])
                    placed |= self._placed([at], alone, placed, generator) if alone is not None else {}
        chosen = [placed[at] for at in sorted(placed)]
        lows = np.interp([each.low for each in chosen], self.rows, self.hertz)
        highs = np.interp([each.high for each in chosen], self.rows, self.hertz)
        return tuple(
            Box(float(low), float(high), each.start, each.end)
            for each, low, high in zip(chosen, lows, highs, strict=True)
        )

    def _placed(
        self, piece: list[int], moves: _Moves, placed: dict[int, _Block], generator: np.random.Generator
    ) -> dict[int, _Block]:
        """The blocks of a piece somewhere else, apart from what is ``placed`` if there is such a place."""
        apart = self._moves(piece, list(placed.values())) if placed else None
        rows, seconds = (apart or moves).draw(generator)
        return {at: self.relevant[at].moved(rows, seconds) for at in piece}

    def _moves(self, piece: list[int], others: list[_Block]) -> _Moves | None:
        """All moves of a piece that end on no wall and none of the ``others``; None if there is none.

        A pair of a block and a wall forbids one rectangle of moves, so all moves are a plane without some rectangles.
        """
        blocks, walls = [self.relevant[at] for at in piece], self.walls + others
        lowest = int(np.ceil(-min(each.low for each in blocks) - TOUCH))
        highest = int(np.floor(len(self.hertz) - 1 - max(each.high for each in blocks) + TOUCH))
        earliest = self.first - min(each.start for each in blocks)
        latest = max(self.last - max(each.end for each in blocks), earliest)
        forbidden = [
            (wall.low - each.high, wall.high - each.low, wall.start - each.end, wall.end - each.start)
            for each in blocks
            for wall in walls
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


def _pieces(blocks: list[_Block]) -> Iterator[list[int]]:
    """Groups of blocks that overlap one another, directly or through others."""
    left = list(range(len(blocks)))
    while left:
        group = [left.pop(0)]
        for at in group:  # grows while it is read
            near = [other for other in left if blocks[at].overlaps(blocks[other])]
            group += near
            left = [other for other in left if other not in near]
        yield sorted(group)


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
