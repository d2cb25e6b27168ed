"""Windows of several sizes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Block, Components
from auricle.components.kind import Kind
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT


@dataclass(frozen=True)
class Scales(Kind):
    """The windows of all ``kinds``, one after the other; relevance is the mean of what each size says."""

    kinds: tuple[Kind, ...]

    name: ClassVar[str] = "scales"
    summary: ClassVar[str] = "windows of several sizes at once"
    usage: ClassVar[str] = "made by occlusion with scales=4"

    @classmethod
    def parse(cls, rest: str) -> Kind:
        raise AuricleError("windows of several sizes are asked for by scales=4 in occlusion")

    def text(self) -> str:
        return "+".join(each.text() for each in self.kinds)

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        found = [kind(clip, sample_rate, grid) for kind in self.kinds]
        firsts = np.cumsum([0, *map(len, found)]).tolist()

        def joined(parts: list[tuple[Block, ...]]) -> tuple[Block, ...]:
            return tuple(
                Block(tuple(first + k for k in block.which), block.start, block.values)
                for first, blocks in zip(firsts, parts, strict=False)
                for block in blocks
            )

        def split(sound: Tensor) -> tuple[Block, ...]:
            return joined([each.split(sound) for each in found])

        def paint(weights: np.ndarray) -> np.ndarray:
            shares = [
                each.paint(weights[first : first + len(each)]) for first, each in zip(firsts, found, strict=False)
            ]
            return np.mean(shares, axis=0)

        return Components(
            self.text(),
            tuple(one for each in found for one in each.each),
            found[0].samples,
            sample_rate,
            grid,
            joined([each.own for each in found]),
            split,
            disjoint=False,
            painter=paint,
        )

    def sizes(self, components: Components) -> list[Tensor]:
        """Which components are of each size, largest window last."""
        widths = torch.tensor([round(1e6 * (each.end - each.start)) for each in components.each])
        return [torch.nonzero(widths == width).flatten() for width in widths.unique()]
