"""Which patch goes when: orders by score, schedules, and how the orders of several concepts become one."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

Order = Literal["most", "least", "random"]
Budget = Literal["union", "matched"]
Schedule = Literal["squares", "even"]


def counts_of(patches: int, schedule: Schedule, steps: int) -> Tensor:
    """How many patches are gone after each step, ``[S + 1]`` from 0 to all.

    ``squares``: step t takes t² further ones, the last step the rest. ``even``: ``steps`` steps of as near as possible
    the same number.

    >>> counts_of(64, "squares", 0), counts_of(10, "even", 4)
    (tensor([ 0,  1,  5, 14, 30, 55, 64]), tensor([ 0,  2,  5,  8, 10]))
    """
    if schedule == "even":
        return torch.linspace(0, patches, min(steps, patches) + 1, dtype=torch.float64).round().long()
    counts = [0]
    while counts[-1] < patches:
        counts.append(min(counts[-1] + len(counts) ** 2, patches))
    return torch.tensor(counts)


def places_of(scores: Tensor, order: Order, seed: int) -> Tensor:
    """Place of every patch in its concept's order, ``[B, K, P]`` for scores ``[B, K, P]``; 0 goes first.

    Equal scores are put in an order drawn by the seed, the same for every clip and concept, because any fixed one would
    itself be an explanation. ``random`` draws an order for each concept of each clip.
    """
    generator = np.random.default_rng(seed)
    lots = torch.as_tensor(generator.permutation(scores.shape[-1]))
    if order == "random":
        scores = torch.as_tensor(generator.random(tuple(scores.shape)))
    signed = scores if order == "least" else -scores
    return lots[signed[..., lots].argsort(dim=-1, stable=True)].argsort(-1)


def together(places: Tensor, budget: Budget) -> Tensor:
    """Places of all concepts ``[B, K, P]`` as one ``[B, P]``: a patch is gone once more patches than that are flipped.

    ``union``: each concept flips as many as a single map would, so K maps that differ flip more. ``matched``: concepts
    take turns, and what one has flipped is not flipped again, so that as many are gone as with a single map.
    """
    if budget == "union":
        return places.amin(1)
    turns = places * places.shape[1] + torch.arange(places.shape[1])[:, None]
    return turns.amin(1).argsort(-1).argsort(-1)
