"""A phase for a magnitude that has none."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from auricle.frontends import STFT
from auricle.frontends.listening import sound_of, spectrum_of

ITERATIONS = 32
MOMENTUM = 0.99


def griffin_lim(
    magnitude: Tensor, grid: STFT, *, length: int, seed: int = 0, iterations: int = ITERATIONS
) -> Tensor:
    """``[..., F, T] -> [..., length]``: a sound whose STFT has nearly this magnitude.

    The fast Griffin-Lim algorithm (Perraudin et al. 2013), from random phases drawn from ``seed``. The magnitude keeps
    its scale, and so does the sound; a zero magnitude is silence.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(magnitude.shape, generator=generator, dtype=torch.float64)
    phase = (2.0 * math.pi * drawn).to(magnitude)
    # A polar form with magnitude one, so that the momentum acts on phases only.
    guess = torch.polar(torch.ones_like(magnitude), phase)
    previous = torch.zeros_like(guess)
    tiny = torch.finfo(magnitude.dtype).tiny
    for _ in range(iterations):
        rebuilt = spectrum_of(sound_of(magnitude * guess, grid, length=length), grid)
        guess = rebuilt - (MOMENTUM / (1.0 + MOMENTUM)) * previous
        guess = guess / guess.abs().clamp_min(tiny)
        previous = rebuilt
    return sound_of(magnitude * guess, grid, length=length)
