"""Finding the strongest of many overlapping windows without hearing them all.

What windows say is correlated by how much of their area they share, and by nothing else: a Gaussian process with that
covariance tells what an unheard window may say at most. Windows that could be the strongest are heard next, until none
is left that could be stronger than the strongest heard by more than a tolerance. Srinivas et al. 2010, Gaussian Process
Optimization in the Bandit Setting (the upper confidence bound).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.components.base import Component

DEVIATIONS = 3.0
"""How many standard deviations above its expectation an unheard window may be."""
AT_ONCE = 8
MOST = 0.2
"""Share of the windows that are heard, at most."""
JITTER = 1e-4


@dataclass(frozen=True, eq=False)
class Found:
    """What was heard, and what the rest would say.

    values: ``[K, Q]``, expectations where a window was not heard. heard: which were. margin: by how much, in column 0,
    an unheard window may still be stronger than the strongest heard.
    """

    values: Tensor
    heard: list[int]
    margin: float


def search(each: Sequence[Component], hear: Callable[[list[int]], Tensor], tolerance: float) -> Found:
    """Hear windows until the strongest in column 0 is known to ``tolerance``; ``hear`` gives ``[n, Q]``.

    First come windows that tile the plane, overlapping by a quarter in time.
    """
    heard = coarse(each)
    values = hear(heard)
    most = max(int(MOST * len(each)), len(heard) + 1)
    while True:
        expected, deviation = expectation(overlap_of(each, heard), heard, values)
        highest = expected[:, 0] + DEVIATIONS * deviation
        highest[heard] = -torch.inf
        margin = float(highest.max() - values[:, 0].max())
        room = min(most - len(heard), AT_ONCE, len(each) - len(heard))
        if margin <= tolerance or room <= 0:
            expected[heard] = values
            return Found(expected, heard, max(margin, 0.0))
        after = highest.topk(room).indices.tolist()
        values = torch.cat([values, hear(after)])
        heard = heard + after


def overlap_of(each: Sequence[Component], which: Sequence[int]) -> Tensor:
    """The share of its area that each window has in common with windows ``which`` of its size, ``[K, len(which)]``."""
    places = torch.tensor([[one.start, one.end, one.low or 0.0, one.high or 0.0] for one in each], dtype=torch.float64)
    start, end, low, high = places.T
    width, height = (end - start).amax(), (high - low).amax()
    chosen = list(which)
    time = (1 - (start[:, None] - start[chosen]).abs() / width).clamp_min(0.0)
    return time if not height else time * (1 - (low[:, None] - low[chosen]).abs() / height).clamp_min(0.0)


def coarse(each: Sequence[Component]) -> list[int]:
    """Windows that cover the plane: side by side in frequency, overlapping by a quarter in time."""
    times, bands = sorted({one.start for one in each}), sorted({one.low or 0.0 for one in each})
    first = each[0]
    columns = set(_steps(times, 0.75 * (first.end - first.start)))
    rows = set(_steps(bands, (first.high or 0.0) - (first.low or 0.0)))
    return [k for k, one in enumerate(each) if one.start in columns and (one.low or 0.0) in rows]


def _steps(places: Sequence[float], step: float) -> list[float]:
    """Places about ``step`` apart, the first and the last among them."""
    chosen = [places[0]]
    for place in places[1:]:
        if place >= chosen[-1] + step * (1 - 1e-6):
            chosen.append(place)
    return chosen if chosen[-1] == places[-1] else [*chosen, places[-1]]


def expectation(shared: Tensor, heard: Sequence[int], values: Tensor) -> tuple[Tensor, Tensor]:
    """What every window is expected to say ``[K, Q]``, and the standard deviation ``[K]`` of column 0.

    shared: what all windows share with those that were heard, ``[K, len(heard)]``.
    """
    mean = values.mean(0)
    known = shared[heard] + JITTER * torch.eye(len(heard), dtype=torch.float64)
    root = torch.linalg.cholesky(known)
    solved = torch.cholesky_solve(values - mean, root)
    variance = ((values - mean)[:, 0] * solved[:, 0]).sum() / len(heard)
    white = torch.linalg.solve_triangular(root, shared.T, upper=False)
    unknown = (1.0 - white.square().sum(0)).clamp_min(0.0)
    return mean + shared @ solved, (variance * unknown).sqrt()
