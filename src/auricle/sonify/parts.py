"""Components made audible: the most important ones alone, the rest without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Component, Components, mix_into
from auricle.errors import AuricleError, nearest
from auricle.methods.coalitions.contributions import Contributions

Mode = Literal["only", "without", "weighted"]


def listen(clip: Clip, found: Contributions, *, top: int = 3, mode: Mode = "only") -> Clip:
    """The ``top`` components with the largest positive weights: ``only`` these, the clip ``without`` them, or these
    ``weighted``, each as loud as its weight's share of the largest (CoughLIME, Wullenweber et al. 2022).

    Exactly the clip's length at the model's rate; ``only`` and ``without`` add up to what the model heard. Of windows
    that overlap, only the strongest is taken.
    """
    if mode not in get_args(Mode):
        raise AuricleError(f'no way of listening is called "{mode}"; {nearest(mode, get_args(Mode))}')
    if top < 1:
        raise AuricleError(f"top is {top}; give the number of components to hear, at least 1")
    weights = found.weights[:, 0].numpy()
    chosen = most_important(weights, found.components, top)
    gains = np.zeros(len(weights))
    gains[chosen] = weights[chosen] / weights[chosen].max() if mode == "weighted" and chosen else 1.0
    sound = sum_of_parts(found.components, gains)
    if mode == "without":
        sound = found.components.samples - sound
    name = {"only": f"top-{top}", "without": f"without-top-{top}", "weighted": f"weighted-top-{top}"}[mode]
    return _clip(clip, found.components, sound, name)


def most_important(weights: np.ndarray, components: Components, top: int) -> list[int]:
    """The components with the largest positive weights, the largest first; none overlaps one before it."""
    chosen: list[int] = []
    for k in np.argsort(-np.asarray(weights), kind="stable"):
        if len(chosen) == top or weights[k] <= 0:
            break
        beside = (_apart(components.each[k], components.each[other]) for other in chosen)
        if components.disjoint or all(beside):
            chosen.append(int(k))
    return chosen


def _apart(one: Component, other: Component) -> bool:
    """Whether two windows have no moment, or no frequency, in common."""
    later = one.start >= other.end or other.start >= one.end
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return later
    return later or one.low >= other.high or other.low >= one.high


def sum_of_parts(components: Components, gains: Sequence[float] | np.ndarray) -> Tensor:
    """The sum of the parts times their gains ``[K]``: ``[n]`` (float64)."""
    sound = torch.zeros_like(components.samples)[None]
    mix_into(sound, torch.as_tensor(np.asarray(gains), dtype=torch.float64)[None], components.own)
    return sound[0]


def part_of(clip: Clip, components: Components, gains: Sequence[float] | np.ndarray, name: str) -> Clip:
    """The sum of the parts times their gains ``[K]``, as a clip of the same length at the model's rate."""
    return _clip(clip, components, sum_of_parts(components, gains), name)


def _clip(clip: Clip, components: Components, sound: Tensor, name: str) -> Clip:
    return Clip(
        sound.float().numpy(), components.sample_rate, f"{clip.name}-{name}", clip.source, clip.start_seconds
    )
