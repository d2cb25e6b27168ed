"""The model of a study, however it is named, and what its weights are, as a hash."""

from __future__ import annotations

import hashlib

from auricle.adapters.named import is_named, named
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.models import load_classifier


def open_model(text: str, device: str = "auto") -> Classifier:
    """A trained folder, a bundled model, or ``MODULE:NAME``, which is a `Classifier` or a function that makes one."""
    import torch

    if is_named(text):
        found = named(text)
        found = found if isinstance(found, Classifier) else found()
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


def weights_hash(classifier: Classifier) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a network's weights and of what surrounds it."""
    found = hashlib.sha256(repr((classifier.labels, classifier.frontend, classifier.length)).encode())
    for name, value in sorted(classifier.network.state_dict().items()):
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]
