"""How sure means over clips are: one drawing of clips, or of whole groups, serves every column of a table at once.

Conventions: ``values [N]`` or ``[N, K]`` have one row an explanation and NaN where nothing was measured. Where two or
more groups (speakers, patients) are known, groups are drawn with replacement, as new speakers would come (the cluster
bootstrap, Davison and Hinkley 1997, ch. 3.8); else clips, as in `auricle.metrics.bootstrap`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from auricle.errors import AuricleError
from auricle.metrics.bootstrap import Interval

DRAWS = 2000
FEW = 10
"""With fewer groups than this an interval is rough."""
_NUMBERS = 2**22
"""Numbers of one block of draws, at most, so that memory does not grow with the clips."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn: the unit of each row ``[N]``, how many units there are, and what they are called."""

    of_row: np.ndarray
    count: int
    what: str

    @property
    def note(self) -> str:
        """What a reader of an interval should know, or nothing."""
        few = self.what == "group" and self.count < FEW
        return f"{self.count} groups are few, so the interval is rough" if few else ""


def units(clips: Sequence[Hashable], groups: Sequence[Hashable | None] | None = None) -> Drawn:
    """Groups if two or more are known, else clips; a clip of unknown group is a group of its own.

    >>> units(["a", "a", "b"]).count, units(["a", "b", "c"], ["x", "x", "y"]).what
    (2, 'group')
    """
    known = {each for each in groups or () if each is not None}
    if groups is None or len(known) < 2:
        return Drawn(*_numbered(clips), what="clip")
    own = [("clip", clip) if group is None else ("group", group) for clip, group in zip(clips, groups, strict=True)]
    return Drawn(*_numbered(own), what="group")


def blocks(count: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """How often each of ``count`` units is drawn, ``[D, count]``, in blocks of draws."""
    generator = np.random.default_rng(seed)
    size = max(min(_NUMBERS // max(count, 1), draws), 1)
    for first in range(0, draws, size):
        now = min(size, draws - first)
        yield generator.multinomial(count, np.full(count, 1 / count), size=now).astype(np.float64)


def drawn_means(values: np.ndarray, drawn: Drawn, *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """The mean of every column of ``values [N, K]`` in every draw, ``[D, K]``; NaN where a draw has none of it."""
    known = np.isfinite(values)
    sums, counts = (np.zeros((drawn.count, values.shape[1])) for _ in range(2))
    np.add.at(sums, drawn.of_row, np.where(known, values, 0.0))
    np.add.at(counts, drawn.of_row, known)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.concatenate([(w @ sums) / (w @ counts) for w in blocks(drawn.count, draws=draws, seed=seed)])


def intervals(
    values: np.ndarray, drawn: Drawn, *, draws: int = DRAWS, confidence: float = 0.95, seed: int = 0
) -> list[Interval | None]:
    """The mean of each column of ``values [N, K]`` with its percentile interval; None for a column of NaN.

    ``clips`` of an interval counts rows that were measured. Of a single unit there is a mean but no interval.

    >>> intervals(np.array([[2.0], [2.0]]), units(["a", "b"]))
    [Interval(mean=2.0, low=2.0, high=2.0, clips=2)]
    """
    if values.ndim != 2 or len(values) != len(drawn.of_row):
        raise AuricleError(
            f"values of shape {values.shape} do not fit {len(drawn.of_row)} rows; give one row an explanation"
        )
    known = np.isfinite(values)
    means = drawn_means(values, drawn, draws=draws, seed=seed) if drawn.count > 1 else np.zeros((0, values.shape[1]))
    tail = (1.0 - confidence) / 2.0
    found: list[Interval | None] = []
    for column in range(values.shape[1]):
        held = values[known[:, column], column]
        if held.size == 0:
            found.append(None)
            continue
        several = len(np.unique(drawn.of_row[known[:, column]])) > 1
        mine = means[np.isfinite(means[:, column]), column] if several else np.zeros(0)
        low, high = map(float, np.quantile(mine, [tail, 1.0 - tail])) if several else (None, None)
        found.append(Interval(float(held.mean()), low, high, int(held.size)))
    return found


def _numbered(values: Sequence[Hashable]) -> tuple[np.ndarray, int]:
    place: dict[Hashable, int] = {}
    return np.array([place.setdefault(each, len(place)) for each in values], np.int64), len(place)
