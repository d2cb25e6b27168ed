"""The network that draws masks from a classifier's maps: from the coarsest to the finest, whatever their sizes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from auricle.interpreters.taps import TOKENS, Reading
from auricle.interpreters.tokens import TokensToGrid

ROWS = 8
"""Rows and frames onto which tokens are brought, which have no sizes of their own."""


class MaskDecoder(nn.Module):
    """Maps ``[B, d_i, rows_i, frames_i]`` and a size to logits ``[B, masks, rows, frames]``.

    Every map is brought to ``width`` channels; the deepest is enlarged to the size of the next and added to it, and so
    on up (Lin et al. 2017, feature pyramids); at the end it is enlarged to the size that is asked for, exactly. With
    32 channels it has about a tenth of a million parameters, and a million on CNN14, whose L-MAC decoder has 237.
    """

    def __init__(self, readings: Sequence[Reading], masks: int, width: int) -> None:
        super().__init__()
        self.kinds = tuple(each.kind for each in readings)
        self.lateral = nn.ModuleList(
            TokensToGrid(each.channels, width) if each.kind == TOKENS else nn.Conv2d(each.channels, width, 1)
            for each in readings
        )
        self.smooth = nn.ModuleList(
            nn.Sequential(nn.GroupNorm(_groups(width), width), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in readings
        )
        self.last = nn.Sequential(nn.GroupNorm(_groups(width), width), nn.ReLU(), nn.Conv2d(width, masks, 3, padding=1))

    def forward(self, maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        found: Tensor | None = None
        for values, kind, lateral, smooth in reversed(
            list(zip(maps, self.kinds, self.lateral, self.smooth, strict=True))
        ):
            here = lateral(values, ROWS, max(values.shape[-1] // ROWS, 1)) if kind == TOKENS else lateral(values)
            found = here if found is None else here + _resized(found, (here.shape[2], here.shape[3]))
            found = found + smooth(found)
        assert found is not None
        return _resized(self.last(found), size)


def _groups(width: int) -> int:
    return next(count for count in (8, 4, 2, 1) if width % count == 0)


def _resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(values.shape[2:]) == tuple(size):
        return values
    return F.interpolate(values, size=size, mode="bilinear", align_corners=False)
