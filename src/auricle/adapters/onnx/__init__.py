"""ONNX files as classifiers."""

from auricle.adapters.onnx.classifier import onnx_classifier

__all__ = ["onnx_classifier"]
