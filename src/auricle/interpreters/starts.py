"""Where the search for columns begins."""

from __future__ import annotations

import torch
from torch import Tensor

from auricle.interpreters.hals import with_unit_norm


def leading_columns(v: Tensor, count: int, seed: int) -> Tensor:
    """``[F, count]`` of norm one: the stronger signs of V's singular vectors (NNDSVD: Boutsidis and Gallopoulos 2008).

    What is beyond the rank of V are frames drawn by `drawn_frames`.
    """
    values, vectors = torch.linalg.eigh((v @ v.T).double())
    values, vectors = values.flip(0), vectors.flip(1)
    rank = int((values > torch.finfo(v.dtype).eps * values[0]).sum())
    left = vectors[:, : min(count, rank)].to(v)
    right = left.T @ v
    positive = left.clamp_min(0).norm(dim=0) * right.clamp_min(0).norm(dim=1)
    negative = left.clamp_max(0).norm(dim=0) * right.clamp_max(0).norm(dim=1)
    columns = torch.where(positive >= negative, left, -left).clamp_min_(0)
    columns = with_unit_norm(columns, torch.full_like(columns, len(columns) ** -0.5))
    if columns.shape[1] == count:
        return columns
    return torch.cat([columns, drawn_frames(v, count - columns.shape[1], seed)], 1)


def drawn_frames(v: Tensor, count: int, seed: int) -> Tensor:
    """``[F, count]`` of norm one: frames drawn by the energy that those before leave unexplained, as k-means++ draws.

    Where nothing is left unexplained they are drawn at random, each bin by itself.
    """
    generator = torch.Generator().manual_seed(seed)
    energy = v.square().sum(0)
    left, columns = energy.clone(), []
    for _ in range(count):
        chances = left.clamp_min(0).double().cpu()
        if float(chances.max()) > 1e-9 * float(energy.max()):
            drawn = v[:, int(torch.multinomial(chances, 1, generator=generator))]
        else:
            drawn = torch.rand(len(v), generator=generator, dtype=torch.float64).to(v)
        columns.append(drawn / drawn.norm())
        left = torch.minimum(left, energy - (columns[-1] @ v).square())
    return torch.stack(columns, 1)


def first_codes(v: Tensor, columns: Tensor) -> Tensor:
    """``[K, T]``: how much of each column there is, if all of them were there equally."""
    gram = columns.T @ columns
    return (columns.T @ v) / gram.sum(1, keepdim=True).clamp_min(torch.finfo(v.dtype).tiny)
