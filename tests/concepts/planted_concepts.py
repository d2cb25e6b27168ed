"""Vectors of a layer whose concepts are known."""

import torch

from auricle.concepts.learners.orthogonal import haar


def planted(count=2000, sizes=(4, 4, 4, 4), channels=16, noise=0.05, seed=0):
    """(a, c, basis): every vector shows one concept, at a random point of its block, and the model uses it there."""
    generator = torch.Generator().manual_seed(seed)
    basis = haar(1, channels, channels, seed + 1000)[0].float()
    a, c = noise * torch.randn(2, count, channels, generator=generator)
    first = 0
    for k, size in enumerate(sizes):
        rows = torch.arange(k, count, len(sizes))
        point = torch.randn(len(rows), size, generator=generator)
        block = basis[:, first : first + size]
        a[rows] += point @ block.T
        c[rows] += (point + 0.5 * torch.randn(point.shape, generator=generator)) @ block.T
        first += size
    return a, c, basis.double()
