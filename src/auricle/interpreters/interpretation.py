"""An interpretation in components: which of them speak for a class, and the part of the sound that they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Normalise = Literal["abs", "signed"]


@dataclass(frozen=True, eq=False)
class Interpretation:
    """What an interpreter in components says of a batch, for one target of each clip or for several (N).

    codes: how much of each component there is when, ``[B, K, T]`` on the listening STFT's frames. pooled: over time,
    ``[B, K]``. scores: ``[B, C]``, which imitate the logits. relevance: ``[B, (N,) K]``. chosen: which components are
    taken, of that shape. gain: what each bin of the listening STFT is multiplied by to hear them, ``[B, (N,) F, T]``;
    zero where none is taken.
    """

    codes: Tensor
    pooled: Tensor
    scores: Tensor
    relevance: Tensor
    chosen: Tensor
    gain: Tensor

    @property
    def empty(self) -> Tensor:
        """Where no component was relevant enough, ``[B]`` or ``[B, N]``: nothing is heard there."""
        return ~self.chosen.any(-1)


def relevance_of(pooled: Tensor, theta: Tensor, weights: Tensor, normalise: Normalise) -> Tensor:
    """r ``[B, (N,) K]`` of targets as weights over the classes, ``[B, (N,) C]``.

    r_k is z_k θ_ck over the largest of their magnitudes, so it lies in -1 … 1; ``signed`` divides by the largest of
    their values, as published, which turns all signs where every component speaks against the class.

    >>> pooled, theta = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, -1.0]])
    >>> relevance_of(pooled, theta, torch.tensor([[1.0]]), "abs")
    tensor([[ 0.2500, -1.0000]])
    >>> relevance_of(pooled, theta, torch.tensor([[1.0]]), "signed")
    tensor([[ 1., -4.]])
    """
    parts = (weights @ theta) * (pooled if weights.ndim == 2 else pooled.unsqueeze(1))
    largest = (parts.abs() if normalise == "abs" else parts).amax(-1, keepdim=True)
    return torch.where(largest == 0, torch.zeros_like(parts), parts / largest)


def relevant(relevance: Tensor, top: int | None, threshold: float) -> Tensor:
    """Which components ``[..., K]`` are among the ``top`` most relevant (None: all) and above ``threshold``."""
    return _highest(relevance, relevance.shape[-1] if top is None else top) & (relevance > threshold)


def as_many(chosen: Tensor, amounts: Tensor) -> Tensor:
    """As many components as ``chosen [..., K]`` has, those with the largest amounts ``[..., K]``."""
    return _highest(amounts.expand(chosen.shape), chosen.sum(-1, keepdim=True))


def share_of(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, both non-negative, from 0 to 1; 0 where the whole is 0.

    >>> share_of(torch.tensor([1.0, 0.0, 3.0]), torch.tensor([4.0, 0.0, 2.0]))
    tensor([0.2500, 0.0000, 1.0000])
    """
    sounding = whole > 0
    return torch.where(sounding, part / torch.where(sounding, whole, torch.ones_like(whole)), 0.0).clamp(0.0, 1.0)


def _highest(values: Tensor, count: int | Tensor) -> Tensor:
    """Which are the ``count`` highest of the last axis; of equal ones the first."""
    return values.argsort(dim=-1, descending=True, stable=True).argsort(dim=-1) < count
