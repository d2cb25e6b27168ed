"""A picture of an explanation, quick enough for every epoch: what stays the same is drawn once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auricle.axes import Axes
from auricle.callbacks.pixels import bar, laid, shaded
from auricle.callbacks.words import LARGE, MEDIUM, write
from auricle.methods import ActivationMap

if TYPE_CHECKING:
    from auricle.explanation import Explanation
    from auricle.report.picture import Picture

WIDTH, HEIGHT = 350, 270
"""Of the whole picture in pixels, as many as TensorBoard shows, so that it need not make small letters smaller."""
LEFT, BOTTOM, ACROSS, UP = 54, 230, 220, 184
"""Where the map's lower left corner is, from the left and from above, and how many pixels it has."""
BAR_LEFT, BAR_ACROSS = 282, 9
"""Where the colour bar is, beside the map."""
EDGE = 8
"""Where the title begins, from the left."""
TICK = 90
"""The grey of the marks at the axes."""


class Drawing:
    """The figure of one clip and one method: spectrogram in grey, signed relevance, colour bar, title.

    Axes are in hertz (spaced as the front-end's bins) and seconds. A matplotlib figure takes a quarter of a second to
    lay out and to draw; here a new map changes its own pixels and four words.
    """

    def __init__(self, explanation: Explanation, label: str | None) -> None:
        from PIL import Image

        from auricle.report.plot import INK

        self.label = label
        drawn = _picture(explanation)
        self._pixels = _pixels(drawn)
        self._grey = _grey(drawn, self._pixels)
        empty = Image.new("RGB", (WIDTH, HEIGHT), "white")
        across, up = _seconds_axis(drawn), _hertz_axis(drawn)
        for place, text in across:
            write(empty, LEFT + place, BOTTOM + 17, text, colour=INK, anchor="ms")
        for place, text in up:
            write(empty, LEFT - 7, BOTTOM - place, text, colour=INK, anchor="rm")
        write(empty, LEFT + ACROSS / 2, BOTTOM + 33, "seconds", size=MEDIUM, colour=INK, anchor="ms")
        write(empty, BAR_LEFT + BAR_ACROSS + 4, BOTTOM - UP / 2, "0", colour=INK, anchor="lm")
        pixels = np.array(empty)
        pixels[BOTTOM - UP : BOTTOM, BAR_LEFT : BAR_LEFT + BAR_ACROSS] = bar(UP, BAR_ACROSS)
        for place, _ in across:
            pixels[BOTTOM : BOTTOM + 4, LEFT + min(place, ACROSS - 1)] = TICK
        for place, _ in up:
            pixels[BOTTOM - max(place, 1), LEFT - 4 : LEFT] = TICK
        self._empty = Image.fromarray(pixels)

    def __call__(self, explanation: Explanation) -> np.ndarray:
        """The picture ``[H, W, 3]`` (uint8)."""
        from auricle.report.plot import FAINT, INK, short, signed_text

        drawn = _picture(explanation)
        about = _about(explanation), short(explanation.clip.name, 24)
        worded = self._empty.copy()
        write(worded, EDGE, 20, _title(explanation, self.label), size=LARGE, colour=INK)
        write(worded, EDGE, 37, "  ·  ".join(about), colour=FAINT)
        for sign in (-1, 1):
            place = BOTTOM - UP * (1 + sign) / 2
            text = signed_text(sign * drawn.strongest)
            write(worded, BAR_LEFT + BAR_ACROSS + 4, place, text, colour=INK, anchor="lm")
        picture = np.array(worded)
        relevance = laid(drawn.relevance / drawn.strongest, drawn.axes, self._pixels)
        picture[BOTTOM - UP : BOTTOM, LEFT : LEFT + ACROSS] = shaded(relevance[::-1], self._grey)
        return picture


def _picture(explanation: Explanation) -> Picture:
    from auricle.report.picture import picture

    return picture(explanation)


def _title(explanation: Explanation, label: str | None) -> str:
    """True and predicted label, each with its probability."""
    from auricle.report.outcome import outcome
    from auricle.report.plot import short

    said = outcome(explanation)
    text = f"predicted {short(said.label, 13)} {said.text}"
    if label is None or explanation.classifier.outputs == "values":
        return text
    index = explanation.classifier.target_index(label)
    return f"true {short(label, 13)} {explanation.prediction.probabilities[index]:.2f}  ·  {text}"


def _about(explanation: Explanation) -> str:
    """The method, and the class that it explains; an activation map explains none, but belongs to a layer."""
    from auricle.report.plot import method_title, short

    title, method = method_title(explanation), explanation.method
    if not isinstance(method, ActivationMap):
        return f"{title} for {short(explanation.subject, 16)}"
    return title if method.layer is None else f"{title} of {short(method.layer, 16)}"


def _pixels(drawn: Picture) -> Axes:
    """The edges of the map's pixels: evenly spaced in seconds, and in hertz as the front-end spaces its bins."""
    heights = np.linspace(0.0, 1.0, UP + 1)
    hertz = heights * drawn.nyquist if drawn.scale is None else np.interp(heights, drawn.scale[1], drawn.scale[0])
    return Axes(np.linspace(0.0, drawn.seconds, ACROSS + 1), hertz)


def _grey(drawn: Picture, pixels: Axes) -> np.ndarray:
    """The spectrogram as colours ``[H, W, 3]``, 0 to 255, the lowest row last."""
    from matplotlib.colors import LinearSegmentedColormap

    from auricle.report.colours import LOUD, QUIET
    from auricle.report.picture import FLOOR_DB

    # above the floor, so that pixels after the last frame are quiet
    share = laid(drawn.decibels - FLOOR_DB, drawn.decibel_axes, pixels) / -FLOOR_DB
    colours: np.ndarray = LinearSegmentedColormap.from_list("sound", [QUIET, LOUD])(share)
    return 255 * colours[::-1, :, :3].astype(np.float32)


def _seconds_axis(drawn: Picture) -> list[tuple[int, str]]:
    """Round seconds: how many pixels from the left each is, and how it is written."""
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0.0, drawn.seconds)
    return [
        (round(float(value) / drawn.seconds * ACROSS), f"{value:g}")
        for value in values
        if 0.0 <= value <= drawn.seconds * (1 + 1e-9)
    ]


def _hertz_axis(drawn: Picture) -> list[tuple[int, str]]:
    """Round frequencies: how many pixels from below each is, and how it is written; crowded ones are left out."""
    from auricle.report.plot import NICE_HERTZ, hertz_text

    if drawn.scale is None:
        step = next(hertz for hertz in NICE_HERTZ if drawn.nyquist / hertz <= 8)
        values = np.arange(0.0, drawn.nyquist + 1.0, step)
        heights = values / drawn.nyquist
    else:
        values = np.array([hertz for hertz in NICE_HERTZ if hertz <= drawn.nyquist], float)
        heights = np.interp(values, *drawn.scale)
    found: list[tuple[int, str]] = []
    for value, height in zip(values, heights, strict=True):
        place = round(float(height) * UP)
        if not found or place - found[-1][0] >= 11:
            found.append((place, hertz_text(float(value))))
    return found
