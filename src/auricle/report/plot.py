"""An explanation as a matplotlib figure: waveform, spectrogram and signed relevance, in hertz and seconds."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.errors import AuricleError
from auricle.methods.lime import PRESETS, Lime
from auricle.report.colours import LOUD, QUIET, shade
from auricle.report.outcome import outcome
from auricle.report.parts import score_unit
from auricle.report.picture import FLOOR_DB, Picture, picture
from auricle.report.weights import draw_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Panel
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure, FigureBase

    from auricle.explanation import Explanation

INK, FAINT = "#26282c", "#8b8f96"
NICE_HERTZ = (125, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000)


def plot(explanation: Explanation) -> Figure:
    """One figure: the waveform over the spectrogram, with relevance laid over it and a colour bar.

    Orange speaks for the target, blue against it; opacity grows with ``|R| / max|R|``.
    """
    drawn = picture(explanation)
    parts = explanation.contributions is not None
    figure = _figure(13.4 if parts else 9.6, 5.4)
    left: FigureBase = figure
    if parts:
        left, right = figure.subfigures(1, 2, width_ratios=[9.6, 3.8])  # type: ignore[misc]
        draw_weights(right, explanation)
    wave, sound = left.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1, 3.2], "hspace": 0.02})
    _draw_wave(wave, drawn)
    _draw_sound(sound, drawn)
    bar = _colour_bar(left, [wave, sound], drawn.strongest)
    bar.set_label(_units(explanation), parse_math=False, color=INK, fontsize=8.5)
    said = outcome(explanation)
    wave.set_title(
        f"{short(said.label)}, {said.text}",
        loc="left",
        pad=20,
        fontsize=15,
        color=INK,
        parse_math=False,
    )
    about = (
        short(explanation.clip.name),
        f"relevance for {short(explanation.subject)}",
        method_title(explanation),
    )
    wave.text(
        0,
        1.06,
        "  ·  ".join(about),
        transform=wave.transAxes,
        fontsize=9.5,
        color=FAINT,
        parse_math=False,
    )
    return figure


def compare_plot(explanations: Sequence[Explanation]) -> Figure:
    """Several explanations of one clip side by side, each scaled to its own strongest cell.

    Methods differ in units, so strengths cannot be compared between maps, only places; the caption says so.
    """
    if not explanations:
        raise AuricleError("there is nothing to compare; give at least one explanation")
    columns = min(math.ceil(math.sqrt(len(explanations))), 4)
    rows = -(-len(explanations) // columns)
    figure = _figure(4.1 * columns + 0.8, 2.9 * rows + 0.9)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for place, (panel, explanation) in enumerate(zip(panels, explanations, strict=False)):
        _draw_sound(panel, picture(explanation))
        panel.set_title(method_title(explanation), loc="left", fontsize=9.5, color=INK, parse_math=False)
        below = place + columns < len(explanations)
        panel.set_xlabel("" if below else panel.get_xlabel())
        panel.tick_params(labelbottom=not below)
        panel.set_ylabel("" if place % columns else panel.get_ylabel())
    for panel in panels[len(explanations) :]:
        panel.set_visible(False)
    bar = _colour_bar(figure, list(panels), 1.0)
    bar.set_label("relevance, share of each map's strongest cell (+ for, − against)", color=INK, fontsize=8.5)
    first, said = explanations[0], outcome(explanations[0])
    figure.suptitle(
        f"{short(first.clip.name)}: {short(said.label)}, {said.text}",
        x=0.01,
        ha="left",
        fontsize=13,
        color=INK,
        parse_math=False,
    )
    figure.supxlabel("Each map is scaled to its own strongest cell.", x=0.01, ha="left", fontsize=8.5, color=FAINT)
    return figure


def png(figure: Figure, *, dpi: int = 144) -> bytes:
    """The figure as a PNG image."""
    target = io.BytesIO()
    with warnings.catch_warnings():  # a label in a script that the font lacks is no reason to stop
        warnings.filterwarnings("ignore", message=".*[Gg]lyph.*")
        figure.savefig(target, format="png", dpi=dpi)
    return target.getvalue()


def thumbnail(explanation: Explanation) -> bytes:
    """A small picture without axes, for lists of clips."""
    figure = _figure(2.4, 1.05)
    figure.set_layout_engine("none")
    panel = figure.add_axes((0, 0, 1, 1))
    _draw_sound(panel, picture(explanation))
    panel.set_axis_off()
    return png(figure, dpi=120)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _draw_wave(panel: Panel, drawn: Picture) -> None:
    edges = np.linspace(0, drawn.seconds, len(drawn.lowest) + 1)
    peak = max(float(np.abs(drawn.lowest).max()), float(np.abs(drawn.highest).max())) or 1.0
    low, high = np.minimum(drawn.lowest, drawn.highest - peak / 200), drawn.highest
    ink = LOUD if drawn.wave_relevance is None else INK
    panel.fill_between(edges[:-1], low, high, step="post", color=ink, alpha=0.6, linewidth=0)
    if drawn.wave_relevance is not None:
        bands = np.linspace(0, drawn.seconds, len(drawn.wave_relevance) + 1)
        panel.pcolormesh(
            bands,
            [-1.08 * peak, 1.08 * peak],
            drawn.wave_relevance[None],
            cmap=_relevance_map(),
            vmin=-1,
            vmax=1,
            rasterized=True,
            zorder=0,
        )
    panel.set_xlim(0, drawn.seconds)
    panel.set_ylim(-1.08 * peak, 1.08 * peak)
    panel.set_yticks([0])
    panel.set_yticklabels([""])
    panel.set_ylabel("waveform", fontsize=8.5, color=INK)
    panel.tick_params(axis="x", length=0, labelbottom=False)
    panel.tick_params(axis="y", length=0)
    for side in ("top", "right", "bottom", "left"):
        panel.spines[side].set_visible(False)


def _draw_sound(panel: Panel, drawn: Picture) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    assert drawn.axes.hertz is not None
    assert drawn.decibel_axes.hertz is not None
    greys = LinearSegmentedColormap.from_list("sound", [QUIET, LOUD])
    panel.pcolormesh(
        drawn.decibel_axes.seconds,
        drawn.decibel_axes.hertz,
        drawn.decibels,
        cmap=greys,
        vmin=FLOOR_DB,
        vmax=0,
        rasterized=True,
    )
    panel.pcolormesh(
        drawn.axes.seconds,
        drawn.axes.hertz,
        drawn.relevance / drawn.strongest,
        cmap=_relevance_map(),
        vmin=-1,
        vmax=1,
        rasterized=True,
    )
    _hertz_axis(panel, drawn)
    panel.set_xlim(0, drawn.seconds)
    panel.set_xlabel("seconds", fontsize=8.5, color=INK)
    panel.tick_params(labelsize=8, colors=INK, width=0.6)
    for spine in panel.spines.values():
        spine.set(linewidth=0.6, color=FAINT)


def _hertz_axis(panel: Panel, drawn: Picture) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    if drawn.scale is not None:
        panel.set_yscale("function", functions=_height_functions(*drawn.scale))
        panel.yaxis.set_major_locator(FixedLocator([h for h in NICE_HERTZ if h <= drawn.nyquist]))
    else:
        panel.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda hertz, _: hertz_text(hertz)))
    panel.set_ylim(0, drawn.nyquist)
    panel.set_ylabel("frequency", fontsize=8.5, color=INK)


def _height_functions(
    hertz: np.ndarray, height: np.ndarray
) -> tuple[Callable[[Any], np.ndarray], Callable[[Any], np.ndarray]]:
    return (lambda h: np.interp(h, hertz, height)), (lambda y: np.interp(y, height, hertz))


def _relevance_map() -> ListedColormap:
    from matplotlib.colors import ListedColormap

    return ListedColormap(shade(np.linspace(-1, 1, 511)), name="relevance")


def _colour_bar(figure: FigureBase, panels: list[Panel], strongest: float) -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import FuncFormatter

    shown = ScalarMappable(Normalize(-strongest, strongest), _relevance_map())
    bar = figure.colorbar(shown, ax=panels, pad=0.012, aspect=34, fraction=0.04)
    bar.set_ticks([-strongest, -strongest / 2, 0, strongest / 2, strongest])
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: signed_text(value)))
    bar.ax.tick_params(labelsize=8, colors=INK, width=0.6)
    bar.outline.set(linewidth=0.6, color=FAINT)
    return bar


def hertz_text(hertz: float) -> str:
    """A frequency for an axis.

    >>> hertz_text(250), hertz_text(1500)
    ('250 Hz', '1.5 kHz')
    """
    return f"{hertz / 1000:g} kHz" if abs(hertz) >= 1000 else f"{hertz:g} Hz"


def signed_text(value: float) -> str:
    """A signed figure in three digits, with a true minus.

    >>> signed_text(0.01234), signed_text(-2.0), signed_text(0)
    ('+0.0123', '−2', '0')
    """
    return "0" if value == 0 else f"{value:+.3g}".replace("-", "−")


def units(explanation: Explanation) -> str:
    """What relevance is measured in: logits where the method promises that it adds up to one, a component's score, or
    of a mask the share of each cell that is kept."""
    if explanation.contributions is not None:
        return score_unit(explanation)
    if explanation.method.gives_mask:
        return "share kept"
    promised = {check.name for check in explanation.checks} & {"completeness", "conservation"}
    return "logits" if promised else "the method's own units"


def _units(explanation: Explanation) -> str:
    if explanation.method.gives_mask:
        return f"{units(explanation)} of each cell, for {short(explanation.subject)}"
    return f"relevance per cell, in {units(explanation)} (+ for, − against {short(explanation.subject)})"


def method_title(explanation: Explanation) -> str:
    """The method's name for people; with the settings of a preset, the preset's."""
    method = explanation.method
    known = (name for name, each in PRESETS.items() if method == Lime(**each.settings))
    return str(getattr(method, "title", "") or next(known, method.name))


def short(text: str, most: int = 48) -> str:
    """One line that fits a title: control characters out, the middle of long names cut."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 + 1 :]}"
