"""LSTM, GRU and plain recurrent layers, unrolled step by step from functions that have rules.

The same cell serves every engine: ``mode.linear`` projects, ``mode.gate`` is the sigmoid that gates,
``mode.nonlinearity`` any other element-wise function, ``mode.product`` gates a signal, ``mode.total`` adds two (one of
which may be a constant, as what comes from the initial state is).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from auricle.methods.measured import handed

Cell = Callable[[Any, Tensor, tuple[Tensor, ...], list[Tensor | None]], tuple[Tensor, ...]]


def _lstm_cell(mode: Any, x: Tensor, state: tuple[Tensor, ...], w: list[Tensor | None]) -> tuple[Tensor, ...]:
    h, c = state
    mixed = mode.total(mode.linear(x, w[0], w[2]), mode.linear(h, w[1], w[3]))
    i, f, g, o = mixed.chunk(4, -1)
    g = mode.nonlinearity(torch.tanh, g)
    c = mode.total(mode.product(mode.gate(f), c), mode.product(mode.gate(i), g))
    return mode.product(mode.gate(o), mode.nonlinearity(torch.tanh, c)), c


def _gru_cell(mode: Any, x: Tensor, state: tuple[Tensor, ...], w: list[Tensor | None]) -> tuple[Tensor, ...]:
    (h,) = state
    size = h.shape[-1]
    inner, outer = mode.linear(x, w[0], w[2]), mode.linear(h, w[1], w[3])
    r = mode.gate(inner[..., :size] + outer[..., :size])
    z = mode.gate(inner[..., size : 2 * size] + outer[..., size : 2 * size])
    new = mode.total(inner[..., 2 * size :], mode.product(r, outer[..., 2 * size :]))
    new = mode.nonlinearity(torch.tanh, new)
    return (mode.total(mode.product(1 - z, new), mode.product(z, h)),)


def _plain_cell(function: Callable[[Tensor], Tensor]) -> Cell:
    def cell(mode: Any, x: Tensor, state: tuple[Tensor, ...], w: list[Tensor | None]) -> tuple[Tensor, ...]:
        (h,) = state
        mixed = mode.total(mode.linear(x, w[0], w[2]), mode.linear(h, w[1], w[3]))
        return (mode.nonlinearity(function, mixed),)

    return cell


def _unroll(
    cell: Cell, states: int, mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Tensor, ...]:
    if kwargs or not isinstance(args[3], bool):  # packed sequences come as (data, batch_sizes, …)
        mode.unruled["recurrent layer on a packed sequence"] += 1
        return func(*args, **kwargs)
    x, initial, weights, biases, layers, _, _, both_ways, batch_first = args
    initial = initial if states == 2 else (initial,)
    x = handed(lambda x: x.transpose(0, 1), x) if batch_first else x
    ways = 2 if both_ways else 1
    per_layer = len(weights) // (layers * ways)
    if per_layer not in (2, 4):
        mode.unruled["recurrent layer with projections"] += 1
        return func(*args, **kwargs)
    finals: list[tuple[Tensor, ...]] = []
    for layer in range(layers):
        outputs = []
        for way in range(ways):
            index = layer * ways + way
            own = list(weights[index * per_layer : (index + 1) * per_layer])
            own += [None, None] if not biases else []
            state = tuple(each[index] for each in initial)
            steps = range(len(x)) if way == 0 else range(len(x) - 1, -1, -1)
            heard: list[Tensor] = [x[0]] * len(x)
            for t in steps:
                state = cell(mode, handed(operator.itemgetter(t), x), state, own)
                heard[t] = state[0]
            outputs.append(torch.stack(heard))
            finals.append(state)
        x = torch.cat(outputs, -1)
    ends = tuple(torch.stack(each) for each in zip(*finals, strict=True))
    return (x.transpose(0, 1) if batch_first else x, *ends)


def lstm(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    return _unroll(_lstm_cell, 2, mode, func, args, kwargs)


def gru(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    return _unroll(_gru_cell, 1, mode, func, args, kwargs)


def rnn(mode: Any, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    function = torch.relu if "relu" in getattr(func, "__name__", "") else torch.tanh
    return _unroll(_plain_cell(function), 1, mode, func, args, kwargs)
