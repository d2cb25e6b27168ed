"""A key of a test and ratings of it as listeners would send them."""

from __future__ import annotations

import json
from pathlib import Path

from auricle.listening import Key

KINDS = {"reference": "reference", "good": "method", "poor": "method", "random": "random"}


def a_key(items: int = 4) -> Key:
    names = {f"i{item}": {f"i{item}-{name[::-1]}": name for name in KINDS} for item in range(items)}
    return Key("t1", {item: f"clip {item}" for item in names}, names, dict(KINDS), {})


def save_key(key: Key, folder: Path) -> Path:
    items = [
        {
            "id": item,
            "clip": key.clips[item],
            "conditions": [{"id": id_, "name": name, "kind": key.kinds[name]} for id_, name in names.items()],
        }
        for item, names in key.names.items()
    ]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": 1, "test": key.test, "settings": key.settings, "items": items})
    (folder / "key.json").write_text(text)
    return folder


def ratings_file(folder: Path, key: Key, listener: str, rating, **changes) -> Path:
    """``rating`` gives the rating of (item's number, condition's name)."""
    rows = [
        {"item": item, "condition": id_, "rating": rating(number, name), "plays": 2, "seconds": 1.5}
        for number, (item, names) in enumerate(key.names.items())
        for id_, name in names.items()
    ]
    found = {"format": 1, "test": key.test, "listener": listener, "ratings": rows} | changes
    path = folder / f"{listener}.json"
    path.write_text(json.dumps(found))
    return path


def steady(reference: float = 100.0, good: float = 70.0, poor: float = 30.0, random: float = 20.0):
    """The same ratings on every page."""
    named = {"reference": reference, "good": good, "poor": poor, "random": random}
    return lambda number, name: named[name]
