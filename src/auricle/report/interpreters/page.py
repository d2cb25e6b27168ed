"""The page of an interpreter in components: classes by components, the dictionary, and each component's sound."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.files import write_whole
from auricle.interpreters.global_view import GlobalView
from auricle.interpreters.hearing import component_alone
from auricle.interpreters.l2i import L2I
from auricle.interpreters.picture import draw_dictionary, stripes
from auricle.report import templates
from auricle.report.figures import number
from auricle.report.interpreters.drawing import draw_classes, draw_points
from auricle.report.plot import png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auricle.interpreters.componentwise import ComponentInterpreter

NAMES = {
    "top_1": "top-1 fidelity",
    "top_3": "top-3 fidelity",
    "top_5": "top-5 fidelity",
    "agreement": "share of decisions alike",
    "overlap": "overlap of the labels that both find",
    "reconstruction_error": "mean squared error of log(1 + |X|)",
}


def write_page(interpreter: ComponentInterpreter, view: GlobalView, folder: str | Path, *, of: str) -> Path:
    """Write ``index.html`` to ``folder`` and return it; it needs nothing else. of: which clips these are."""
    return write_whole(Path(folder) / "index.html", interpreter_page(interpreter, view, of=of))


def interpreter_page(interpreter: ComponentInterpreter, view: GlobalView, *, of: str) -> str:
    """What an interpreter has learnt, as a page."""
    dictionary = interpreter.dictionary if isinstance(interpreter, L2I) else None
    order = list(range(view.mean.shape[1])) if dictionary is None else stripes(dictionary)
    sounds = {} if dictionary is None else {k: _sound(component_alone(dictionary, k).numpy(), dictionary.sample_rate)
                                            for k in order}  # fmt: skip
    hertz = None if dictionary is None else dictionary.centroids()

    def component(k: int, value: float | None = None) -> dict[str, Any]:
        speaks = int(np.nanargmax(view.mean[:, k]))
        return {
            "number": k,
            "sound": sounds.get(k),
            "hertz": None if hertz is None else f"{hertz[k]:.0f} Hz",
            "group": None if dictionary is None else dictionary.groups[k],
            "value": None if value is None else number(value),
            "for": view.labels[speaks] if view.mean[speaks, k] > 0 else None,
            "strength": number(float(view.mean[speaks, k])),
        }

    classes = [
        {
            "label": label,
            "clips": int(view.counts[row]),
            "parts": [component(k, float(view.mean[row, k])) for k in view.best(row)],
        }
        for row, label in enumerate(view.labels)
    ]
    return templates.render(
        "interpreter_index.html.j2",
        room="auricle.report.interpreters",
        styles=("interpreter.css",),
        model=interpreter.subject.name,
        kind=interpreter.kind,
        summary=interpreter.summary,
        source=interpreter.source,
        of=of,
        explanations=len(view.classes),
        empty=view.empty,
        figures=[(NAMES[name], number(value)) for name, value in view.figures.items()],
        classes=classes,
        components=[component(k) for k in order],
        grouped=dictionary is not None and len(set(dictionary.groups)) > 1,
        relevance=_picture(draw_classes(view.mean, view.labels, order, meaning="mean relevance")),
        theta=_picture(draw_classes(view.worth, view.labels, order, meaning="weight")),
        points=_picture(draw_points(view)),
        dictionary=None if dictionary is None else _picture(draw_dictionary(dictionary)),
        layers=list(interpreter.subject.layers),
        settings={name: value for name, value in interpreter.card()["settings"].items() if name != "layers"},
    )


def _picture(figure: Figure) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(figure, dpi=110)).decode()}"


def _sound(samples: np.ndarray, rate: int) -> str:
    import soundfile

    target = io.BytesIO()
    soundfile.write(target, samples, rate, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(target.getvalue()).decode()}"
