"""Going down an objective over two factors, W ``[F, K]`` and H ``[K, T]``, with momentum, and never up.

A step starts from a point ahead of the last two (extrapolation: Ang and Gillis 2019, Neural Computation 31). Where that
does not lead down, the step is taken again from where one stands, which cannot lead up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

FIRST_MOMENTUM = 0.5
GROWTH, CEILING_GROWTH, FALL = 1.1, 1.05, 1.5
WITHIN = 10
"""Iterations over which the fall is judged; a single one with momentum says little."""


@dataclass(frozen=True, eq=False)
class Point:
    """W ``[F, K]``, H ``[K, T]`` and what they cost."""

    columns: Tensor
    codes: Tensor
    cost: float


class Problem(Protocol):
    def sweep(self, columns: Tensor, codes: Tensor, *, guarded: bool) -> Point:
        """H once better, then W; ``guarded`` promises that the cost does not rise, up to rounding."""
        ...

    def ahead(self, before: Point, now: Point, momentum: float) -> tuple[Tensor, Tensor]:
        """W and H a little further on the way from one point to the next, still non-negative."""
        ...


def descend(
    problem: Problem, columns: Tensor, codes: Tensor, *, iterations: int, tolerance: float
) -> tuple[Point, list[float]]:
    """The lowest point reached, and the cost after each iteration, which never rises.

    It ends after ``iterations``, or where the cost fell by less than ``tolerance`` of itself in ten of them.
    """
    before = now = problem.sweep(columns, codes, guarded=True)
    history, momentum, ceiling = [now.cost], FIRST_MOMENTUM, 1.0
    for _ in range(iterations - 1):
        trial = problem.sweep(*problem.ahead(before, now, momentum), guarded=False)
        if trial.cost < now.cost:
            momentum, ceiling = min(ceiling, GROWTH * momentum), min(1.0, CEILING_GROWTH * ceiling)
        else:
            ceiling, momentum = momentum, momentum / FALL
            trial = problem.sweep(now.columns, now.codes, guarded=True)
            if not trial.cost < now.cost:
                break
        before, now = now, trial
        history.append(now.cost)
        if len(history) > WITHIN and history[-1 - WITHIN] - now.cost < tolerance * abs(history[-1 - WITHIN]):
            break
    return now, history
