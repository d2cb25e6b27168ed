"""An explanation as strictly valid JSON: what was explained, how, with what result."""

from __future__ import annotations

import dataclasses
import math
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle._version import __version__
from auricle.report.parts import recorded

if TYPE_CHECKING:
    from auricle.classifier import Prediction
    from auricle.explanation import Explanation
    from auricle.metrics import Scores
    from auricle.sonify import Masking, Sounds


def record(
    explanation: Explanation,
    *,
    scores: Scores | None,
    masking: Masking | None,
    sounds: Sounds,
    files: list[str],
) -> dict[str, Any]:
    """The content of ``explanation.json``."""
    import torch

    clip, classifier, method = explanation.clip, explanation.classifier, explanation.method
    return plain(
        {
            "format": 1,
            "clip": {
                "name": clip.name,
                "source": clip.source,
                "content_hash": clip.content_hash,
                "sample_rate": clip.sample_rate,
                "seconds": clip.seconds,
                "channels": clip.channels,
                "start_seconds": clip.start_seconds,
            },
            "model": {
                "name": classifier.name,
                "sample_rate": classifier.sample_rate,
                "labels": classifier.labels,
                "outputs": classifier.outputs,
            },
            "prediction": _prediction(explanation.prediction, classifier.outputs),
            "target": explanation.target,
            "method": {"name": method.name, "settings": method.settings(), "source": method.source},
            "level": explanation.level,
            "seed": explanation.seed,
            "versions": {
                "auricle": __version__,
                "torch": str(torch.__version__),
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "checks": [dataclasses.asdict(check) for check in explanation.checks],
            "windows": [
                {
                    "start": window.start,
                    "end": window.end,
                    "target": window.target,
                    "prediction": _prediction(window.prediction, classifier.outputs),
                }
                for window in explanation.windows
            ],
            "components": recorded(explanation),
            "scores": None if scores is None else scores.to_dict(),
            "masking": (masking or explanation.masking).settings(),
            "sounds": {
                "sample_rate": sounds.kept.sample_rate,
                "channels": sounds.kept.channels,
                "notes": getattr(sounds, "notes", {}),
            },
            "files": files,
        }
    )


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: numpy to Python, what is not finite to None, the unknown to text.

    >>> plain({"area": np.float32(0.5), "gap": float("nan"), 3: (np.int64(1),)})
    {'area': 0.5, 'gap': None, '3': [1]}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    return str(value)


def _prediction(prediction: Prediction, outputs: str) -> dict[str, Any]:
    if outputs == "values":
        return {"values": dict(zip(prediction.labels, prediction.probabilities.tolist(), strict=True))}
    return {
        "label": prediction.label,
        "probability": prediction.probability,
        "probabilities": dict(zip(prediction.labels, prediction.probabilities.tolist(), strict=True)),
    }
