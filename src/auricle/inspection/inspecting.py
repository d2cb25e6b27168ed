"""Everything about a model in one look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from auricle.classifier import Classifier
from auricle.concepts.layers import Layer, layers
from auricle.errors import told
from auricle.inspection.facts import Fact, facts_of
from auricle.inspection.self_test import Answer, self_test
from auricle.inspection.trials import Trial, trials


@dataclass(frozen=True)
class Inspection:
    """What was found out about a model; ``layers`` is a sentence where there are none to look into."""

    name: str
    facts: tuple[Fact, ...]
    layers: tuple[Layer, ...] | str
    tests: tuple[Answer, ...]
    methods: tuple[Trial, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def inspect(classifier: Classifier, *, watch: Callable[[str], None] = lambda what: None) -> Inspection:
    """Look at a classifier, test it, and try every method on one second of bundled sound.

    ``watch`` is told what is being done. Nothing about the classifier is changed.

    >>> import auricle
    >>> found = inspect(auricle.load_classifier("digits"))
    >>> {each.name: each.applies for each in found.methods}["lrp"]
    True
    """
    watch("the layers")
    try:
        inside: tuple[Layer, ...] | str = tuple(layers(classifier))
    except Exception as error:  # a network may raise anything
        inside = told(error)
    return Inspection(
        name=classifier.name,
        facts=tuple(facts_of(classifier)),
        layers=inside,
        tests=tuple(self_test(classifier, watch=watch)),
        methods=tuple(trials(classifier, watch=watch)),
    )
