"""Small games whose answers are known, and a stand-in for a classifier's game."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from auricle.components import Component

Value = Callable[[Tensor], Tensor]
"""Coalitions ``[n, K]`` as float64 in, values ``[n]`` or ``[n, Q]`` out."""


class FunctionGame:
    """A game that is a function; it counts the rows it was asked about and the different ones among them."""

    def __init__(self, count: int, value: Value, components: Sequence[Component] | None = None) -> None:
        self.count = count
        self.value = value
        self.components = SimpleNamespace(each=tuple(components or slices(count)))
        self.seen: set[bytes] = set()
        self.asked = 0
        self.full, self.empty = self(torch.stack([torch.ones(count), torch.zeros(count)]).bool())

    def __call__(self, coalitions: Tensor) -> Tensor:
        assert coalitions.dtype == torch.bool
        self.asked += len(coalitions)
        self.seen |= {row.numpy().tobytes() for row in coalitions}
        values = self.value(coalitions.double())
        return values.reshape(len(coalitions), -1)

    def energies(self) -> Tensor:
        return torch.arange(1.0, self.count + 1)


def slices(count: int) -> list[Component]:
    return [Component(f"{k}", float(k), k + 1.0) for k in range(count)]


def linear(count: int, columns: int = 3, seed: int = 0) -> tuple[Value, Tensor]:
    """A linear game of several columns, and its coefficients ``[K, Q]``."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(count, columns, generator=generator, dtype=torch.float64)
    return lambda z: 0.7 + z @ weights, weights


def curved(count: int, seed: int = 0, columns: int = 2) -> Value:
    """A small random network with two hidden layers: all orders of interactions."""
    generator = torch.Generator().manual_seed(seed)

    def layer(a: int, b: int) -> Tensor:
        return torch.randn(a, b, generator=generator, dtype=torch.float64) / a**0.5

    first, bias, second, last = layer(count, 24), layer(1, 24), layer(24, 16), layer(16, columns)
    return lambda z: torch.relu(torch.tanh(2 * z @ first + bias) @ second) @ last


def by_definition(count: int, value: Value, orders: Sequence[Sequence[int]] | None = None) -> Tensor:
    """The mean marginal contribution of each component over all orders, or over the given ones: ``[K, Q]``."""
    every = list(orders) if orders is not None else list(itertools.permutations(range(count)))
    total: Any = 0
    for order in every:
        rows = torch.zeros(count + 1, count, dtype=torch.float64)
        for step, k in enumerate(order):
            rows[step + 1 :, k] = 1
        steps = value(rows).reshape(count + 1, -1).diff(dim=0)
        total = total + steps[torch.tensor(order).argsort()]
    return total / len(every)
