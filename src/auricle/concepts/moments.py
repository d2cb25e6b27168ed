"""Second moments of activations and contexts, gathered batch by batch in memory of d², however many there are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(eq=False)
class Moments:
    """Sums over vectors, in float64: their ``count``, Σ a ``[d]``, and Σ a aᵀ, Σ c cᵀ, Σ a cᵀ, ``[d, d]`` each.

    Kept as sums, so that those of several data sets or workers can be added.
    """

    count: int
    a: Tensor
    aa: Tensor
    cc: Tensor
    ac: Tensor

    @classmethod
    def empty(cls, channels: int) -> Moments:
        square = torch.zeros(channels, channels, dtype=torch.float64)
        return cls(0, torch.zeros(channels, dtype=torch.float64), square, square.clone(), square.clone())

    @classmethod
    def of(cls, a: Tensor, c: Tensor) -> Moments:
        """Of vectors ``[N, d]``."""
        return cls.empty(a.shape[1]).add(a, c)

    def add(self, a: Tensor, c: Tensor) -> Moments:
        """Take in vectors ``[N, d]``; returns itself."""
        a, c = a.detach().to(self.a), c.detach().to(self.a)
        self.count += len(a)
        self.a += a.sum(0)
        self.aa += a.T @ a
        self.cc += c.T @ c
        self.ac += a.T @ c
        return self

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count,
            self.a + other.a,
            self.aa + other.aa,
            self.cc + other.cc,
            self.ac + other.ac,
        )

    @property
    def relevance(self) -> float:
        """Expected relevance of one vector: the mean of aᵀ c."""
        return float(self.ac.trace()) / max(self.count, 1)
