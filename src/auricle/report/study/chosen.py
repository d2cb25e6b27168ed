"""Which clips stand in the pictures: evenly spread, so that no speaker or folder is alone there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EXAMPLES, OF_A_CLASS = 10, 10
CLASSES = 40
"""A picture has at most so many rows; of more classes the first are drawn."""


@dataclass(frozen=True)
class Chosen:
    """Ids of clips: one ``example`` of each class, ``right`` ones by class, ``wrong`` ones by predicted class."""

    examples: tuple[str, ...]
    right: dict[str, tuple[str, ...]]
    wrong: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, clips: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Chosen:
        """From rows of ``predict``; classes in the order of the model's labels."""
        right: dict[str, list[str]] = {label: [] for label in labels}
        wrong: dict[str, list[str]] = {label: [] for label in labels}
        for clip in clips:
            (right if clip["correct"] else wrong).setdefault(clip["predicted"], []).append(clip["id"])
        kept = {label: spread(ids, OF_A_CLASS) for label, ids in right.items() if ids}
        kept = {label: kept[label] for label in list(kept)[:CLASSES]}
        missed = {label: spread(ids, OF_A_CLASS) for label, ids in wrong.items() if ids}
        missed = {label: missed[label] for label in list(missed)[:CLASSES]}
        first = [ids[0] for ids in kept.values()] or [ids[0] for ids in missed.values()]
        return cls(spread(first, EXAMPLES), kept, missed)

    @property
    def ids(self) -> set[str]:
        """All of them."""
        several = (*self.right.values(), *self.wrong.values(), self.examples)
        return {each for ids in several for each in ids}


def spread(values: Sequence[str], count: int) -> tuple[str, ...]:
    """At most ``count`` values, evenly spaced.

    >>> spread(["a", "b", "c", "d", "e"], 2)
    ('a', 'c')
    """
    if len(values) <= count:
        return tuple(values)
    return tuple(values[place * len(values) // count] for place in range(count))
