"""Which positions of a layer are kept for fitting, and a fixed number of them out of however many there are."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.settings import Readable, settings


@dataclass(frozen=True, kw_only=True, config=settings)
class Sampling(metaclass=Readable):
    """How vectors are drawn. Every clip gives as many, however long it is; its draw depends on it and the seed alone.

    ``random`` draws positions without replacement, ``grid`` takes them at even distances in time and frequency,
    ``relevance`` draws them in proportion to |Σ_j R_j| there. ``per_clip`` positions of each clip are taken, and
    at most ``vectors`` kept of each class.
    """

    name: ClassVar[str] = "sampling"

    positions: Literal["random", "grid", "relevance"] = "random"
    per_clip: Annotated[int, Field(ge=1)] = 20
    vectors: Annotated[int, Field(ge=2)] = 16_000

    def choose(self, relevance: Tensor, positions: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        """Numbers of the chosen positions among those of a clip's windows, whose relevance is ``[W, L]``."""
        windows, length = relevance.shape
        total = windows * length
        count = min(self.per_clip, total)
        if self.positions == "grid":
            return grid((windows, *positions), count)
        if self.positions == "random":
            return np.sort(generator.permutation(total)[:count])
        weight = relevance.abs().flatten().double().cpu().numpy()
        with np.errstate(divide="ignore"):  # the largest of log w + Gumbel noise: a draw without replacement
            keys = np.log(weight) + generator.gumbel(size=total)
        heavy = int((weight > 0).sum())
        return np.sort(np.argsort(-keys, kind="stable")[: min(count, max(heavy, 1))])


def grid(shape: tuple[int, ...], count: int) -> np.ndarray:
    """About ``count`` positions at even distances along every axis, as dense as its length allows, as flat numbers.

    >>> grid((1, 4, 4), 4)
    array([ 5,  7, 13, 15])
    """
    sizes = np.array([max(size, 1) for size in shape])
    steps = np.ones(len(sizes), int)
    while np.prod(steps + (np.arange(len(sizes)) == np.argmax(sizes / steps))) <= count and (steps < sizes).any():
        steps[np.argmax(sizes / steps)] += 1
    axes = [((np.arange(step) + 0.5) * size / step).astype(int) for step, size in zip(steps, sizes, strict=True)]
    return np.ravel_multi_index(np.meshgrid(*axes, indexing="ij"), tuple(sizes)).ravel()


class Reservoir:
    """At most ``size`` rows, each of those offered equally likely; which ones does not depend on their order."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._keys: list[np.ndarray] = []
        self._rows: list[list[Tensor]] = []
        self._held = 0

    def offer(self, *rows: Tensor, generator: np.random.Generator) -> None:
        """Rows ``[n, …]`` that belong together, kept or left together."""
        self._keys.append(generator.random(len(rows[0])))
        self._rows.append([each.detach().cpu() for each in rows])
        self._held += len(rows[0])
        if self._held > 2 * self.size:
            self.rows()

    def rows(self) -> list[Tensor]:
        """What is kept, in the order in which it was offered."""
        keys = np.concatenate(self._keys)
        joined = [torch.cat(each) for each in zip(*self._rows, strict=True)]
        if len(keys) > self.size:
            kept = np.sort(np.argsort(keys, kind="stable")[: self.size])
            keys, joined = keys[kept], [each[torch.as_tensor(kept)] for each in joined]
        self._keys, self._rows, self._held = [keys], [joined], len(keys)
        return joined
