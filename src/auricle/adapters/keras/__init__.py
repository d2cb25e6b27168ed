"""Keras 3 models on the torch backend as classifiers."""

from auricle.adapters.keras.classifier import import_keras, keras_classifier

__all__ = ["import_keras", "keras_classifier"]
