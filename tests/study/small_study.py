"""A study that takes a second: the bundled clips and model, cheap methods, regions as they are set."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from auricle import demo
from auricle.study.config import StudyConfig
from auricle.study.reading import read_config


def recordings(folder: Path) -> Path:
    """The bundled clips in a folder for each digit, and one more ``seven`` that says ``nine``."""
    for path in demo.clips():
        label = demo.planted()["says"] if path.stem == "planted" else path.stem
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / str(label) / path.name)
    shutil.copy(demo.clip("nine"), folder / "seven" / "wrongly-labelled.wav")
    return folder


def settings(data: Path, out: Path | str, **changes: Any) -> dict[str, Any]:
    """The values of a config."""
    given: dict[str, Any] = {
        "model": "digits",
        "data": str(data),
        "out": str(out),
        "methods": ["gradient", "grad-cam"],
        "clips": {"part": "all"},
        "regions": {"settings": {"percentile": 90, "min_cluster_size": 8, "min_samples": 4}, "tune": None},
        "sound": {"random": 2},
        "evaluate": {"curves": 1, "steps": 2, "sanity": 1, "draws": 100},
        "overview": {"site": False, "pictures": []},
        "block": 2,
        "workers": 1,
        "device": "cpu",
    }
    return {**given, **changes}


def study_config(data: Path, out: Path | str, **changes: Any) -> StudyConfig:
    """The config of a small study."""
    return read_config(settings(data, out, **changes))
