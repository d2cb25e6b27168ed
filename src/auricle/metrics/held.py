"""The level held: a part of a sound as the network hears it at the level of the whole.

A front-end that divides by the clip's own maximum turns a faint remainder up until it is as loud as the whole was, and
the network judges a sound that nobody would hear in the original. Held, the part is compared with the same reference
as the original window: its peak, and the floor below it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from auricle.frontends import Frontend, Spectrogram, Waveform
from auricle.frontends.compression import Decibel


def normalises(frontend: Frontend) -> bool:
    """Whether what a front-end gives depends on the clip's own level, so that the level can be held.

    >>> from auricle.frontends import preset
    >>> normalises(preset("audiblexai-mel")), normalises(preset("digits"))
    (True, False)
    """
    if getattr(frontend, "normalisation", "none") != "none":
        return isinstance(frontend, Spectrogram | Waveform)
    return isinstance(frontend, Spectrogram) and isinstance(frontend.compression, Decibel)


class HeldLevel:
    """A front-end with the level references of ``windows [W, n]``, each window's own."""

    def __init__(self, frontend: Frontend, windows: Tensor) -> None:
        self.frontend = frontend
        self.level: Tensor | None = None
        self.peak: Tensor | None = None
        with torch.inference_mode():
            if getattr(frontend, "normalisation", "none") != "none":
                self.level = _level(windows, frontend.normalise(windows))
            if isinstance(frontend, Spectrogram) and isinstance(frontend.compression, Decibel):
                plain = replace(frontend, compression=None, layout="plain", frames=None)
                self.peak = plain(windows).amax((-2, -1), keepdim=True)

    def __call__(self, samples: Tensor, window: Tensor) -> Tensor:
        """``[B, n]`` to network input, row ``b`` at the level of ``windows[window[b]]``."""
        held: dict[str, Any] = {}
        if self.level is not None:
            samples = samples / self.level[window]
            held["normalisation"] = "none"
        if self.peak is not None:
            assert isinstance(self.frontend, Spectrogram)
            held["compression"] = HeldDecibel(own=self.frontend.compression, peak=self.peak[window])
        return replace(self.frontend, **held)(samples)  # type: ignore[type-var]


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldDecibel:
    """``Decibel`` with its reference and its floor at ``peak [B, 1, 1]`` instead of each map's own maximum.

    A silent map is its floor throughout, as in `Decibel`.
    """

    own: Any
    peak: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        own: Decibel = self.own
        factor = 20.0 if own.of == "magnitude" else 10.0
        top = factor * torch.log10(self.peak.clamp_min(own.minimum))
        level = torch.maximum(factor * torch.log10(values.clamp_min(own.minimum)), top + own.floor)
        fixed = 0.0 if own.reference == "max" else factor * math.log10(max(own.reference, own.minimum))
        level = level - (top if own.reference == "max" else fixed)
        silent = values.amax(dim=(-2, -1), keepdim=True) <= own.minimum
        return torch.where(silent, torch.full_like(level, own.floor), level) / own.scale


def _level(samples: Tensor, normalised: Tensor) -> Tensor:
    """What each row was divided by, ``[W, 1]``, seen at its largest sample; 1 for silence."""
    at = samples.abs().argmax(-1, keepdim=True)
    before, after = samples.gather(-1, at), normalised.gather(-1, at)
    return torch.where(after == 0, torch.ones_like(before), before / torch.where(after == 0, 1.0, after))
