"""From magnitudes to levels: how a spectrogram's numbers are compressed before a network sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Log:
    """``ln(x + offset)``, or ``ln(minimum)`` where that is more; silence is the larger of ``ln(offset)`` and it.

    >>> round(Log(offset=0.001)(torch.zeros(1)).item(), 4)
    -6.9078
    """

    kind: ClassVar[str] = "log"
    offset: float = 1e-6
    minimum: float = 0.0

    def __call__(self, values: Tensor) -> Tensor:
        values = values + self.offset
        return torch.log(values.clamp_min(self.minimum) if self.minimum else values)


@dataclass(frozen=True, kw_only=True)
class Log10:
    """``factor * log10(x + offset)``, not below ``floor``, whatever the clip's own level.

    ``factor=10`` makes decibels re 1 of a power, 20 of a magnitude; ``floor`` is in the same unit as the result.

    >>> Log10(offset=1e-7, floor=-4.0)(torch.tensor([0.0, 0.1, 10.0])).round(decimals=3)
    tensor([-4., -1.,  1.])
    """

    kind: ClassVar[str] = "log10"
    factor: float = 1.0
    offset: float = 0.0
    floor: float = -10.0

    def __call__(self, values: Tensor) -> Tensor:
        # Bounded before the logarithm, whose slope at zero is infinite.
        lowest = 10.0 ** (self.floor / self.factor)
        return self.factor * torch.log10((values + self.offset).clamp_min(lowest))


@dataclass(frozen=True, kw_only=True)
class Log1p:
    """``ln(1 + gain x)``; silence is 0, which makes "absent" and "zero" the same thing.

    >>> Log1p(gain=100.0)(torch.zeros(1)).item()
    0.0
    """

    kind: ClassVar[str] = "log1p"
    gain: float = 1.0

    def __call__(self, values: Tensor) -> Tensor:
        return torch.log1p(self.gain * values)


@dataclass(frozen=True, kw_only=True)
class Decibel:
    """``factor * log10(x / reference)``, not below ``floor`` dB under the loudest cell, divided by ``scale``.

    ``of`` says whether ``x`` is a magnitude (factor 20) or a power (factor 10). ``reference="max"`` is the
    clip's own maximum. ``minimum`` bounds ``x`` from below as in librosa's ``amplitude_to_db``. A clip whose
    maximum does not exceed ``minimum`` is silent and is encoded as ``floor`` throughout, never as 0 dB (which
    would be the loudest value).

    >>> Decibel(of="magnitude", scale=80.0)(torch.zeros(1, 2, 2)).unique()
    tensor([-1.])
    """

    kind: ClassVar[str] = "decibel"
    of: Literal["magnitude", "power"]
    reference: float | Literal["max"] = "max"
    floor: float = -80.0
    minimum: float = 1e-5
    scale: float = 1.0

    def __call__(self, values: Tensor, *, peak: Tensor | None = None) -> Tensor:
        """``peak [..., 1, 1]`` stands for the clip's own maximum where another clip's level is to be held."""
        factor = 20.0 if self.of == "magnitude" else 10.0
        own = values.amax(dim=(-2, -1), keepdim=True)
        peak = own if peak is None else peak
        level = factor * torch.log10(values.clamp_min(self.minimum))
        peak_level = factor * torch.log10(peak.clamp_min(self.minimum))
        if self.reference == "max":
            level, top = level - peak_level, torch.zeros_like(peak_level)
        else:
            shift = factor * math.log10(max(self.reference, self.minimum))
            level, top = level - shift, peak_level - shift
        level = torch.maximum(level, top + self.floor)
        return torch.where(own <= self.minimum, torch.full_like(level, self.floor), level) / self.scale


@dataclass(frozen=True, kw_only=True)
class WhisperLog:
    """``(log10 x + 4) / 4``, x not below 1e-10, not below 8 / 4 under the clip's own maximum (Radford et al. 2022).

    A change of the loudest cell therefore moves every cell that lies at the floor. Silence is -1.5.

    >>> WhisperLog()(torch.tensor([[[1.0, 1e-4, 0.0]]]))
    tensor([[[ 1.,  0., -1.]]])
    """

    kind: ClassVar[str] = "whisper"

    def __call__(self, values: Tensor, *, peak: Tensor | None = None) -> Tensor:
        """``peak [..., 1, 1]`` stands for the clip's own maximum where another clip's level is to be held."""
        peak = values.amax(dim=(-2, -1), keepdim=True) if peak is None else peak
        level, top = (torch.log10(each.clamp_min(1e-10)) for each in (values, peak))
        return (torch.maximum(level, top - 8.0) + 4.0) / 4.0


Compression = Log | Log10 | Log1p | Decibel | WhisperLog
COMPRESSIONS: dict[str, type[Compression]] = {each.kind: each for each in (Log, Log10, Log1p, Decibel, WhisperLog)}
