"""The model of a study, however it is named, and what its weights are, as a hash."""

from __future__ import annotations

import hashlib
import re

from auricle.adapters.named import is_named, named
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.models import load_classifier


def open_model(text: str, device: str = "auto") -> Classifier:
    """A trained folder, a bundled model, or ``MODULE:NAME``, which is a `Classifier` or a function that makes one."""
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


def weights_hash(classifier: Classifier) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a network, its weights and what surrounds it.

    A function has no weights; what it says of a fixed noise stands for them, to four digits.
    """
    import torch

    around = (classifier.labels, classifier.frontend, classifier.length, classifier.multi_label, classifier.outputs)
    layers = re.sub(r"0x[0-9a-f]+", "", repr(classifier.network))  # an address in memory is another each time
    found = hashlib.sha256(repr((around, layers)).encode())
    weights = sorted(classifier.network.state_dict().items())
    for name, value in weights:
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    if not weights:
        count = round((classifier.length.seconds or 1.0) * classifier.sample_rate)
        noise = 0.1 * torch.randn(1, count, generator=torch.Generator().manual_seed(0))
        said = classifier.logits(noise.to(classifier.device, classifier.dtype))[0].tolist()
        found.update(repr([f"{each:.4g}" for each in said]).encode())
    return found.hexdigest()[:16]
