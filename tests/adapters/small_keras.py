"""Keras on torch for tests that need it, or their skipping."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "torch")
keras: Any = pytest.importorskip("keras", reason="Keras is not installed")
keras_layers: Any = keras.layers


def with_statistics(model: Any) -> None:
    """Norms as if they had been trained; biases that are not nothing."""
    draws = np.random.default_rng(0)
    for layer in model._flatten_layers():
        for variable in layer._trainable_variables + layer._non_trainable_variables:
            if variable.name in ("gamma", "moving_variance"):
                variable.assign(draws.uniform(0.5, 2.0, variable.shape))
            elif variable.name in ("beta", "bias", "moving_mean"):
                variable.assign(draws.normal(0.0, 0.3, variable.shape))
