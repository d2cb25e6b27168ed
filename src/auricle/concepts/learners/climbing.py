"""Ways up an objective over orthonormal bases. Each yields ``(bases [S, d, m], J [S])`` from the start on.

Papers: L-BFGS, Liu & Nocedal 1989; with steps on a manifold, Huang, Gallivan & Absil 2015; Adam, Kingma & Ba 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from auricle.concepts.learners.objective import Objective
from auricle.concepts.learners.orthogonal import Retraction, tangent

Path = Iterator[tuple[Tensor, Tensor]]
MEMORY = 20
HALVINGS = 12
ENOUGH = 1e-4
"""Share of the promised gain with which a step is taken (Armijo)."""
LONGEST = 1.0
"""Largest length of a step by root mean square of the angles, in radians per direction."""


def ascent(objective: Objective, u: Tensor, retract: Retraction, rate: float, batches: Iterator[Tensor] | None) -> Path:
    """The gradient with a fixed rate, then back to an orthonormal basis: the published loop for rate 1."""
    while True:
        value, gradient = _seen(objective, batches).value_and_gradient(u)
        yield u, value
        u = retract(u, rate * gradient)


def adam(objective: Objective, u: Tensor, retract: Retraction, rate: float, batches: Iterator[Tensor] | None) -> Path:
    """Adam on the tangent part of the gradient; each step is made tangent again."""
    first, second, step = torch.zeros_like(u), torch.zeros_like(u), 0
    while True:
        value, gradient = _seen(objective, batches).value_and_gradient(u)
        yield u, value
        step += 1
        slope = tangent(u, gradient)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope.square()
        move = (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-12)
        u = retract(u, tangent(u, rate * move))


def lbfgs(objective: Objective, u: Tensor, retract: Retraction) -> Path:
    """L-BFGS with steps in the tangent space; every start has its own step length.

    Only its directions are made tangent; to carry all that it remembers along would cost more than it gains.
    A start that no step raises any more rests; where all do, the path ends.
    """
    rising = torch.ones(len(u), dtype=torch.bool, device=u.device)
    value, gradient = objective.value_and_gradient(u)
    slope = tangent(u, gradient)
    steps: list[Tensor] = []
    changes: list[Tensor] = []
    while True:
        yield u, value
        move = tangent(u, _two_loops(slope, steps, changes))
        promised = _dot(move, slope)
        # Where memory points downhill, or nowhere, the slope itself leads.
        move = torch.where((promised > 0)[:, None, None], move, slope)
        length = move.square().sum((-1, -2), keepdim=True).div(u.shape[-1]).sqrt()
        move = move * (LONGEST / length.clamp_min(1e-30)).clamp_max(1.0)
        found, value, gradient, rising = _searched(objective, u, value, gradient, move, retract, rising)
        if not bool(rising.any()):
            return
        before, slope_before, u = u, slope, found
        slope = tangent(u, gradient)
        steps.append(tangent(u, u - before))
        changes.append(tangent(u, slope_before) - slope)
        if len(steps) > MEMORY:
            del steps[0], changes[0]


def _searched(
    objective: Objective,
    u: Tensor,
    value: Tensor,
    gradient: Tensor,
    move: Tensor,
    retract: Retraction,
    rising: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The first of ever shorter steps that rises enough, per start; which of the rising starts moved ``[S]``."""
    promised = _dot(move, tangent(u, gradient))
    u, value, gradient = u.clone(), value.clone(), gradient.clone()
    pending = rising.nonzero()[:, 0]
    moved = torch.zeros(len(u), dtype=torch.bool, device=u.device)
    for halving in range(HALVINGS):
        share = 0.5**halving
        tried = retract(u[pending], share * move[pending])
        reached, slope = objective.value_and_gradient(tried)
        good = reached > value[pending] + ENOUGH * share * promised[pending]
        there = pending[good]
        u[there], value[there], gradient[there], moved[there] = tried[good], reached[good], slope[good], True
        pending = pending[~good]
        if len(pending) == 0:
            break
    return u, value, gradient, moved


def _two_loops(slope: Tensor, steps: list[Tensor], changes: list[Tensor]) -> Tensor:
    """The L-BFGS direction; pairs without positive curvature count for nothing."""
    if not steps:
        return slope
    curvatures = [_dot(s, y) for s, y in zip(steps, changes, strict=True)]
    usable = [
        rho > 1e-10 * (_dot(s, s) * _dot(y, y)).sqrt()
        for rho, s, y in zip(curvatures, steps, changes, strict=True)
    ]
    inverses = [torch.where(ok, 1.0 / rho, 0.0) for ok, rho in zip(usable, curvatures, strict=True)]
    move, weights = slope, []
    for s, y, inverse in zip(reversed(steps), reversed(changes), reversed(inverses), strict=True):
        weights.append(inverse * _dot(s, move))
        move = move - weights[-1][:, None, None] * y
    scale = torch.ones_like(curvatures[0])
    for ok, rho, y in zip(usable, curvatures, changes, strict=True):
        scale = torch.where(ok, rho / _dot(y, y), scale)
    move = scale[:, None, None] * move
    for s, y, inverse, weight in zip(steps, changes, inverses, reversed(weights), strict=True):
        move = move + (weight - inverse * _dot(y, move))[:, None, None] * s
    return move


def _dot(x: Tensor, y: Tensor) -> Tensor:
    return (x * y).sum((-1, -2))


def _seen(objective: Objective, batches: Iterator[Tensor] | None) -> Objective:
    return objective if batches is None else objective.rows(next(batches))
