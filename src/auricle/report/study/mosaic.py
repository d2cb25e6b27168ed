"""A grid of tiles with its axes, as one PNG, and where in it each clip is, so that a page can lead to its sound."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from auricle.report.colours import AGAINST, FOR, LOUD, QUIET, shade
from auricle.report.plot import FAINT, INK, NICE_HERTZ, hertz_text, short
from auricle.report.study.tiles import Tile, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Panel
    from matplotlib.figure import Figure

DPI, SHARP = 100, 1.4
"""Places are told in pixels of 100 dpi; the file has so many times more."""
TOP, FOOT, GAP, BESIDE, BELOW, ABOVE = 96, 74, 12, 44, 16, 20

Bar = Literal["relevance", "share", "sound"]
BARS: dict[Bar, tuple[str, tuple[str, str, str]]] = {
    "relevance": ("relevance, as a share of each map's strongest cell", ("−1 against", "0", "+1 for")),
    "share": ("share of the class's clips in whose regions a place lies", ("0", "", "all clips")),
    "sound": ("sound, level below the clip's loudest place", ("−80 dB", "", "0 dB")),
}


@dataclass(frozen=True)
class Cell:
    """A tile with what stands above it, and the key of the clip that it leads to."""

    tile: Tile
    title: str = ""
    key: str = ""
    told: str = ""


@dataclass(frozen=True)
class Row:
    """Cells side by side; None leaves a place free. ``label`` and ``note`` stand left of them."""

    label: str
    cells: tuple[Cell | None, ...]
    note: str = ""


@dataclass(frozen=True)
class Spot:
    """Where in a picture a clip is: left, top, width and height as shares of the whole."""

    left: float
    top: float
    width: float
    height: float
    key: str
    told: str


@dataclass(frozen=True, eq=False)
class Drawn:
    """A picture: its name, what it is, the PNG, its size in pixels, and its spots."""

    name: str
    title: str
    caption: str
    png: bytes
    width: int
    height: int
    spots: tuple[Spot, ...] = field(default=())


def mosaic(
    name: str, title: str, caption: str, rows: Sequence[Row], *, heads: Sequence[str] = (), bars: Sequence[Bar] = ()
) -> Drawn:
    """All rows with ``heads`` above the columns; ``bars`` are explained at the foot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = max(len(row.cells) for row in rows)
    wide = int(np.clip(1480 // columns - GAP, 118, 260))
    high = round(wide * 0.62)
    left = 26 + round(7.4 * min(max(len(short(row.label, 22)) for row in rows), 24)) + BESIDE
    left = max(left, 26 + 7 * max((len(line) for row in rows for line in row.note.split("\n")), default=0) + BESIDE)
    width = max(left + columns * (wide + GAP) + 16, 860)
    step = ABOVE + high + BELOW
    height = TOP + len(rows) * step + FOOT
    figure = Figure(figsize=(width / DPI, height / DPI), facecolor="white", dpi=DPI)
    FigureCanvasAgg(figure)
    panel = figure.add_axes((0, 0, 1, 1))
    panel.set_xlim(0, width)
    panel.set_ylim(height, 0)
    panel.set_axis_off()
    _text(panel, 20, 26, title, size=13, weight="bold")
    for number, text in enumerate(textwrap.wrap(caption, round(width / 6.4))[:2]):
        _text(panel, 20, 46 + 15 * number, text, size=9, color=FAINT)
    canvas = np.ones((round(height * SHARP), round(width * SHARP), 3))
    spots = []
    for column, head in enumerate(heads):
        _text(panel, left + column * (wide + GAP), TOP - 3, short(head, max(wide // 7, 12)), size=9, weight="bold")
    for line, row in enumerate(rows):
        top = TOP + line * step + ABOVE
        middle = top + high / 2
        notes = row.note.split("\n") if row.note else []
        begin = middle - 8 - 6.5 * max(len(notes) - 1, 0) if notes else middle
        _text(panel, 20, begin, short(row.label, 22), size=10, weight="bold", va="center")
        for number, text in enumerate(notes):
            _text(panel, 20, begin + 16 + 13 * number, text, size=8, color=FAINT, va="center")
        first = next((column for column, cell in enumerate(row.cells) if cell is not None), 0)
        for column, cell in enumerate(row.cells):
            if cell is None:
                continue
            x = left + column * (wide + GAP)
            _cell(panel, canvas, cell, x, top, wide, high, first=column == first)
            if cell.key:
                told = cell.told or cell.title
                spots.append(Spot(x / width, top / height, wide / width, high / height, cell.key, told))
    panel.imshow(canvas, extent=(0, width, height, 0), aspect="auto", interpolation="nearest", zorder=0)
    _bars(panel, bars, left, height - FOOT + 26)
    tiles = [cell.tile for row in rows for cell in row.cells if cell is not None]
    mixed = any(tile.level is not None and tile.relevance is not None for tile in tiles)
    png = png_of(figure, DPI * SHARP, few_colours=not mixed)
    return Drawn(name, title, caption, png, round(width * SHARP), round(height * SHARP), tuple(spots))


def png_of(figure: Figure, dpi: float, *, few_colours: bool = False) -> bytes:
    """A figure as a PNG; with ``few_colours`` only the house's own, which needs a third of the room."""
    from PIL import Image

    target = io.BytesIO()
    with warnings.catch_warnings():  # a label in a script that the font lacks is no reason to stop
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        figure.savefig(target, format="png", dpi=dpi)
    image, small = Image.open(target).convert("RGB"), io.BytesIO()
    if few_colours:
        palette = Image.new("P", (1, 1))
        palette.putpalette(np.rint(255 * _colours()).astype(np.uint8).ravel().tolist())
        image.quantize(256, palette=palette, dither=Image.Dither.NONE).save(small, "png", optimize=True)
    else:
        image.save(small, "png", optimize=True)
    return small.getvalue()


def _colours() -> np.ndarray:
    """Of relevance on paper, of sound, and of words ``[256, 3]``, 0 to 1."""
    shades = shade(np.linspace(-1, 1, 129))
    ramps = [1 - shades[:, 3:] + shades[:, 3:] * shades[:, :3]]
    for count, colour in ((63, LOUD), (32, INK), (32, FAINT)):
        fading = np.linspace(0, 1, count)[:, None]
        ramps.append((1 - fading) * rgb(QUIET) + fading * rgb(colour))
    return np.concatenate(ramps)


def _cell(panel: Panel, canvas: np.ndarray, cell: Cell, x: int, top: int, wide: int, high: int, *, first: bool) -> None:
    from matplotlib.patches import Rectangle

    tile = cell.tile
    rows, columns = (
        slice(round(top * SHARP), round((top + high) * SHARP)),
        slice(round(x * SHARP), round((x + wide) * SHARP)),
    )
    canvas[rows, columns] = tile.pixels(rows.stop - rows.start, columns.stop - columns.start)
    _curves(panel, tile, x, top, wide, high)
    for box in tile.boxes:
        low, up = tile.height_of(box["low"]), tile.height_of(box["high"])
        begin, end = tile.place_of(box["start"]), tile.place_of(box["end"])
        corner = (x + begin * wide, top + (1 - up) * high)
        panel.add_patch(
            Rectangle(corner, (end - begin) * wide, (up - low) * high, fill=False, ec=INK, lw=1.0, zorder=3)
        )
    panel.add_patch(Rectangle((x, top), wide, high, fill=False, ec=FAINT, lw=0.6, zorder=2))
    _text(panel, x, top - 5, short(cell.title, max(wide // 5, 12)), size=8)
    if tile.over_frequency is None:
        first_second, last_second = tile.axes.seconds[[0, -1]]
        _text(panel, x, top + high + 11, f"{first_second:.3g}", size=7, color=FAINT)
        _text(panel, x + wide, top + high + 11, f"{last_second:.3g} s", size=7, color=FAINT, ha="right")
    if first:
        assert tile.axes.hertz is not None
        taken = np.inf
        lowest, highest = float(tile.axes.hertz[0]), float(tile.axes.hertz[-1])
        for hertz in (lowest, *(each for each in NICE_HERTZ if lowest < each <= highest)):
            y = top + (1 - tile.height_of(hertz)) * high
            if taken - y < 13:
                continue
            taken = y
            panel.plot([x - 4, x], [y, y], color=FAINT, lw=0.6)
            text = hertz_text(hertz) if hertz in NICE_HERTZ else f"{hertz:.0f} Hz"
            _text(panel, x - 6, y, text, size=7, color=FAINT, ha="right", va="center")


def _curves(panel: Panel, tile: Tile, x: int, top: int, wide: int, high: int) -> None:
    """Relevance over time stands on its zero line; over frequency it lies beside it, at the map's own heights."""
    for values, lying in ((tile.over_time, False), (tile.over_frequency, True)):
        if values is None:
            continue
        largest = float(np.abs(values).max(initial=0.0)) or 1.0
        lower, upper = min(float(values.min()), 0.0) / largest, max(float(values.max()), 0.0) / largest
        span = max(upper - lower, 1e-9) * 1.08
        places = np.repeat(np.linspace(0, 1, len(values) + 1), 2)[1:-1]
        amounts = np.repeat(values / largest, 2)
        for sign, colour in ((1, FOR), (-1, AGAINST)):
            shown = np.maximum(sign * amounts, 0) * sign
            if lying:
                zero = x - lower / span * wide
                panel.fill_betweenx(
                    top + (1 - places) * high, zero, zero + shown / span * wide, color=colour, lw=0, alpha=0.85
                )
            else:
                zero = top + high * (1 + lower / span)
                panel.fill_between(x + places * wide, zero, zero - shown / span * high, color=colour, lw=0, alpha=0.85)


def _bars(panel: Panel, bars: Sequence[Bar], left: int, top: int) -> None:
    for place, bar in enumerate(bars):
        words, ends = BARS[bar]
        x, wide = left + place * 330, 220
        steps = np.linspace(-1.0 if bar == "relevance" else 0.0, 1.0, 200)
        if bar == "sound":
            colours = (1 - steps[:, None]) * rgb(QUIET) + steps[:, None] * rgb(LOUD)
        else:
            shades = shade(steps)
            colours = 1 - shades[:, 3:] + shades[:, 3:] * shades[:, :3]
        panel.imshow(colours[None], extent=(x, x + wide, top + 10, top), aspect="auto", zorder=1)
        _text(panel, x, top - 5, words, size=8)
        for share, text, align in zip((0.0, 0.5, 1.0), ends, ("left", "center", "right"), strict=True):
            _text(panel, x + share * wide, top + 22, text, size=7, color=FAINT, ha=align)


def _text(
    panel: Panel, x: float, y: float, text: str, *, size: float, color: str = INK, weight: str = "normal",
    ha: str = "left", va: str = "baseline",
) -> None:  # fmt: skip
    panel.text(x, y, text, fontsize=size, color=color, weight=weight, ha=ha, va=va, parse_math=False, zorder=5)
