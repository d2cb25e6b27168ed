"""Which model is explained, by what the command line says of it."""

from __future__ import annotations

from auricle.adapters.opening import open_model
from auricle.adapters.said import Said
from auricle.classifier import Classifier

__all__ = ["Said", "classifier_of"]


def classifier_of(model: str, said: Said | None = None) -> Classifier:
    """The classifier that ``--model`` names."""
    return open_model(model, said)
