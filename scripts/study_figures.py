"""Figures and printed outputs of the pages about studies: ``python scripts/study_figures.py`` renews them.

The blocks of ``docs/explain-a-data-set.md`` are run in one folder as ``scripts/docs_figures.py`` runs them, and its
``py`` blocks, too: these read the store that the page's commands have made. From that store come the pictures
``study-site.png`` and ``study-overview.png``; ``study-kinds.png`` of ``docs/regions.md`` shows a bundled clip. All
is made from the bundled recordings and model. Needs Chromium and Playwright (the test dependency group).
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from docs_figures import DOCS, Block, Screenshot, blocks, output_of, photograph, run_console, run_python, take

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Panel

    from auricle.explanation import Explanation
    from auricle.regions import RegionKind

PAGE = DOCS / "explain-a-data-set.md"
SITE = Screenshot("study/site/index.html", width=1200, height=900)
OVERVIEW = "study/pictures/overview_saliency_regions.png"
NARROW = 900
"""Pixels of that overview on the page: maps of noise do not compress, and the repository shall stay small."""
CLIP, METHOD = "seven", "ig"
HERTZ = (0, 250, 500, 1000, 2000, 4000)
INK = "#1d1f23"


def renew_page() -> None:
    """Run all blocks of the page, put what they print into it, and take the pictures of its study."""
    from PIL import Image

    text = PAGE.read_text()
    names: dict[str, Any] = {"__name__": "__main__"}
    changes: list[tuple[Block, str]] = []
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        folder = Path(place)
        for block in blocks(text):
            if block.language == "console":
                changes.append((block, run_console(block.text, folder)))
            elif block.language in ("python", "py"):
                printed, shown = run_python(block.text, names), output_of(text, block)
                if shown is not None:
                    changes.append((shown, printed))
        photograph(SITE, folder, folder / "study-site.png")
        with Image.open(folder / OVERVIEW) as grid:
            narrow = (NARROW, round(grid.height * NARROW / grid.width))
            grid.convert("RGB").resize(narrow, Image.Resampling.LANCZOS).save(folder / "study-overview.png")
        for name in ("study-site.png", "study-overview.png"):
            take(name, folder)
    for block, new in reversed(changes):
        text = text[: block.start] + new + text[block.end :]
    PAGE.write_text(text)


def draw_kinds() -> None:
    """The kinds of regions on one map."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    import auricle
    from auricle.regions import REGIONS

    explanation = auricle.explain(auricle.demo.clip(CLIP), "digits", method=METHOD)
    figure = Figure(figsize=(10, 4.9), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    _draw_relevance(panels.flat[0], explanation)
    for panel, (name, kind) in zip(panels.flat[1:], REGIONS.items(), strict=True):
        _draw_regions(panel, explanation, kind(), name)
    for panel in panels[:, 0]:
        panel.set_ylabel("frequency", fontsize=8.5, color=INK)
    for panel in panels[1]:
        panel.set_xlabel("seconds", fontsize=8.5, color=INK)
    with tempfile.TemporaryDirectory() as place:
        figure.savefig(Path(place) / "study-kinds.png", dpi=120)
        take("study-kinds.png", Path(place))


def _draw_relevance(panel: Panel, explanation: Explanation) -> None:
    from auricle.report.colours import shade

    relevance, axes = explanation.map()
    _draw_sound(panel, explanation)
    panel.imshow(shade(relevance / np.abs(relevance).max()), **_placed(axes.seconds, len(relevance)))
    panel.set_title(f"relevance for {explanation.subject} ({explanation.method.name})", fontsize=9.5, color=INK)


def _draw_regions(panel: Panel, explanation: Explanation, kind: RegionKind, name: str) -> None:
    from matplotlib.patches import Rectangle

    from auricle.report.colours import shade

    relevance, axes = explanation.map()
    assert axes.hertz is not None
    found = kind(relevance, axes, seconds=explanation.clip.seconds)
    _draw_sound(panel, explanation)
    panel.imshow(shade(found.mask.astype(np.float64), opacity=0.75), **_placed(axes.seconds, len(relevance)))
    for box in found.boxes:
        low, high = np.interp([box.low, box.high], axes.hertz, np.arange(len(axes.hertz)))
        place, width = (box.start, low), box.end - box.start
        panel.add_patch(Rectangle(place, width, high - low, fill=False, edgecolor=INK, linewidth=1.1))
    boxes = f", {len(found.boxes)} box{'' if len(found.boxes) == 1 else 'es'}" if found.boxes else ""
    panel.set_title(f"{name}: {found.mask.mean():.0%} of the map{boxes}", fontsize=9.5, color=INK)


def _draw_sound(panel: Panel, explanation: Explanation) -> None:
    """The level of the sound in grey, on rows spaced as the network has them."""
    from auricle.metrics.localisation import energy_of

    _, axes = explanation.map()
    assert axes.hertz is not None
    level = 10 * np.log10(np.maximum(energy_of(explanation.clip, explanation.classifier, axes), 1e-12))
    loudest = level.max()
    panel.imshow(level, cmap="Greys", vmin=loudest - 60, vmax=loudest + 30, **_placed(axes.seconds, len(level)))
    panel.set_yticks(np.interp(HERTZ, axes.hertz, np.arange(len(axes.hertz))), [_hertz(each) for each in HERTZ])
    panel.set_xlim(0, explanation.clip.seconds)
    panel.tick_params(labelsize=8, colors=INK, width=0.6)


def _placed(seconds: np.ndarray, rows: int) -> dict[str, Any]:
    return {
        "extent": (seconds[0], seconds[-1], 0, rows), "origin": "lower", "aspect": "auto", "interpolation": "nearest",
    }  # fmt: skip


def _hertz(hertz: int) -> str:
    return f"{hertz // 1000} kHz" if hertz >= 1000 else f"{hertz} Hz"


def main() -> None:
    renew_page()
    draw_kinds()


if __name__ == "__main__":
    main()
