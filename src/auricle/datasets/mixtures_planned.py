"""Which labels meet in which clip of mixtures: every label and every pair as often as any other, in every part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from auricle.datasets.mixtures_sources import PARTS, Ingredients
from auricle.errors import AuricleError


def planned_clips(
    held: Ingredients, clips: int, single: float, apart: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Part and labels of each clip: in every part, labels in turn and pairs in turn, in a drawn order.

    A share ``single`` has one label, the others two. Raises `AuricleError` where too few clips or no pairs can be.
    """
    if clips < 10 * len(held.labels):
        raise AuricleError(f"{clips} clips are too few for {len(held.labels)} labels; ask for {10 * len(held.labels)}")
    pairs = _pairs(held, apart) if single < 1 else []
    return _drawn(held, clips, single, pairs)


def _drawn(
    held: Ingredients, clips: int, single: float, pairs: list[tuple[str, ...]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    generator = np.random.default_rng([held.seed, clips])
    counts = {"test": round(0.2 * clips), "validate": round(0.1 * clips)}
    counts["train"] = clips - sum(counts.values())
    for part in PARTS:
        alone = round(single * counts[part])
        chosen = _turns([(each,) for each in held.labels], alone, generator)
        chosen += _turns(pairs, counts[part] - alone, generator)
        for place in generator.permutation(len(chosen)):
            named = chosen[place]
            yield part, named if generator.random() < 0.5 else named[::-1]


def _pairs(held: Ingredients, apart: Sequence[str]) -> list[tuple[str, ...]]:
    """All pairs of labels that may meet."""
    known = {each.name for each in held.datasets}
    foreign = next((each for each in apart if each not in known), None)
    if foreign is not None:
        raise AuricleError(f"{foreign} is none of the data sets that are mixed ({', '.join(sorted(known))})")

    def meet(one: str, other: str) -> bool:
        return held.of[one] != held.of[other] or held.datasets[held.of[one]].name not in apart

    pairs: list[tuple[str, ...]] = [pair for pair in combinations(held.labels, 2) if meet(*pair)]
    if not pairs:
        raise AuricleError("no two labels may meet, so no clip can have two; name more labels, or ask for single=1")
    return pairs


def _turns(kinds: list[tuple[str, ...]], count: int, generator: np.random.Generator) -> list[tuple[str, ...]]:
    order = generator.permutation(len(kinds))
    return [kinds[order[number % len(kinds)]] for number in range(count)]
