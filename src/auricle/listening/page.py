"""The page that a listener opens, and the key that stays with whoever made it."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from auricle.clip import Clip
from auricle.files import write_whole
from auricle.listening.making import ListeningTest
from auricle.report import templates
from auricle.report.record import plain

FORMAT = 1
"""Of the key and of the results."""


def page(test: ListeningTest) -> str:
    """The test as one HTML page that needs nothing else; it holds no name of a method, control or clip."""
    return templates.render(
        "listening_test.html.j2",
        room="auricle.listening",
        scripts=("listening_order.js", "listening_page.js", "listening_test.js"),
        styles=("listening.css",),
        test=test,
        sounds=len(test.items[0].ids),
        data=page_data(test),
    )


def page_data(test: ListeningTest) -> dict[str, Any]:
    """What the page's script needs. Sounds lie in the order of their ids, which says nothing."""
    items = [
        {
            "id": item.id,
            "question": item.question,
            "seconds": item.reference.seconds,
            "reference": _encoded(item.reference),
            "sounds": [
                {"id": identity, "data": _encoded(each.sound)}
                for identity, each in sorted(zip(item.ids, item.conditions, strict=True), key=lambda pair: pair[0])
            ],
        }
        for item in test.items
    ]
    return {"format": FORMAT, "test": test.id, "items": items}


def key(test: ListeningTest) -> dict[str, Any]:
    """What every id stands for, with all settings, in plain values."""
    items = [
        {
            "id": item.id,
            "clip": item.clip,
            "target": item.target,
            "prediction": item.prediction,
            "conditions": [
                {"id": identity, "name": each.name, "kind": each.kind, **each.notes}
                for identity, each in zip(item.ids, item.conditions, strict=True)
            ],
        }
        for item in test.items
    ]
    return dict(plain({"format": FORMAT, "test": test.id, "settings": test.settings, "items": items}))


def save_test(test: ListeningTest, folder: Path) -> Path:
    """Write ``index.html`` for the listeners and ``key.json`` beside it; returns the page's path."""
    text = json.dumps(key(test), indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(folder / "key.json", text + "\n")
    return write_whole(folder / "index.html", page(test))


def _encoded(sound: Clip) -> str:
    import soundfile

    target = io.BytesIO()
    soundfile.write(target, sound.samples.T, sound.sample_rate, format="FLAC", subtype="PCM_16")
    return base64.b64encode(target.getvalue()).decode()
