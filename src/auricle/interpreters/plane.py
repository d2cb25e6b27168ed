"""The plane on which an interpreter draws its masks, and the way from there to the STFT on which they are heard."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes, mel_edges
from auricle.classifier import Level
from auricle.frontends import Frontend
from auricle.frontends.listening import listening_axes
from auricle.sonify.laying import Laying

BANDS = 64
"""Mel bands in which a mask is drawn for a network that hears samples, and so has no pitch of its own."""


def level_of(frontend: Frontend) -> Level:
    """Where a mask is laid: on the network's own map, or for a network that hears samples on the STFT."""
    return "features" if frontend.axes(frontend.grid.n_fft).hertz is not None else "stft"


def plane_of(frontend: Frontend, n: int) -> Axes:
    """Axes of a mask for clips of ``n`` samples: those of the network's map, else mel bands × frames of the STFT."""
    axes = frontend.axes(n)
    if axes.hertz is not None:
        return axes
    top = frontend.sample_rate / 2
    return Axes(frontend.stft_axes(n).seconds, mel_edges(n_mels=BANDS, fmin=0.0, fmax=top, htk=False))


class Plane:
    """Lays masks ``[B, F, T]`` of clips of ``n`` samples onto the listening STFT, exactly as `auricle.sonify` does."""

    def __init__(self, frontend: Frontend, n: int) -> None:
        self.axes = plane_of(frontend, n)
        onto = listening_axes(n, frontend.grid, frontend.sample_rate)
        laid = Laying(self.axes, onto, reach=frontend.grid.length / 2 / frontend.sample_rate)
        self._rows, self._columns = torch.tensor(laid.rows.toarray()), torch.tensor(laid.columns.toarray())
        own = frontend.stft_axes(n)
        # Interpolation is linear and works on each axis alone, so it is what it makes of the unit vectors.
        place = np.arange(onto.shape[1] + 1.0)
        unit = Axes(onto.seconds, place).resample(np.eye(onto.shape[1]), Axes(own.seconds, place))
        self._frames = torch.tensor(unit, dtype=torch.float32)
        self._bins: Tensor | None = None
        if level_of(frontend) == "stft":
            row = np.arange(self.axes.shape[0] + 1.0)
            unit = Axes(row, self.axes.hertz).resample(np.eye(self.axes.shape[0]), Axes(row, own.hertz))
            self._bins = torch.tensor(unit, dtype=torch.float32)

    def gain(self, mask: Tensor) -> Tensor:
        """What each bin of the listening STFT is multiplied by; differentiable."""
        return self._rows.to(mask) @ mask @ self._columns.to(mask).T

    def relevance(self, mask: Tensor) -> Tensor:
        """The mask where an explanation's relevance lies, see `level_of`."""
        return mask if self._bins is None else self._bins.to(mask) @ mask

    def on_stft(self, gain: Tensor) -> Tensor:
        """A gain of the listening STFT ``[B, F, T]`` on the front-end's own STFT, where an explanation's relevance of
        level ``stft`` lies: the same frames where that is centred, else those between which they fall."""
        return gain @ self._frames.to(gain)


def plane(frontend: Frontend, n: int) -> Plane:
    """The `Plane` of a front-end for clips of ``n`` samples."""
    hashable: Any = frontend  # front-ends are frozen dataclasses
    return _plane(hashable, n)


@lru_cache(maxsize=16)
def _plane(frontend: Any, n: int) -> Plane:
    return Plane(frontend, n)
