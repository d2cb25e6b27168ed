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
    from auricle import callbacks, components, demo, frontends, methods, metrics, models
    from auricle.adapters.endpoint import endpoint_classifier
    from auricle.adapters.exported import exported_classifier
    from auricle.adapters.function import function_classifier
    from auricle.adapters.huggingface import huggingface_classifier
    from auricle.adapters.keras import keras_classifier
    from auricle.adapters.onnx import onnx_classifier
    from auricle.adapters.scikit import sklearn_classifier
    from auricle.adapters.torchscript import torchscript_classifier
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
    "endpoint_classifier": "auricle.adapters.endpoint",
    "explain": "auricle.road",
    "explain_batch": "auricle.road",
    "exported_classifier": "auricle.adapters.exported",
    "function_classifier": "auricle.adapters.function",
    "huggingface_classifier": "auricle.adapters.huggingface",
    "keras_classifier": "auricle.adapters.keras",
    "load_classifier": "auricle.models",
    "load_clip": "auricle.clip",
    "onnx_classifier": "auricle.adapters.onnx",
    "sklearn_classifier": "auricle.adapters.scikit",
    "torchscript_classifier": "auricle.adapters.torchscript",
}
_ROOMS = ("callbacks", "components", "demo", "frontends", "methods", "metrics", "models")

__all__ = [
    "AuricleError",
    "Classifier",
    "Clip",
    "Explanation",
    "Length",
    "Masking",
    "__version__",
    "callbacks",
    "components",
    "demo",
    "endpoint_classifier",
    "explain",
    "explain_batch",
    "exported_classifier",
    "frontends",
    "function_classifier",
    "huggingface_classifier",
    "keras_classifier",
    "load_classifier",
    "load_clip",
    "methods",
    "metrics",
    "models",
    "onnx_classifier",
    "sklearn_classifier",
    "torchscript_classifier",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"auricle.{name}")
    raise AttributeError(f"module 'auricle' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
