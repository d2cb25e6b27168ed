"""What is flipped at once: rectangles of milliseconds × hertz, or of cells, that part a map without a remainder."""

from __future__ import annotations

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.axes import Axes
from auricle.settings import Readable, settings


@dataclass(frozen=True, config=settings)
class Patch(metaclass=Readable):
    """Rectangles of ``milliseconds`` by ``hertz``, from the map's first edges on; a cell lies where its centre is.

    On a mel axis the patches are narrower in cells the higher they are. The last of each axis may be smaller.
    """

    milliseconds: float = Field(default=100.0, gt=0, description="length of a patch")
    hertz: float = Field(default=500.0, gt=0, description="height of a patch; without a frequency axis of no account")

    def lay(self, axes: Axes) -> np.ndarray:
        """The patch of each cell, ``[F, T]`` (``[N]`` of samples): 0 to P - 1, each at least one cell."""
        columns = _counted(axes.seconds_centres - axes.seconds[0], self.milliseconds / 1000)
        if axes.hertz is None:
            return _numbered(columns)
        rows = _counted(axes.hertz_centres - axes.hertz[0], self.hertz)
        return _numbered(rows[:, None] * (columns.max() + 1) + columns)


@dataclass(frozen=True, config=settings)
class Cells(metaclass=Readable):
    """Rectangles of ``rows`` by ``columns`` cells, as published for DRSA-audio (16 × 16); the last may be smaller.

    >>> Cells(2, 1).lay(Axes(seconds=np.arange(3.0), hertz=np.arange(4.0)))
    array([[0, 1],
           [0, 1],
           [2, 3]])
    """

    rows: int = Field(default=16, ge=1, description="height in cells; without a frequency axis of no account")
    columns: int = Field(default=16, ge=1, description="length in cells")

    def lay(self, axes: Axes) -> np.ndarray:
        """The patch of each cell, ``[F, T]`` (``[N]`` of samples): 0 to P - 1, each at least one cell."""
        columns = np.arange(axes.shape[-1]) // self.columns
        if axes.hertz is None:
            return _numbered(columns)
        rows = np.arange(axes.shape[0]) // self.rows
        return _numbered(rows[:, None] * (columns.max() + 1) + columns)


def patch_scores(maps: Tensor, labels: np.ndarray) -> Tensor:
    """Σ relu(R) in every patch: maps ``[B, K, *labels.shape]`` to ``[B, K, P]``, float64 on the processor.

    >>> patch_scores(torch.tensor([[[[1.0, 2.0], [3.0, -4.0]]]]), np.array([[0, 0], [1, 1]]))
    tensor([[[3., 3.]]], dtype=torch.float64)
    """
    # On the processor, where sums have an order: equal maps must have equal scores.
    positive = maps.detach().cpu().double().clamp_min(0.0).flatten(2)
    scores = positive.new_zeros(*positive.shape[:2], int(labels.max()) + 1)
    return scores.index_add_(2, torch.as_tensor(labels.ravel()), positive)


def _counted(places: np.ndarray, width: float) -> np.ndarray:
    # A centre that lies on an edge but for rounding belongs to what begins there.
    return np.floor(places / width + 1e-9).astype(np.int64)


def _numbered(labels: np.ndarray) -> np.ndarray:
    """The same patches, counted without gaps: rows narrower than a cell hold none."""
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
