"""Subspaces without meaning, for what must hold for any."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from auricle.concepts.subspaces import Subspaces


def orthonormal(channels: int, sizes: Sequence[int], seed: int = 0) -> Subspaces:
    """Random blocks of an orthonormal basis; where they do not fill the channels, there is a residual."""
    return Subspaces(torch.linalg.qr(_noise(channels, channels, seed))[0][:, : sum(sizes)], tuple(sizes))


def oblique(channels: int, sizes: Sequence[int], seed: int = 0) -> Subspaces:
    """Blocks of directions that are no angle to each other in particular, all positive, as NMF finds them."""
    basis = _noise(channels, sum(sizes), seed).abs()
    return Subspaces(basis, tuple(sizes), torch.linalg.pinv(basis).T)


def axes(channels: int) -> Subspaces:
    """Every channel a concept."""
    return Subspaces(torch.eye(channels, dtype=torch.float64), (1,) * channels)


def _noise(rows: int, columns: int, seed: int) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
