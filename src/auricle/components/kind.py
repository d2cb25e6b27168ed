"""What a kind of component is: settings that take any clip apart.

There are two shapes. A kind of *slices* cuts time: it says where each slice begins and ends. A kind of *layers* takes
the whole clip apart into simultaneous sounds, such as bands or sources. `Product` crosses one of each: tiles, sources
× time. A new kind is one class in one file, listed in ``auricle/components/__init__.py``.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Block, Component, Components
from auricle.components.filters import rise
from auricle.components.naming import seconds_text
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import padded_length, spectrum_of
from auricle.settings import Readable

FADE_SECONDS = 0.01
"""Length of the raised-cosine cross-fade between neighbouring slices."""


@dataclass(frozen=True)
class Slice:
    """A span of time, in samples, and what it is called (by default its seconds)."""

    start: int
    stop: int
    name: str | None = None


@dataclass(frozen=True, eq=False)
class Layers:
    """Simultaneous sounds whose sum is the clip.

    each: what they are (their seconds are filled in). own: the clip's layers ``[C, n]``. split: the same for any other
    sound ``[n]``. energy: paint by where the layer's energy is, instead of the box of its hertz.
    """

    each: tuple[Component, ...]
    own: Tensor
    split: Callable[[Tensor], Tensor]
    energy: bool = False


class _Itself:
    """A kind whose settings cannot be compared is like none but itself."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.kind is self.kind

    def __hash__(self) -> int:
        return id(self.kind)


class Kind(metaclass=Readable):
    """A way to take clips apart. Subclasses are frozen (pydantic) dataclasses; their fields are their settings."""

    name: ClassVar[str]
    summary: ClassVar[str]
    usage: ClassVar[str]
    """How it is written on the command line, such as ``time:12`` or ``time:0.5s``."""

    @classmethod
    @abstractmethod
    def parse(cls, rest: str) -> Kind:
        """From what follows the name and its colon in a text (empty: the defaults)."""

    @classmethod
    def misread(cls, rest: str) -> AuricleError:
        """For a text that `parse` cannot use."""
        return AuricleError(f'"{cls.name}:{rest}" cannot be read; write {cls.usage}')

    @abstractmethod
    def text(self) -> str:
        """As it is written on the command line."""

    @abstractmethod
    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        """The clip, mono at ``sample_rate``, taken apart; ``grid`` is the STFT of the front-end."""

    def identity(self) -> Hashable:
        """What is equal for two kinds only if they take every clip apart alike; who holds it keeps the kind alive."""
        try:
            hash(self)
        except TypeError:
            return _Itself(self)
        return self

    def settings(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}  # type: ignore[arg-type]


class SliceKind(Kind):
    """Cuts time."""

    @abstractmethod
    def slices(self, samples: np.ndarray, sample_rate: int) -> list[Slice]:
        """Slices of ``samples [n]``: in order, without gaps, from 0 to n."""

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        samples = sound_of_clip(clip, sample_rate)
        return assemble(self.text(), samples, sample_rate, grid, self.slices(samples.numpy(), sample_rate), None)


class LayerKind(Kind):
    """Takes the whole clip apart into simultaneous sounds."""

    @abstractmethod
    def layers(self, clip: Clip, samples: Tensor, sample_rate: int, grid: STFT) -> Layers:
        """The layers of ``samples [n]`` (float64), which is ``clip`` as the model hears it."""

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        samples = sound_of_clip(clip, sample_rate)
        layers = self.layers(clip, samples, sample_rate, grid)
        return assemble(self.text(), samples, sample_rate, grid, None, layers)


@dataclass(frozen=True)
class Product(Kind):
    """Every layer in every slice: tiles (time × bands), sources × time."""

    across: SliceKind
    within: LayerKind

    name: ClassVar[str] = "product"
    summary: ClassVar[str] = "every layer (bands, sources, channels) in every slice of time"
    usage: ClassVar[str] = "sources:hpss,time:5"

    @classmethod
    def parse(cls, rest: str) -> Kind:
        raise AuricleError(f"write a product as two kinds with a comma, such as {cls.usage}")

    def text(self) -> str:
        return f"{self.within.text()},{self.across.text()}"

    def identity(self) -> Hashable:
        return self.across.identity(), self.within.identity()

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        samples = sound_of_clip(clip, sample_rate)
        slices = self.across.slices(samples.numpy(), sample_rate)
        layers = self.within.layers(clip, samples, sample_rate, grid)
        return assemble(self.text(), samples, sample_rate, grid, slices, layers)


