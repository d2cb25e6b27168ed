"""What a classifier is, as a hash: its weights, its layers and what surrounds them."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any

from auricle.classifier import Classifier


def weights_hash(classifier: Classifier) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a network, its weights and what surrounds it.

    A function has no weights; what it says of a fixed noise stands for them, to four digits. The hash is remembered for
    as long as nothing changes, because large networks take a while.
    """
    stamp = _stamp(classifier)
    known = classifier.remembered.get("weights_hash")
    if known is None or known[0] != stamp:
        known = classifier.remembered["weights_hash"] = (stamp, _hashed(classifier))
    return str(known[1])


def _stamp(classifier: Classifier) -> tuple[Any, ...]:
    """What differs as soon as weights do: where they lie, how often they were written, and samples of them."""
    found: list[Any] = [_around(classifier), repr(classifier.network)]
    for value in classifier.network.state_dict().values():
        few = value.detach().reshape(-1)[:: max(value.numel() // 64, 1)]
        written = 0 if value.is_inference() else value._version
        found.append((value.data_ptr(), written, tuple(value.shape), float(few.double().sum())))
    return tuple(found)


def _around(classifier: Classifier) -> tuple[Any, ...]:
    return classifier.labels, classifier.frontend, classifier.length, classifier.multi_label, classifier.outputs


def _without_defaults(value: Any) -> Any:
    """A front-end's or length's settings as far as they were chosen: a setting that is new changes no older model."""
    if not dataclasses.is_dataclass(value):
        return value
    fields = [(each.name, getattr(value, each.name), each.default) for each in dataclasses.fields(value)]
    return type(value).__name__, [(name, _without_defaults(own)) for name, own, default in fields if own != default]


def _hashed(classifier: Classifier) -> str:
    import torch

    layers = re.sub(r"0x[0-9a-f]+", "", repr(classifier.network))  # an address in memory is another each time
    around = [_without_defaults(each) for each in _around(classifier)]
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
