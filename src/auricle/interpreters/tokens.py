"""From tokens to a grid: positions in an order of the network's own, laid out on rows of pitch and frames of time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HEADS = 4
PLACES = 32
"""Sines and cosines that tell one place from another on each axis."""


class TokensToGrid(nn.Module):
    """Each cell of a grid attends to the tokens that speak of it; which these are is learnt.

    A transformer on patches of a spectrogram says neither in what order its tokens are nor which are no patch at all.
    The cell asks with where it lies, a token answers with what it holds and the place in the order that it has
    (multi-head attention: Vaswani et al. 2017).

    >>> grid = TokensToGrid(channels=24, width=16)(torch.randn(2, 24, 1, 50), rows=4, frames=10)
    >>> tuple(grid.shape)
    (2, 16, 4, 10)
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.values = nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, width))
        self.order = nn.Linear(PLACES, width)
        self.cells = nn.Linear(2 * PLACES, width)
        self.attention = nn.MultiheadAttention(width, HEADS if width % HEADS == 0 else 1, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Tensor, rows: int, frames: int) -> Tensor:
        """Tokens ``[B, channels, 1, L]`` to a grid ``[B, width, rows, frames]``."""
        tokens = self.values(values.squeeze(2).transpose(1, 2))
        keys = tokens + self.order(places(tokens.shape[1], like=tokens))
        row, frame = places(rows, like=tokens), places(frames, like=tokens)
        asked = torch.cat([row.unsqueeze(1).expand(-1, frames, -1), frame.unsqueeze(0).expand(rows, -1, -1)], -1)
        queries = self.cells(asked.flatten(0, 1)).expand(len(tokens), -1, -1)
        found, _ = self.attention(queries, keys, tokens, need_weights=False)
        return self.norm(queries + found).transpose(1, 2).unflatten(2, (rows, frames))


def places(count: int, *, like: Tensor) -> Tensor:
    """Sines and cosines of places 0 to ``count`` - 1, ``[count, PLACES]``, with periods from 2π to about 10000."""
    at = torch.arange(count, device=like.device, dtype=like.dtype).unsqueeze(1)
    rates = 10_000.0 ** -torch.linspace(0, 1, PLACES // 2, device=like.device, dtype=like.dtype)
    return torch.cat([(at * rates).sin(), (at * rates).cos()], 1)
