"""What is asked for: which methods and layers, and which class of each clip; what makes no sense is refused."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from auricle.callbacks.samples import Sample
from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods import Method, build
from auricle.methods.inside import layer_of
from auricle.naming import method_named, short_name


def methods_of(given: Sequence[str | Method], layers: Sequence[str], classifier: Classifier) -> dict[str, Method]:
    """Methods by the names that tags have; of several with one name the later ones are numbered."""
    if isinstance(given, str):
        raise AuricleError(f'methods is a list of names; write methods=["{given}"]')
    if isinstance(layers, str):
        raise AuricleError(f'layers is a list of names; write layers=["{layers}"]')
    found: dict[str, Method] = {}
    for each in given:
        if not isinstance(each, str | Method):
            raise AuricleError(f"{type(each).__name__} is no method; give its name, or a method with settings")
        method = method_named(each) if isinstance(each, str) else each
        method.check(classifier)
        plain = short_name(each) if isinstance(each, str) else method.name
        name, number = plain, 1
        while name in found:
            number += 1
            name = f"{plain}-{number}"
        found[name] = method
    for layer in layers:
        layer_of(classifier.network, layer)
        found[f"activation-map-{layer}"] = method = build("activation-map", layer=layer)
        method.check(classifier)
    if not found:
        raise AuricleError("there is nothing to explain with; give methods or layers")
    return found


def targets_of(given: str | Sequence[str], samples: Sequence[Sample], classifier: Classifier) -> list[str]:
    asked = [given] * len(samples) if isinstance(given, str) else list(given)
    if len(asked) != len(samples):
        raise AuricleError(f"{len(asked)} targets were given for {len(samples)} clips; give one target per clip")
    found = []
    for target, sample in zip(asked, samples, strict=True):
        if target == "true" and "true" not in classifier.labels:
            if sample.label is None:
                raise AuricleError(
                    f'{sample.clip.name} has no label, so targets="true" has no class to explain; give (clip, label), '
                    'or targets="predicted"'
                )
            target = sample.label
        classifier.target_weights(target, torch.zeros(1, len(classifier.labels)))  # says what is wrong with it
        found.append(target)
    return found
