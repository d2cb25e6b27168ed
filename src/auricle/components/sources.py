"""Sources: what sounds at the same time, taken apart by a separator."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from types import BuiltinFunctionType, FunctionType
from typing import Any, ClassVar, cast

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.clip import Clip
from auricle.components import masks
from auricle.components.base import Component
from auricle.components.cache import kept
from auricle.components.demucs import Demucs
from auricle.components.kind import LayerKind, Layers
from auricle.components.separators import Separator, find, name_of, stems_of
from auricle.components.stems import fitted, residual, whole
from auricle.errors import AuricleError, nearest
from auricle.frontends.grid import STFT
from auricle.settings import settings

KNOWN = ("hpss", "nmf", "demucs")

LOUDEST_SUM = 100.0
"""Stems whose sum has more than this many times the clip's energy (20 dB) are on another scale."""


@dataclass(frozen=True, config=settings)
class Sources(LayerKind):
    """The stems of a separator; what they leave out of the clip is a component too, called "residual".

    ``hpss`` tells tones from strokes, ``nmf`` finds ``count`` recurring spectra, ``demucs`` knows drums, bass, vocals
    and other. Any function of samples ``[n]`` (float32) and their rate that returns stems by name, or an array
    ``[stems, n]``, is a separator as well. A residual below −60 dB of the clip is added to the loudest stem. Stems are
    kept in the user's cache; those of a function of yours only if it has an attribute ``version``. After audioLIME
    (Haunschmid, Manilow and Widmer, MML 2020).
    """

    name: ClassVar[str] = "sources"
    summary: ClassVar[str] = "what sounds at the same time: harmonic and percussive, NMF, music stems, any separator"
    usage: ClassVar[str] = "sources:hpss, sources:nmf:6, sources:demucs or sources:module:function"

    separator: str | Callable[[np.ndarray, int], Any] = Field(
        default="hpss", description="hpss, nmf, demucs or a function"
    )
    count: int = Field(default=6, ge=1, description="nmf: how many components")
    seed: int = Field(default=0, ge=0, description="nmf: seed of its solver")
    model: str = Field(default="htdemucs", description="demucs: which of its models")

    @classmethod
    def parse(cls, rest: str) -> Sources:
        head, _, tail = rest.partition(":")
        try:
            if not rest:
                return cls()
            if head == "nmf":
                return cls("nmf", count=int(tail or 6))
        except ValueError as error:
            raise cls.misread(rest) from error
        if head == "demucs":
            return cls("demucs", model=tail or "htdemucs")
        if head in KNOWN:
            if tail:
                raise cls.misread(rest)
            return cls(head)
        if not tail:
            raise AuricleError(f'no separator is called "{head}"; {nearest(head, KNOWN)}, or give module:function')
        return cls(find(rest))

    def text(self) -> str:
        if not isinstance(self.separator, str):
            return f"sources:{name_of(self.separator)}"
        if self.separator == "nmf":
            return f"sources:nmf:{self.count}"
        if self.separator == "demucs" and self.model != "htdemucs":
            return f"sources:demucs:{self.model}"
        return f"sources:{self.separator}"

    def identity(self) -> Hashable:
        plain = isinstance(self.separator, str | FunctionType | BuiltinFunctionType)
        # What an object does may change with what it holds, unless it says by a version that it has not.
        return super().identity() if plain or hasattr(self.separator, "version") else object()

    def layers(self, clip: Clip, samples: Tensor, sample_rate: int, grid: STFT) -> Layers:
        if self.separator in ("hpss", "nmf"):
            found = self._masks(clip, samples, sample_rate)
            own = whole(found(samples), samples)
            return Layers(_named(found.names), own, split=lambda sound: whole(found(sound), sound), energy=True)
        separator = self._separator()
        stems = stems_of(separator, clip, sample_rate)
        names, n = tuple(stems), samples.shape[-1]
        own = torch.stack([fitted(torch.from_numpy(each).double(), n) for each in stems.values()])
        _check_scale(own, samples, self.text())
        rest = residual(own, samples)
        if rest is not None:
            names, own = (*names, "residual"), torch.cat([own, rest[None]])
        own, count = whole(own, samples), len(names)
        # Nobody knows what the separator would make of another sound: every part has the same share of it.
        return Layers(_named(names), own, split=lambda sound: (sound / count).expand(count, -1), energy=True)

    def _masks(self, clip: Clip, samples: Tensor, sample_rate: int) -> masks.Masks:
        grid = masks.mask_grid(sample_rate)
        made_from = {"clip": clip.content_hash, "sample_rate": sample_rate, "grid": str(grid)}
        if self.separator == "hpss":
            arrays = kept(
                {**made_from, "separator": "hpss"}, ("librosa", "scipy"), lambda: masks.hpss(samples, grid)
            )
            return masks.Masks(("harmonic", "percussive"), arrays, grid)
        arrays = kept(
            {**made_from, "separator": "nmf", "count": self.count, "seed": self.seed},
            ("scikit-learn",),
            lambda: masks.nmf(samples, grid, self.count, self.seed),
        )
        return masks.Masks(tuple(f"nmf {i + 1}" for i in range(self.count)), arrays, grid)

    def _separator(self) -> Separator:
        if not isinstance(self.separator, str):
            # A class is no separator: an object of it is.
            separator: Any = self.separator
            return cast(Separator, _made(separator) if inspect.isclass(separator) else separator)
        if self.separator == "demucs":
            return Demucs(self.model)
        return find(self.separator)


def _named(names: tuple[str, ...]) -> tuple[Component, ...]:
    return tuple(Component(name, 0.0, 0.0, source=name) for name in names)


def _made(separator: Any) -> Any:
    try:
        return separator()
    except (Exception, SystemExit) as error:
        raise AuricleError(
            f"{name_of(separator)} cannot be made without arguments ({error}); name a function, or an object of the "
            "class, in your module"
        ) from error


def _check_scale(stems: Tensor, samples: Tensor, text: str) -> None:
    """Stems of another scale than the clip would leave a residual that drowns them all."""
    whole_clip = float(samples.square().sum())
    ratio = float(stems.sum(0).square().sum()) / whole_clip if whole_clip > 0 else 1.0
    if ratio > LOUDEST_SUM:
        raise AuricleError(
            f"the stems of {text} are together {10 * np.log10(ratio):.0f} dB louder than the clip; a separator must "
            "return them on the scale of its input, as numbers between -1 and 1"
        )
