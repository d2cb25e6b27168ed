"""Components made audible: the most important ones alone, the rest without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch

from auricle.clip import Clip
from auricle.components import Components
from auricle.errors import AuricleError, nearest
from auricle.methods.coalitions.contributions import Contributions

Mode = Literal["only", "without", "weighted"]


def listen(clip: Clip, found: Contributions, *, top: int = 3, mode: Mode = "only") -> Clip:
    """The ``top`` components with the largest positive weights: ``only`` these, the clip ``without`` them, or these
    ``weighted``, each as loud as its weight's share of the largest (CoughLIME, Wullenweber et al. 2022).

    Exactly the clip's length at the model's rate; ``only`` and ``without`` add up to what the model heard.
    """
    if mode not in get_args(Mode):
        raise AuricleError(f'no way of listening is called "{mode}"; {nearest(mode, get_args(Mode))}')
    if top < 1:
        raise AuricleError(f"top is {top}; give the number of components to hear, at least 1")
    weights = found.weights[:, 0]
    chosen = most_important(weights.numpy(), top)
    gains = torch.zeros(1, len(weights), dtype=torch.float64)
    gains[0, chosen] = 1.0
    if mode == "weighted" and chosen:
        gains[0, chosen] = weights[chosen] / weights[chosen].max()
    if mode == "without":
        gains = 1.0 - gains
    name = {"only": f"top-{top}", "without": f"without-top-{top}", "weighted": f"weighted-top-{top}"}[mode]
    return part_of(clip, found.components, gains[0].tolist(), name)


def most_important(weights: np.ndarray, top: int) -> list[int]:
    """The components with the largest positive weights, the largest first.

    >>> most_important(np.array([0.1, -2.0, 3.0]), 2)
    [2, 0]
    """
    order = np.argsort(-np.asarray(weights), kind="stable")[:top]
    return [int(k) for k in order if weights[k] > 0]


def part_of(clip: Clip, components: Components, gains: Sequence[float], name: str) -> Clip:
    """The sum of the components times their gains ``[K]``, as a clip of the same length at the model's rate."""
    sound = components.compose(torch.as_tensor(gains, dtype=torch.float64)[None])[0]
    return Clip(
        sound.float().numpy(), components.sample_rate, f"{clip.name}-{name}", clip.source, clip.start_seconds
    )
