"""What flipped cells are filled with: a baseline that is known beforehand, or what their surroundings suggest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.classifier import Classifier
from auricle.errors import AuricleError
from auricle.methods.baselines import baseline_of
from auricle.methods.point import Point

Fill = Literal["silence", "mean", "noise", "inpainting"]
Filling = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps ``[n, F, T]``, which cells are flipped, and the clips' numbers ``[n]`` to filled maps."""

SWEEPS = 24
"""Jacobi sweeps on each grid of the in-painting: with a start from the next coarser one, within a hundredth."""


def filling_of(fill: Fill, classifier: Classifier, samples: Tensor, seed: int) -> Filling:
    """How flipped cells of clips ``samples [B, n]`` are filled.

    ``silence``, ``mean`` and ``noise`` are those of `auricle.methods.baselines`. ``inpainting`` lets the cells around
    spread inwards; where none is left, all is silence.
    """
    point = Point(classifier, samples, "features")
    known, _ = baseline_of("silence" if fill == "inpainting" else fill, point, seed)
    absent = classifier.frontend.to_map(known[0])
    if fill == "inpainting" and absent.ndim < 3:
        raise AuricleError(f"in-painting needs a spectrogram, but {classifier.name} hears samples; fill with silence")

    def filled(maps: Tensor, flipped: Tensor, clips: Tensor) -> Tensor:
        mine = absent if len(absent) == 1 else absent[clips]
        if fill == "inpainting":
            some = ~flipped.flatten(1).all(1)
            mine = torch.where(some[:, None, None], inpainted(maps, flipped), mine)
        return torch.where(flipped, mine, maps)

    return filled


def inpainted(maps: Tensor, missing: Tensor) -> Tensor:
    """Maps ``[n, F, T]`` whose ``missing`` cells (bool, same shape) are the mean of their four neighbours.

    Harmonic in-painting: the discrete Laplace equation with the known cells as boundary and no flow across the map's
    edges (Shen and Chan 2002), by Jacobi sweeps from coarse grids to fine ones. A map that is missing as a whole
    becomes 0. Telea's fast marching, which DRSA-audio uses, wants OpenCV and goes cell by cell.

    >>> ramp = torch.arange(5.0).expand(1, 3, 5)
    >>> inpainted(ramp, (ramp > 0) & (ramp < 4))[0, 1].round(decimals=2)
    tensor([0., 1., 2., 3., 4.])
    """
    if not bool(missing.any()):
        return maps
    values = torch.where(missing, 0.0, maps)
    if min(maps.shape[-2:]) < 2 or bool(missing.flatten(1).all(1).all()):
        weight = (~missing).to(maps).sum((-2, -1), keepdim=True).clamp_min(1.0)
        guess = (values.sum((-2, -1), keepdim=True) / weight).expand_as(maps)
    else:
        known = (~missing).to(maps)[:, None]
        some = F.avg_pool2d(known, 2, ceil_mode=True)
        coarse = F.avg_pool2d(values[:, None], 2, ceil_mode=True) / some.clamp_min(1e-6)
        less = inpainted(coarse[:, 0], some[:, 0] == 0)
        guess = F.interpolate(less[:, None], size=maps.shape[-2:], mode="bilinear")[:, 0]
    result = torch.where(missing, guess, maps)
    for _ in range(SWEEPS):
        around = F.pad(result[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
        mean = (around[:, 2:, 1:-1] + around[:, :-2, 1:-1] + around[:, 1:-1, 2:] + around[:, 1:-1, :-2]) / 4
        result = torch.where(missing, mean, maps)
    return result
