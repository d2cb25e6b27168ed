"""The channels of the recording: what each microphone or loudspeaker adds."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Component
from auricle.components.kind import LayerKind, Layers
from auricle.components.stems import fitted, whole
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.settings import settings


@dataclass(frozen=True, config=settings)
class Channels(LayerKind):
    """One component for each channel of the recording.

    A model hears the mean of the channels, so that a channel's part is its sound divided by their number.
    """

    name: ClassVar[str] = "channels"
    summary: ClassVar[str] = "the channels of the recording: left and right, or one a microphone"
    usage: ClassVar[str] = "channels"

    @classmethod
    def parse(cls, rest: str) -> Channels:
        if rest:
            raise cls.misread(rest)
        return cls()

    def text(self) -> str:
        return "channels"

    def layers(self, clip: Clip, samples: Tensor, sample_rate: int, grid: STFT) -> Layers:
        count = clip.channels
        if count == 1:
            raise AuricleError(f"{clip.name} has one channel; give a recording with several, or use bands or sources")
        names = ("left", "right") if count == 2 else tuple(f"channel {i + 1}" for i in range(count))
        own = torch.zeros(count, samples.shape[-1], dtype=torch.float64)
        for i in range(count):
            heard = Clip(clip.samples[i], clip.sample_rate).mono(sample_rate)
            own[i] = fitted(torch.from_numpy(heard.astype("float64")), samples.shape[-1]) / count
        each = tuple(Component(name, 0.0, 0.0, source=name) for name in names)
        # Any other sound is heard alike from all channels.
        return Layers(each, whole(own, samples), split=lambda sound: (sound / count).expand(count, -1), energy=True)
