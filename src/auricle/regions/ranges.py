"""The frequencies that matter to a class, in hertz.

A clip's *occupancy* is the share of its time ``[F]`` in which a region covers each row of frequency. The class's is the
mean over its clips, divided by its maximum; rows next to each other that reach ``level`` of it are one range, from the
lower edge of the first to the upper edge of the last. Level 1 is AudibleXAI's: the rows that are most often covered,
alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from auricle.errors import AuricleError
from auricle.regions.base import Regions
from auricle.regions.counting import columns_within

LEVEL = 0.6


@dataclass(frozen=True)
class FrequencyRange:
    """From ``low`` to ``high`` hertz.

    share: of the positive relevance of the class's clips, how much lies inside (each clip counts the same; None if none
    has any). agreement: how far the range depends on which clips were studied, the mean over bootstrap draws of clips
    of its best IoU, in hertz, with a range found in the draw (1: always the very same; None for a single clip). clips:
    of the class.
    """

    low: float
    high: float
    share: float | None
    agreement: float | None
    clips: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Profile:
    """One clip in frequency: the ``occupancy [F]`` and the positive ``relevance [F]`` of its rows."""

    occupancy: np.ndarray
    relevance: np.ndarray


def profile_of(regions: Regions, relevance: np.ndarray, *, seconds: float | None = None) -> Profile:
    """The profile of one clip from its regions and its relevance ``[F, T]``; padding beyond ``seconds`` is left out."""
    within = columns_within(regions.axes, seconds)
    mask = np.asarray(regions.mask, np.float64)[:, within]
    if not mask.shape[1]:
        raise AuricleError(f"a clip of {seconds} s has no column of the map within it; give its length in seconds")
    positive = np.maximum(np.asarray(relevance, np.float64)[:, within], 0.0)
    return Profile(mask.mean(axis=1), positive.sum(axis=1))


def frequency_ranges(
    profiles: Sequence[Profile],
    classes: Sequence[Hashable],
    hertz: np.ndarray,
    *,
    level: float = LEVEL,
    draws: int = 200,
    seed: int = 0,
) -> dict[Hashable, list[FrequencyRange]]:
    """The ranges of each class, lowest first, from the profiles of its clips and the edges ``hertz [F + 1]``.

    A class none of whose clips has regions has no ranges. ``draws`` of the bootstrap, 0 for no agreement.

    >>> profiles = [Profile(np.array([0.1, 0.5, 0.4]), np.array([0.0, 3.0, 1.0]))] * 2
    >>> frequency_ranges(profiles, ["a", "a"], np.array([0.0, 100.0, 200.0, 400.0]))["a"]
    [FrequencyRange(low=100.0, high=400.0, share=1.0, agreement=1.0, clips=2)]
    """
    if not 0.0 < level <= 1.0:
        raise AuricleError(f"level is {level}; give the share of the greatest occupancy to reach, above 0, at most 1")
    if len(profiles) != len(classes):
        raise AuricleError(f"{len(profiles)} profiles and {len(classes)} classes were given; give one class for each")
    if any(len(each.occupancy) != len(hertz) - 1 for each in profiles):
        raise AuricleError(f"{len(hertz)} edges do not fit the rows of every profile; give one more edge than rows")
    found: dict[Hashable, list[FrequencyRange]] = {}
    generator = np.random.default_rng(seed)
    for label in dict.fromkeys(classes):
        own = [each for each, other in zip(profiles, classes, strict=True) if other == label]
        found[label] = _of_class(own, np.asarray(hertz, np.float64), level, draws, generator)
    return found


def _of_class(
    profiles: list[Profile], hertz: np.ndarray, level: float, draws: int, generator: np.random.Generator
) -> list[FrequencyRange]:
    clips = len(profiles)
    occupancies = np.stack([each.occupancy for each in profiles])
    relevant = [each.relevance / each.relevance.sum() for each in profiles if each.relevance.any()]
    shares = np.mean(relevant, axis=0) if relevant else None
    drawn = generator.multinomial(clips, np.full(clips, 1 / clips), size=draws if clips > 1 else 0)
    others = [hertz[_runs(each, level)] for each in drawn @ occupancies]
    return [
        FrequencyRange(
            low=float(hertz[first]),
            high=float(hertz[end]),
            share=None if shares is None else float(shares[first:end].sum()),
            agreement=float(np.mean([_nearest(hertz[[first, end]], each) for each in others])) if others else None,
            clips=clips,
        )
        for first, end in _runs(occupancies.mean(axis=0), level)
    ]


def _runs(occupancy: np.ndarray, level: float) -> np.ndarray:
    """First rows and rows after the last ``[n, 2]`` of the runs that reach ``level`` of the maximum."""
    greatest = float(occupancy.max())
    reached = np.zeros(len(occupancy) + 2, np.int8)
    reached[1:-1] = (occupancy >= level * greatest * (1 - 1e-9)) & (greatest > 0)
    steps = np.diff(reached)
    return np.stack([np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)], axis=1)


def _nearest(one: np.ndarray, others: np.ndarray) -> float:
    """The greatest IoU of a range ``[2]`` with one of ``others [n, 2]``."""
    if not len(others):
        return 0.0
    both = np.minimum(one[1], others[:, 1]) - np.maximum(one[0], others[:, 0])
    either = np.maximum(one[1], others[:, 1]) - np.minimum(one[0], others[:, 0])
    return float(np.max(np.maximum(both, 0.0) / either))
