"""How far a climb goes, and which of its bases is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from auricle.concepts.learners.climbing import Path
from auricle.concepts.learners.objective import Objective

EVERY = 10
"""Steps between looks at the gain and at held-out vectors."""


@dataclass(frozen=True)
class Stop:
    """When a climb ends.

    After ``steps``; where the best start gained no more than ``tolerance`` of its J in 10 steps, and no other would
    pass it if it gained 10 times what it just did; where no start improved on held-out vectors in ``patience`` looks,
    10 steps apart.
    """

    steps: int
    tolerance: float
    patience: int


@dataclass(eq=False)
class Climb:
    """Bases ``[S, d, m]`` of all starts, each at its best held-out J or else at the end, and J on the way."""

    bases: Tensor
    held_out: Tensor | None = None
    course: list[Tensor] = field(default_factory=list)

    def history(self, start: int, points: int = 20) -> dict[str, list[float]]:
        """J of one start at a few steps, denser at the beginning."""
        last = len(self.course) - 1
        steps = sorted({round((last + 1) ** (i / (points - 1))) - 1 for i in range(points)})
        return {"step": steps, "objective": [float(self.course[step][start]) for step in steps]}


def climb(path: Path, stop: Stop, held_out: Objective | None) -> Climb:
    """Follow a path to its end, keeping what is best on held-out vectors if there are any."""
    found: Climb | None = None
    waited = 0
    for step, (bases, value) in enumerate(path):
        found = found or Climb(bases)
        found.course.append(value)
        look = step % EVERY == 0
        if held_out is not None and look:
            waited = 0 if _improved(found, bases, held_out(bases)) else waited + 1
        if step == stop.steps or waited > stop.patience or (look and step and _settled(found.course, stop.tolerance)):
            break
    assert found is not None  # every path yields its start
    if held_out is None:
        found.bases = bases
    else:
        _improved(found, bases, held_out(bases))
    return found


def _improved(found: Climb, bases: Tensor, scores: Tensor) -> bool:
    """Keep the starts that are better on held-out vectors than they were; whether there are any."""
    if found.held_out is None:
        found.bases, found.held_out = bases, scores
        return True
    better = scores > found.held_out
    found.bases = torch.where(better[:, None, None], bases, found.bases)
    found.held_out = torch.where(better, scores, found.held_out)
    return bool(better.any())


def _settled(course: list[Tensor], tolerance: float) -> bool:
    now, gain = course[-1], course[-1] - course[-1 - EVERY]
    still = gain > tolerance * now.abs()
    return tolerance > 0 and not bool((still & (now + 10 * gain >= now.max())).any())
