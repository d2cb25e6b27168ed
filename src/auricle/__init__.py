"""Hear why an audio classifier decided as it did.

>>> import auricle
>>> import auricle.demo
>>> classifier = auricle.load_classifier("digits")
>>> clip = auricle.load_clip(auricle.demo.clips()[0])
>>> explanation = auricle.explain(clip, classifier, method="lrp")
>>> explanation.prediction.label in classifier.labels
True

The public face is short, and heavy imports wait until they are needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from auricle._version import __version__

if TYPE_CHECKING:
    from auricle import components, demo, frontends, methods, metrics, models
    from auricle.adapters.function import function_classifier
    from auricle.classifier import Classifier, Length
    from auricle.clip import Clip, load_clip
    from auricle.errors import AuricleError
    from auricle.explanation import Explanation
    from auricle.models import load_classifier
    from auricle.road import explain, explain_batch
    from auricle.sonify import Masking

_HOME = {
    "AuricleError": "auricle.errors",
    "Classifier": "auricle.classifier",
    "Clip": "auricle.clip",
    "Explanation": "auricle.explanation",
    "Length": "auricle.classifier",
    "Masking": "auricle.sonify",
    "explain": "auricle.road",
    "explain_batch": "auricle.road",
    "function_classifier": "auricle.adapters.function",
    "load_classifier": "auricle.models",
    "load_clip": "auricle.clip",
}
_ROOMS = ("components", "demo", "frontends", "methods", "metrics", "models")

__all__ = [
    "AuricleError",
    "Classifier",
    "Clip",
    "Explanation",
    "Length",
    "Masking",
    "__version__",
    "components",
    "demo",
    "explain",
    "explain_batch",
    "frontends",
    "function_classifier",
    "load_classifier",
    "load_clip",
    "methods",
    "metrics",
    "models",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"auricle.{name}")
    raise AttributeError(f"module 'auricle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
