"""Every self-attention of a network, whichever way it is computed, as a matrix of queries and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.methods.attention import dot_product_weights, multi_head_attention
from auricle.methods.derivatives import Derivatives, Handler, carries
from auricle.methods.propagation_handlers import VIEWS, is_gate, mark, view


class Attending(Derivatives):
    """The network's own functions; ``hear`` is given every attention ``[…, tokens, tokens]``, in the graph.

    An attention is a softmax over as many keys as there are queries that a matrix product then mixes values by.
    """

    def __init__(self, hear: Callable[[Tensor], None]) -> None:
        super().__init__(HANDLERS, own=None)
        self.hear = hear

    def linear(self, a: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.linear(a, weight, bias)


def is_attention(weights: Any) -> bool:
    """Whether a value, reshaped or not, is a softmax's over as many keys as queries."""
    return is_gate(weights) and weights.ndim >= 3 and weights.shape[-1] == weights.shape[-2] > 1


def _softmax(mode: Attending, func: Handler, args: Any, kwargs: Any) -> Any:
    return mark(func(*args, **kwargs))


def _product(mode: Attending, func: Handler, args: Any, kwargs: Any) -> Any:
    if is_attention(args[0]) and carries(args[1]):
        mode.hear(args[0])
    return func(*args, **kwargs)


def _einsum(mode: Attending, func: Handler, args: Any, kwargs: Any) -> Any:
    operands = args[1] if isinstance(args[1], list | tuple) else args[1:]
    if len(operands) == 2 and is_attention(operands[0]) and carries(operands[1]):
        mode.hear(operands[0])
    return func(*args, **kwargs)


def _dot_product(mode: Attending, func: Handler, args: Any, kwargs: Any) -> Any:
    weights, value = dot_product_weights(args, kwargs)
    return _product(mode, torch.matmul, (mark(weights), value), {})


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(VIEWS, view),
    "softmax": _softmax,
    **dict.fromkeys(("matmul", "bmm"), _product),
    "einsum": _einsum,
    "scaled_dot_product_attention": _dot_product,
    "multi_head_attention_forward": multi_head_attention,
}
