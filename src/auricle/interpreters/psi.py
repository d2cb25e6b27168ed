"""Ψ of Listen to Interpret: from maps of a classifier's layers to what sounds when."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError
from auricle.interpreters.taps import TOKENS, Reading
from auricle.interpreters.tokens import TokensToGrid

ROWS = 4
"""Bands of pitch in which the maps of all layers are brought together."""
FINEST = 16
"""Bands of pitch that are read of a map at most."""
COARSER = 4
"""Frames of the listening STFT for each frame in which the maps are brought together."""


class LayerToGrid(nn.Module):
    """The map of one layer on common rows and frames: fewer positions, normalised, one convolution."""

    def __init__(self, reading: Reading, width: int) -> None:
        super().__init__()
        self.layer = reading.layer
        self.tokens = TokensToGrid(reading.channels, width) if reading.kind == TOKENS else None
        # Layers of different networks differ in scale by orders of magnitude.
        self.norm = nn.BatchNorm2d(reading.channels, affine=False)
        self.convolution = nn.Conv2d(reading.channels, width, 3, padding=1)

    def forward(self, values: Tensor, frames: int) -> Tensor:
        if not values.shape[2] or not values.shape[3]:
            raise AuricleError(f'layer "{self.layer}" has no positions in this clip, which is too short for it')
        if self.tokens is not None:
            found: Tensor = self.tokens(values, ROWS, frames)
            return found
        rows = min(values.shape[2], FINEST)
        values = F.adaptive_avg_pool2d(values, (rows, min(values.shape[3], frames)))
        values = resized(values, rows, frames)
        return F.adaptive_avg_pool2d(F.relu(self.convolution(self.norm(values))), (ROWS, frames))


class Psi(nn.Module):
    """Maps ``[B, channels, rows, frames]`` of layers to codes H ``[B, components, T]``, non-negative.

    The shape is that of the paper (Parekh et al. 2022): each map is brought to 4 rows and common frames, all are
    concatenated, a convolution brings them together, another one collapses the rows, and two convolutions over time
    end in the codes. Sizes follow from the layers, and clips may have any length. Ours: normalised maps.
    """

    def __init__(self, readings: Sequence[Reading], components: int, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(LayerToGrid(each, width) for each in readings)
        self.together = nn.Conv2d(width * len(readings), 2 * width, 3, padding=1)
        self.over_rows = nn.Conv2d(2 * width, 2 * width, (ROWS, 1))
        self.over_time = nn.Conv1d(2 * width, components, 5, padding=2)
        self.codes = nn.Conv1d(components, components, 5, padding=2)

    def forward(self, maps: Sequence[Tensor], frames: int) -> Tensor:
        few = -(-frames // COARSER)
        grids = [layer(values, few) for layer, values in zip(self.layers, maps, strict=True)]
        found = F.relu(self.together(torch.cat(grids, 1)))
        found = F.relu(self.over_rows(resized(found, ROWS, 2 * few)))
        return F.relu(self.codes(F.relu(self.over_time(resized(found, 1, frames).squeeze(2)))))


def resized(values: Tensor, rows: int, frames: int) -> Tensor:
    """``[B, channels, R, T]`` on other rows and frames, by linear interpolation."""
    if values.shape[2:] == (rows, frames):
        return values
    return F.interpolate(values, (rows, frames), mode="bilinear", align_corners=False)
