"""What a mask says of a clip beyond its size: the model's probability for what it keeps, against random places.

    faithfulness = p(what the mask keeps) − mean over controls of p(what the mask keeps elsewhere)

A control is the very same mask rolled, and mirrored or not, to a random place *within the clip* (in padding it would be
too easy to beat), so it keeps exactly the same area. Keeping everything is thus worth 0, as is keeping nothing: what
is rewarded is to know where, not to keep much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from auricle.errors import AuricleError
from auricle.metrics.controls import random_masks

Hear = Callable[[list[np.ndarray]], np.ndarray]
"""Masks ``[F, T]`` in, the probability ``[n]`` of the explained class out."""

BATCH = 64
"""Masks given to the model at once, at most."""


def faithfulness(
    masks: Sequence[np.ndarray], hear: Hear, *, within: slice = slice(None), controls: int = 2, seed: int = 0
) -> np.ndarray:
    """The faithfulness ``[n]`` of masks ``[F, T]`` of one clip; 0, unheard, for those that are empty.

    ``within`` are the columns of the clip, see `auricle.regions.counting.columns_within`. The controls of all masks go
    to the same random places, which makes masks comparable.

    >>> top = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> faithfulness([top, np.ones((2, 3)), 0 * top], lambda masks: np.array([m[0, 0] for m in masks]), controls=1)
    array([1., 0., 0.])
    """
    if controls < 1:
        raise AuricleError(f"controls is {controls}; a mask is compared with at least 1 random place")
    scores = np.zeros(len(masks))
    full = [number for number, mask in enumerate(masks) if mask[:, within].any()]
    step = max(BATCH // (1 + controls), 1)
    for first in range(0, len(full), step):
        numbers = full[first : first + step]
        asked: list[np.ndarray] = []
        for number in numbers:
            kept = np.asarray(masks[number], np.float32)[:, within]
            for each in (kept, *random_masks(kept, draws=controls, seed=seed)):
                asked.append(np.zeros(masks[number].shape, np.float32))
                asked[-1][:, within] = each
        said = np.asarray(hear(asked), np.float64)
        if said.shape != (len(asked),):
            raise AuricleError(f"{len(asked)} masks were given and {said.shape} probabilities came back; give one each")
        kept_and_random = said.reshape(len(numbers), 1 + controls)
        scores[numbers] = kept_and_random[:, 0] - kept_and_random[:, 1:].mean(axis=1)
    return scores
