"""Experiments that change what a model hears, to learn what it listens to (Becker et al. 2018)."""

from __future__ import annotations

from auricle.evaluation.manipulation.curve import ORDERS, Zeroing
from auricle.evaluation.manipulation.examples import Examples, as_example
from auricle.evaluation.manipulation.frequency_scaling import FACTORS, frequency_scaling, scaled
from auricle.evaluation.manipulation.scaling import Scaling
from auricle.evaluation.manipulation.zeroing import STEPS, zeroing

__all__ = [
    "FACTORS",
    "ORDERS",
    "STEPS",
    "Examples",
    "Scaling",
    "Zeroing",
    "as_example",
    "frequency_scaling",
    "scaled",
    "zeroing",
]
