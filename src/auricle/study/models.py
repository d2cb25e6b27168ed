"""The model of a study, however it is named."""

from __future__ import annotations

from auricle.adapters.named import is_named, named
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.models import load_classifier


def open_model(text: str, device: str = "auto") -> Classifier:
    """A trained folder, a bundled model, ``hf:NAME``, or ``MODULE:NAME`` (a `Classifier`, or what makes one)."""
    import torch

    if is_named(text):
        found = named(text)
        if not isinstance(found, Classifier):
            try:
                found = found()
            except TypeError as error:
                raise AuricleError(
                    f"{text} cannot be called without arguments ({error}); a study needs an auricle.Classifier, or a "
                    "function without arguments that makes one, perhaps by auricle.function_classifier"
                ) from error
        if not isinstance(found, Classifier):
            raise AuricleError(
                f"{text} gives {type(found).__name__}; a study needs an auricle.Classifier, or a function without "
                "arguments that makes one"
            )
    else:
        found = load_classifier(text)
    wanted = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if wanted == "cuda" and not torch.cuda.is_available():
        raise AuricleError("device is cuda, but torch sees no GPU; write device: auto")
    found.network.to(wanted)
    return found
