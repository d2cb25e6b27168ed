"""A little data set for training: high and low tones by four speakers, written as a folder and a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from auricle.datasets import Dataset, table_of
from auricle.training.recipe import Recipe

RATE = 8000


def tones(folder: Path, *, takes: int = 6, seconds: float = 0.4, speakers: int = 4) -> Dataset:
    """Clips of ``low`` (300 to 500 Hz) and ``high`` (1500 to 2000 Hz) tones in noise, as WAV files."""
    rng = np.random.default_rng(0)
    rows = []
    for speaker in range(speakers):
        for label, (low, high) in {"low": (300, 500), "high": (1500, 2000)}.items():
            for take in range(takes):
                n = round(seconds * RATE * rng.uniform(0.7, 1.0))
                tone = np.sin(2 * np.pi * rng.uniform(low, high) * np.arange(n) / RATE)
                path = folder / label / f"{speaker}_{take}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, 0.3 * tone + 0.05 * rng.normal(size=n), RATE, subtype="PCM_16")
                relative = path.relative_to(folder).as_posix()
                rows.append({"id": relative, "path": relative, "pitch": label, "speaker": str(speaker), "take": take})
    return Dataset(
        name="tones", table=table_of(rows), root=folder, classes={"pitch": ("low", "high")}, group="speaker"
    )


def recipe(**changes: object) -> Recipe:
    """Two epochs of a small CNN on log-mel spectrograms; ``training`` and ``augment`` may be changed."""
    settings: dict[str, object] = {
        "name": "tones",
        "summary": "high or low",
        "task": "pitch",
        "split": "leave-one-group-out",
        "frontend": "digits",
        "length": {"seconds": 0.5},
        "network": {"architecture": "digits-cnn", "settings": {"channels": [4, 8], "bands": 64}},
        "training": {"epochs": 2, "batch": 8, "learning_rate": 0.01},
    }
    for key, value in changes.items():
        base = settings.get(key)
        both = isinstance(base, dict) and isinstance(value, dict) and key != "network"
        settings[key] = {**base, **value} if both else value  # type: ignore[dict-item]
    return Recipe.model_validate(settings)
