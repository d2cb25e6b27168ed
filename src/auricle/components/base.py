"""Components: the parts of a clip that can be present or absent, each with a name, a place and a sound.

Conventions: parts are sound ``[n]`` at the model's rate, over the whole clip's own time; together they are the clip, so
"all present" is the clip itself and "all absent" the baseline. Only the samples that a part touches are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.frontends.grid import STFT
from auricle.frontends.listening import listening_axes


@dataclass(frozen=True)
class Component:
    """One part: its name, its seconds in the clip, and the hertz or the source it is limited to, if any."""

    name: str
    start: float
    end: float
    low: float | None = None
    high: float | None = None
    source: str | None = None


@dataclass(frozen=True, eq=False)
class Block:
    """Parts that share their time: components ``which``, samples from ``start`` on, ``values [len(which), width]``."""

    which: tuple[int, ...]
    start: int
    values: Tensor

    @property
    def stop(self) -> int:
        return self.start + self.values.shape[-1]


@dataclass(frozen=True, eq=False)
class Components:
    """A clip taken apart.

    text: the kind as it is asked for, such as ``time:12``. each: one `Component` a part. samples: the clip ``[n]``
    float64 at ``sample_rate``. own: the clip's parts. split: the same cut through any other sound ``[n]`` (for
    baselines). grid: the STFT on which relevance is laid. disjoint: whether the parts add up to the clip; occlusion
    windows overlap and do not. painter: lays weights ``[K]`` onto the listening grid ``[F, T]`` where a component is
    no box.
    """

    text: str
    each: tuple[Component, ...]
    samples: Tensor
    sample_rate: int
    grid: STFT
    own: tuple[Block, ...]
    split: Callable[[Tensor], tuple[Block, ...]]
    disjoint: bool = True
    painter: Callable[[np.ndarray], np.ndarray] | None = None

    def __len__(self) -> int:
        return len(self.each)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.each)

    @cached_property
    def axes(self) -> Axes:
        """The listening grid of the clip: hertz and seconds edges."""
        return listening_axes(self.samples.shape[-1], self.grid, self.sample_rate)

    def differences(self, absent: Tensor | None = None) -> tuple[Block, ...]:
        """What presence adds to a baseline ``absent [n]``: own part minus the baseline's (None: silence)."""
        if absent is None or not bool(absent.any()):
            return self.own
        other = self.split(absent.to(self.samples))
        return tuple(
            Block(mine.which, mine.start, mine.values - its.values) for mine, its in zip(self.own, other, strict=True)
        )

    def supports(self) -> list[tuple[int, int]]:
        """The samples ``start, stop`` that each component can change."""
        found = [(0, 0)] * len(self)
        for block in self.own:
            for k in block.which:
                found[k] = (block.start, block.stop)
        return found

    def compose(self, coalitions: Tensor, absent: Tensor | None = None) -> Tensor:
        """Sounds ``[N, n]`` (float64) of coalitions ``[N, K]`` (bool, or gains); ``absent [n]`` is the baseline.

        Parts that overlap (occlusion windows) are taken out of the clip instead of being added to the baseline.
        """
        blocks = self.differences(absent)
        start = self.samples if not self.disjoint else torch.zeros_like(self.samples) if absent is None else absent
        buffer = start.to(self.samples).repeat(len(coalitions), 1)
        gains = coalitions.to(self.samples)
        mix_into(buffer, gains if self.disjoint else gains - 1.0, blocks)
        return buffer

    def energies(self) -> Tensor:
        """The energy of each part, ``[K]``."""
        found = torch.zeros(len(self), dtype=torch.float64)
        for block in self.own:
            found[list(block.which)] = block.values.double().square().sum(-1).cpu()
        return found

    def paint(self, weights: Sequence[float] | np.ndarray) -> np.ndarray:
        """Weights ``[K]`` laid onto the listening grid ``[F, T]``, evenly over each part's place; their sum is kept."""
        amounts = np.asarray(weights, dtype=np.float64)
        if self.painter is not None:
            return self.painter(amounts)
        rows, columns = self._places()
        areas = rows.sum(1) * columns.sum(1)
        return np.einsum("k,kf,kt->ft", amounts / np.where(areas > 0, areas, 1.0), rows, columns, optimize=True)

    def _places(self) -> tuple[np.ndarray, np.ndarray]:
        """The share of every row ``[K, F]`` and column ``[K, T]`` of the listening grid that each component covers."""
        assert self.axes.hertz is not None
        seconds, top = np.array(self.axes.seconds), float(self.axes.hertz[-1])
        # The outermost frames are centred on the clip's ends: what they hear belongs to the first and last part.
        n = self.samples.shape[-1] / self.sample_rate
        rows = np.stack([overlap(each.low or 0.0, top if each.high is None else each.high, self.axes.hertz)
                         for each in self.each])
        columns = np.stack([overlap(-np.inf if each.start <= 0 else each.start,
                                    np.inf if each.end >= n - 1e-9 else each.end, seconds) for each in self.each])
        return rows, columns


def overlap(start: float, end: float, edges: np.ndarray) -> np.ndarray:
    """The share of each bin that lies between ``start`` and ``end``.

    >>> overlap(0.5, 2.0, np.array([0.0, 1.0, 2.0, 3.0]))
    array([0.5, 1. , 0. ])
    """
    inside = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
    return np.clip(inside, 0.0, None) / np.diff(edges)


def mix_into(buffer: Tensor, gains: Tensor, blocks: Sequence[Block]) -> None:
    """Add ``gains [N, K]`` times the parts to ``buffer [N, ..., n]``, in place and only where each part sounds."""
    sounding = set(torch.nonzero(gains.any(0)).flatten().tolist())
    for block in blocks:
        if sounding.isdisjoint(block.which):
            continue
        part = buffer[..., block.start : block.stop]
        chosen = gains[:, list(block.which)].to(part.dtype)
        if len(block.which) == 1:
            shape = (-1, *[1] * (block.values.ndim - 1))
            part.addcmul_(chosen.reshape(shape).expand_as(part), block.values.to(part.dtype).expand_as(part))
        else:
            part.add_((chosen @ block.values.to(part.dtype).flatten(1)).reshape(part.shape))
