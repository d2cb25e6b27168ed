"""Which methods explain a model: each is tried, on one sound and with few steps, and says why it cannot."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from auricle import demo
from auricle.checks import TOLERANCE
from auricle.classifier import Classifier
from auricle.errors import told
from auricle.explanation import Explanation
from auricle.methods import METHODS, Method
from auricle.road import explain

FEW: dict[str, Any] = {"steps": 4, "draws": 2, "samples": 8, "components": "time:3"}
"""Settings of a trial: whether a method can, not how well, is asked."""
EXACT = ("conservation", "completeness")
"""Checks that tell whether a method's sum comes out; of a method whose steps were cut they would say nothing."""


@dataclass(frozen=True)
class Trial:
    """Whether a method applies, and in a sentence why not, or what to beware of (else "")."""

    name: str
    applies: bool
    note: str


def trials(classifier: Classifier, *, watch: Callable[[str], None] = lambda what: None) -> Iterator[Trial]:
    """Every method of `auricle.methods.METHODS`, tried on the bundled recording "planted"."""
    for name, kind in METHODS.items():
        watch(name)
        method = kind(**_few(kind))
        try:
            found = explain(demo.clip("planted"), classifier, method=method, target=_target(classifier))
        except Exception as error:  # whatever a network raises is what was to be found out
            yield Trial(name, False, told(error))
        else:
            yield Trial(name, True, _beware(found, cut="steps" in _few(kind) or "draws" in _few(kind)))


def _target(classifier: Classifier) -> str:
    """Of values none is predicted."""
    return classifier.labels[0] if classifier.outputs == "values" else "predicted"


def _few(kind: type[Method]) -> dict[str, Any]:
    own = {each.name for each in dataclasses.fields(kind)}  # type: ignore[arg-type]
    few = {key: value for key, value in FEW.items() if key in own}
    if "components" in few and getattr(kind, "takes_windows", False):
        few["components"] = "patch:300"
    return few


def _beware(explanation: Explanation, *, cut: bool) -> str:
    said = [
        check.text
        for check in explanation.checks
        if check.passed is False
        and (check.name == "functions without a rule" or (check.name in EXACT and not cut))
    ]
    gap = next((check.value for check in explanation.checks if check.name in EXACT), None)
    if not said and not cut and isinstance(gap, float) and gap < TOLERANCE:
        return "its relevance adds up"
    return " ".join(said)
