"""A transformers model as a network: one tensor in, logits out."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from auricle.errors import AuricleError


class NamedInput(nn.Module):
    """Calls ``model`` with its input by name (``input_values`` or ``input_features``) and returns its logits.

    ``[B, …] -> [B, C]``. Every row is a clip of its own length, so there is no padding and no attention mask.
    """

    def __init__(self, model: nn.Module, input_name: str) -> None:
        super().__init__()
        self.training = model.training
        self.model = model
        self.input_name = input_name

    def forward(self, features: Tensor) -> Tensor:
        return logits_in(self.model(**{self.input_name: features}), type(self.model).__name__)


def logits_in(output: Any, name: str) -> Tensor:
    """The logits in a tensor, a tuple (its first entry), a dict or a ``ModelOutput``."""
    found = output
    if isinstance(output, dict) and "logits" in output:  # a ModelOutput is a dict
        found = output["logits"]
    elif isinstance(output, tuple | list) and output:
        found = output[0]
    if isinstance(found, Tensor):
        return found
    held = f" with {', '.join(map(str, output))}" if isinstance(output, dict) else ""
    raise AuricleError(
        f"{name} returned {type(output).__name__}{held} and no logits; return them alone, first in a tuple, or as "
        "logits in a dict"
    )