def sound_of_clip(clip: Clip, sample_rate: int) -> Tensor:
    """The clip as the model hears it, ``[n]`` float64."""
    return torch.tensor(clip.mono(sample_rate), dtype=torch.float64)


def assemble(
    text: str,
    samples: Tensor,
    sample_rate: int,
    grid: STFT,
    slices: Sequence[Slice] | None,
    layers: Layers | None,
) -> Components:
    """Components from slices of time, layers, or both: every layer in every slice, slice by slice."""
    n = samples.shape[-1]
    gates = [(0, torch.ones(n, dtype=torch.float64))] if slices is None else gates_of(slices, n, sample_rate)
    spans = [Slice(0, n)] if slices is None else list(slices)
    kinds: Sequence[Component | None] = [None] if layers is None else layers.each
    each = tuple(
        component_of(span, kind, sample_rate, whole=slices is None) for span in spans for kind in kinds
    )

    def cut(sounds: Tensor) -> tuple[Block, ...]:
        count = len(kinds)
        return tuple(
            Block(tuple(range(i * count, (i + 1) * count)), start, sounds[:, start : start + len(gate)] * gate)
            for i, (start, gate) in enumerate(gates)
        )

    def split(sound: Tensor) -> tuple[Block, ...]:
        return cut(sound[None] if layers is None else layers.split(sound))

    own = cut(samples[None] if layers is None else layers.own)
    painter = None if layers is None or not layers.energy else by_energy(own, n, grid)
    return Components(text, each, samples, sample_rate, grid, own, split, painter=painter)


def component_of(span: Slice, kind: Component | None, sample_rate: int, *, whole: bool) -> Component:
    """A slice's component, a layer's, or both in one name."""
    start, end = span.start / sample_rate, span.stop / sample_rate
    time = span.name or f"{seconds_text(start, end)} s"
    if kind is None:
        return Component(time, start, end)
    name = kind.name if whole else f"{kind.name}, {time}"
    return dataclasses.replace(kind, name=name, start=start, end=end)


def gates_of(slices: Sequence[Slice], n: int, sample_rate: int) -> list[tuple[int, Tensor]]:
    """Each slice's gain over time, from where on: raised-cosine edges centred on the cuts, their sum 1 everywhere."""
    cuts = [each.start for each in slices] + [n]
    lengths = np.diff(cuts)
    half = round(FADE_SECONDS * sample_rate / 2)
    # A fade may not reach beyond the middle of the shorter of the slices it joins.
    reach = [0, *(min(half, a // 2, b // 2) for a, b in pairwise(lengths.tolist())), 0]
    gates = []
    for i in range(len(slices)):
        start, stop = cuts[i] - reach[i], cuts[i + 1] + reach[i + 1]
        at = torch.arange(start, stop, dtype=torch.float64) + 0.5
        gates.append((start, rise(at, cuts[i], reach[i]) - rise(at, cuts[i + 1], reach[i + 1])))
    start = gates[-1][0]  # nothing fades at the clip's end
    gates[-1] = (start, rise(torch.arange(start, n, dtype=torch.float64) + 0.5, cuts[-2], reach[-2]))
    return gates


def by_energy(own: Sequence[Block], n: int, grid: STFT) -> Callable[[np.ndarray], np.ndarray]:
    """A painter that spreads each weight over hertz and seconds as the energy of its part is spread."""

    def paint(weights: np.ndarray) -> np.ndarray:
        painted = torch.zeros(grid.n_fft // 2 + 1, grid.frames(padded_length(n, grid)), dtype=torch.float64)
        for block in own:
            # Only frames that hear the block are computed: it is set into a silence that begins on a whole hop.
            first = max(block.start - grid.n_fft, 0) // grid.hop
            stop = min(block.stop + grid.n_fft, n)
            for k, values in zip(block.which, block.values, strict=True):
                section = torch.zeros(stop - first * grid.hop, dtype=torch.float64)
                section[block.start - first * grid.hop : block.stop - first * grid.hop] = values
                power = spectrum_of(section, grid).abs().square()
                # A silent part is spread evenly over its time.
                share = power / power.sum() if float(power.sum()) > 0 else torch.full_like(power, 1 / power.numel())
                painted[:, first : first + power.shape[1]] += share * float(weights[k])
        return painted.numpy()

    return paint
