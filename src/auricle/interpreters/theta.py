"""Θ of Listen to Interpret: codes pooled over time, and a linear reading of them that imitates the classifier."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Pooling = Literal["attention", "max", "mean"]
HIDDEN = 256
FOLLOWED, FAINTEST = 0.05, 0.1
"""How much of a batch's strengths is taken over, and the least strength as a share of the mean."""


class GatedAttention(nn.Module):
    """How much each frame counts: softmax over time of w · (tanh(V h) ⊙ relu(U h)) (Parekh et al. 2022)."""

    def __init__(self, components: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.content, self.gate = nn.Linear(components, HIDDEN), nn.Linear(components, HIDDEN)
        self.score = nn.Linear(HIDDEN, 1, bias=False)

    def forward(self, codes: Tensor) -> Tensor:
        """``[B, K, T] -> [B, 1, T]``."""
        read = self.dropout(codes.transpose(1, 2))
        scores = self.score(self.content(read).tanh() * self.gate(read).relu())
        return scores.softmax(1).transpose(1, 2)


class Theta(nn.Module):
    """Codes H ``[B, K, T]`` to pooled codes z ``[B, K]`` and scores ``[B, C]``, which are Θ z without a bias.

    Ours: what is learnt are weights of z in units of each component's usual strength (the running root mean square of
    its z), which changes nothing that can be said but how soon: codes are small, and Adam's steps are too.

    >>> z, scores = Theta(5, 3, pooling="max", dropout=0.0)(torch.rand(2, 5, 40))
    >>> tuple(z.shape), tuple(scores.shape)
    ((2, 5), (2, 3))
    """

    def __init__(self, components: int, classes: int, *, pooling: Pooling, dropout: float) -> None:
        super().__init__()
        self.pooling = pooling
        self.attention = GatedAttention(components, dropout) if pooling == "attention" else None
        # The attention drops what it reads, not what it pools.
        self.dropout = nn.Dropout(0.0 if pooling == "attention" else dropout)
        self.linear = nn.Linear(components, classes, bias=False)
        self.strength: Tensor
        self.register_buffer("strength", torch.ones(components))

    @property
    def weight(self) -> Tensor:
        """What each component is worth for each class, ``[C, K]``."""
        return self.linear.weight / self.strength

    def forward(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        if self.attention is not None:
            pooled = torch.einsum("bkt,bt->bk", codes, self.attention(codes).squeeze(1))
        else:
            pooled = codes.amax(2) if self.pooling == "max" else codes.mean(2)
        if self.training:
            self._follow(pooled.detach())
        return pooled, self.linear(self.dropout(pooled / self.strength))

    def _follow(self, pooled: Tensor) -> None:
        usual = pooled.square().mean(0).sqrt()
        self.strength = torch.lerp(self.strength, usual.clamp_min(FAINTEST * usual.mean()).clamp_min(1e-6), FOLLOWED)
