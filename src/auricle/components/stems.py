"""Stems and the clip they come from: of one length, and complete."""

from __future__ import annotations

import torch
from torch import Tensor

AUDIBLE_RESIDUAL = 1e-6
"""What the stems leave out is a component of its own from this share of the clip's energy on (−60 dB)."""


def fitted(sound: Tensor, n: int) -> Tensor:
    """``[..., m]`` as ``[..., n]``: cut, or filled with silence (resampling may miss by a sample)."""
    return torch.nn.functional.pad(sound, (0, max(n - sound.shape[-1], 0)))[..., :n]


def residual(stems: Tensor, samples: Tensor) -> Tensor | None:
    """What ``stems [C, n]`` leave out of ``samples [n]``; None where that is below −60 dB of the clip."""
    rest = samples - stems.sum(0)
    return rest if float(rest.square().sum()) > AUDIBLE_RESIDUAL * float(samples.square().sum()) else None


def whole(stems: Tensor, samples: Tensor) -> Tensor:
    """The stems, the loudest of them changed such that all together are exactly the clip."""
    loudest = int(stems.square().sum(-1).argmax())
    stems = stems.clone()
    stems[loudest] += samples - stems.sum(0)
    return stems
