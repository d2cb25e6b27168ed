"""What a Keras layer's twin is: the torch module that does the same, on views of the layer's own weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

Call = Callable[..., Any]
"""What stands in for a Keras layer's ``call``."""
Twin = tuple[nn.Module, Callable[[Any, nn.Module], Call]]
"""A torch module, and what makes a `Call` of a Keras layer and its module (which may be a copy of the first)."""


def parameter_of(variable: Any, view: Callable[[Tensor], Tensor] = lambda x: x) -> nn.Parameter:
    return nn.Parameter(view(variable.value.detach()), requires_grad=bool(variable.trainable))
