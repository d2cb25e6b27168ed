"""What every front-end offers: the road from samples to what the network eats, and back."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from torch import Tensor

from auricle.axes import Axes
from auricle.frontends.grid import STFT


@runtime_checkable
class Frontend(Protocol):
    """Samples ``[B, n]`` to network input, split at its only non-linear point.

    ``normalise`` sets the level (once per clip), ``stft`` is linear and complex, ``features`` is everything
    after; calling the front-end does all three. `Waveform` and `Spectrogram` are the two shapes it comes in.
    """

    kind: ClassVar[str]

    @property
    def sample_rate(self) -> int: ...

    @property
    def grid(self) -> STFT:
        """The centred, invertible STFT on which this front-end's relevance is heard."""

    def __call__(self, samples: Tensor) -> Tensor: ...

    def normalise(self, samples: Tensor) -> Tensor: ...

    def stft(self, samples: Tensor) -> Tensor: ...

    def features(self, stft: Tensor, *, length: int) -> Tensor:
        """Complex ``[B, F, T]`` of clips of ``length`` samples to network input."""

    def to_map(self, features: Tensor) -> Tensor:
        """Values in the network's input layout to ``[B, F, T]`` (``[B, n]`` for raw waveforms)."""

    def spread(self, relevance: Tensor, stft: Tensor) -> Tensor:
        """Relevance on features (as a map) back onto the STFT bins it came from, total preserved."""

    def axes(self, n: int) -> Axes:
        """Edges of the map for clips of ``n`` samples."""

    def stft_axes(self, n: int) -> Axes: ...
