"""Audio classifiers of Hugging Face transformers, from the hub, a folder or Python, as a `Classifier`."""

from auricle.adapters.huggingface.opening import huggingface_classifier

__all__ = ["huggingface_classifier"]
