"""The level held: a part of a sound as the network hears it at the level of the whole.

A front-end that divides by the clip's own maximum turns a faint remainder up until it is as loud as the whole was, and
the network judges a sound that nobody would hear in the original. Held, the part is compared with the same reference
as the original window: its peak, and the floor below it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from auricle.frontends import Frontend, Spectrogram, Waveform
from auricle.frontends.compression import Decibel, WhisperLog

RELATIVE = Decibel | WhisperLog
"""Compressions whose floor, or whose reference, is the map's own maximum."""


def normalises(frontend: Frontend) -> bool:
    """Whether what a front-end gives depends on the clip's own level, so that the level can be held.

    >>> from auricle.frontends import preset
    >>> normalises(preset("audiblexai-mel")), normalises(preset("digits"))
    (True, False)
    """
    if getattr(frontend, "normalisation", "none") != "none":
        return isinstance(frontend, Spectrogram | Waveform)
    return isinstance(frontend, Spectrogram) and isinstance(frontend.compression, RELATIVE)


class HeldLevel:
    """A front-end with the level references of ``windows [W, n]``, each window's own."""

    def __init__(self, frontend: Frontend, windows: Tensor) -> None:
        self.frontend = frontend
        self.level: Tensor | None = None
        self.offset = torch.zeros_like(windows[:, :1])
        self.peak: Tensor | None = None
        with torch.inference_mode():
            if getattr(frontend, "normalisation", "none") != "none":
                if getattr(frontend, "normalisation", "none") == "standard":
                    self.offset = windows.mean(-1, keepdim=True)
                self.level = _level(windows - self.offset, frontend.normalise(windows))
            if isinstance(frontend, Spectrogram) and isinstance(frontend.compression, RELATIVE):
                plain = replace(frontend, compression=None, layout="plain", frames=None)
                self.peak = plain(windows).amax((-2, -1), keepdim=True)

    def __call__(self, samples: Tensor, window: Tensor) -> Tensor:
        """``[B, n]`` to network input, row ``b`` at the level of ``windows[window[b]]``."""
        held: dict[str, Any] = {}
        if self.level is not None:
            samples = (samples - self.offset[window]) / self.level[window]
            held["normalisation"] = "none"
        if self.peak is not None:
            assert isinstance(self.frontend, Spectrogram)
            assert isinstance(self.frontend.compression, RELATIVE)
            held["compression"] = partial(self.frontend.compression, peak=self.peak[window])
        return replace(self.frontend, **held)(samples)  # type: ignore[type-var]


def _level(samples: Tensor, normalised: Tensor) -> Tensor:
    """What each row was divided by, ``[W, 1]``, seen at its largest sample; 1 for silence."""
    at = samples.abs().argmax(-1, keepdim=True)
    before, after = samples.gather(-1, at), normalised.gather(-1, at)
    return torch.where(after == 0, torch.ones_like(before), before / torch.where(after == 0, 1.0, after))
