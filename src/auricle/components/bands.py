"""Bands: low, middle and high, as wide as the ear, the octaves or the hertz divide them."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Component
from auricle.components.filters import in_bands
from auricle.components.kind import LayerKind, Layers
from auricle.components.naming import band_text
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.settings import settings

LOWEST_OCTAVE = 62.5
"""Octaves begin here, in hertz; all that is lower belongs to one band."""

THIN = 2 ** (1 / 3)
"""A topmost octave that would be narrower than a third of one is left with the octave below it."""


@dataclass(frozen=True, config=settings)
class Bands(LayerKind):
    """``count`` bands equal in mel, in hertz or in octaves, from 0 Hz up to half the sample rate.

    One zero-phase filter a band on the whole clip, with raised-cosine slopes; the bands sum to the clip. Octaves lie
    at 62.5, 125, 250, 500 Hz, 1, 2, 4 … kHz. Spectral components are those of SLIME (Mishra, Sturm and Dixon, ISMIR
    2017), taken in the sound itself.
    """

    name: ClassVar[str] = "bands"
    summary: ClassVar[str] = "bands of frequency, equal in mel (as the ear divides), in hertz, or octave by octave"
    usage: ClassVar[str] = "bands:8, bands:8:hertz, bands:8:octave or bands:octave"

    count: int | None = Field(default=8, ge=1, description="how many bands; None: one per octave")
    scale: Literal["mel", "hertz", "octave"] = Field(
        default="mel", description="the scale on which bands are equally wide"
    )

    @classmethod
    def parse(cls, rest: str) -> Bands:
        first, _, second = rest.partition(":")
        try:
            if first == "octave" and not second:
                return cls(count=None, scale="octave")
            return cls(int(first) if first else 8, second or "mel")  # type: ignore[arg-type]
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        if self.count is None:
            return "bands:octave"
        return f"bands:{self.count}" if self.scale == "mel" else f"bands:{self.count}:{self.scale}"

    def cuts(self, sample_rate: int) -> np.ndarray:
        """Edges of the bands in hertz, from 0 to half the sample rate."""
        top = sample_rate / 2
        if self.count is None:
            edges = LOWEST_OCTAVE * 2.0 ** np.arange(32)
            return np.concatenate([[0.0], edges[edges * THIN <= top], [top]])
        if self.scale == "hertz":
            return np.linspace(0.0, top, self.count + 1)
        if self.scale == "octave":
            edges = np.geomspace(LOWEST_OCTAVE, top, self.count + 1)
            return np.concatenate([[0.0], edges[1:-1], [top]])
        mels = np.linspace(0.0, 2595.0 * np.log10(1.0 + top / 700.0), self.count + 1)
        return np.concatenate([[0.0], 700.0 * (10.0 ** (mels[1:-1] / 2595.0) - 1.0), [top]])

    def layers(self, clip: Clip, samples: Tensor, sample_rate: int, grid: STFT) -> Layers:
        cuts, n = self.cuts(sample_rate).tolist(), samples.shape[-1]
        count = len(cuts) - 1
        if count > max(n // 2, 1):
            raise AuricleError(
                f"{self.text()} asks for {count} bands of {clip.name}, which has {n} samples and so {n // 2} "
                "frequencies; ask for fewer"
            )
        each = tuple(
            Component(band_text(low, high), 0.0, 0.0, low, high)
            for low, high in pairwise(cuts)
        )
        return Layers(
            each, in_bands(samples, cuts, sample_rate), split=lambda sound: in_bands(sound, cuts, sample_rate)
        )
