"""Words on a picture, in the letters of all other figures, quick enough for every epoch."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

Anchor = Literal["ls", "ms", "lm", "rm"]
"""Which point of the words lies at the place: left or middle of their line, or the middle of their height."""
LARGE, MEDIUM, SMALL = 12, 11, 10
"""Sizes of letters, in pixels."""


def write(
    picture: Image, x: float, y: float, text: str, *, size: int = SMALL, colour: str, anchor: Anchor = "ls"
) -> None:
    """Words at a place in pixels from the left and from above."""
    from PIL.ImageDraw import Draw

    Draw(picture).text((x, y), text, fill=colour, font=_font(size), anchor=anchor)


@cache
def _font(size: int) -> FreeTypeFont:
    """Matplotlib's own letters, which lie beside it; its way of drawing them takes ten times as long."""
    import matplotlib
    from PIL.ImageFont import Layout, truetype

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return truetype(str(path), size, layout_engine=Layout.BASIC)
