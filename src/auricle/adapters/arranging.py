"""From a front-end's output to the input of a network that came from elsewhere: which axis goes where, how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import torch
from torch import Tensor

from auricle.classifier import Length
from auricle.errors import AuricleError
from auricle.frontends import Frontend, Waveform

Shape = tuple[int | None, ...]
"""Sizes of a network's input without its batch axis; None where any size will do."""
Channel = Literal["none", "first", "last"]
TOO_FEW_SAMPLES = 0.01
"""In seconds: an input of fewer numbers than that is no sound."""


@dataclass(frozen=True)
class Arrangement:
    """How features become the network's input.

    Features ``[B, n]``, ``[B, 1, n]``, ``[B, A, Z]`` or ``[B, 1, A, Z]`` lose their axis of one channel, change the
    order of their two axes if ``swapped``, and get an axis of one ``channel`` first, last or not at all. Patches
    ``[B, P, patch, F]`` keep their first axis or, with ``last``, have it behind the others.
    """

    waveform: bool
    swapped: bool
    channel: Channel

    def __call__(self, features: Tensor) -> Tensor:
        axes = 2 if self.waveform else 3
        if features.ndim == 4 and features.shape[1] != 1:
            return features.movedim(1, -1) if self.channel == "last" else features
        x = features.squeeze(1) if features.ndim > axes else features
        if self.swapped:
            x = x.transpose(-1, -2)
        if self.channel == "none":
            return x
        return x.unsqueeze(1 if self.channel == "first" else -1)

    def shape(self, frontend: Frontend, n: int) -> tuple[int, ...]:
        """What the network gets of ``n`` samples, without the batch axis."""
        with torch.no_grad():
            return tuple(self(frontend(torch.zeros(1, n))).shape[1:])


def default_frontend(shape: Shape, sample_rate: int, name: str) -> Frontend:
    """Samples, where a shape can only mean samples; raises `AuricleError` where it means something else."""
    sizes = [size for size in shape if size != 1] or [1]
    if len(sizes) == 1 and len(shape) <= 2 and (sizes[0] is None or sizes[0] >= TOO_FEW_SAMPLES * sample_rate):
        return Waveform(sample_rate=sample_rate, channel=False)
    raise AuricleError(
        f"{name} takes inputs of shape {written(shape)}, which are no samples; say which front-end makes them of "
        "sound: frontend=auricle.frontends.MelSpectrogram(…), or --frontend with a preset's name"
    )


def arranged(
    frontend: Frontend, shape: Shape, length: Length | None, *, channel: Channel, name: str
) -> tuple[Arrangement, Length]:
    """The arrangement that gives the network its shape, and its length of clips.

    Of several, that in which most sizes other than the time's are the network's own; then the first: the two axes of a
    map stay in the front-end's order, and the axis of one channel lies where the network's framework has it, ``first``
    or ``last``. Where the network wants a fixed number of samples or frames and ``length`` does not say how many
    seconds these are, it is inferred. Raises `AuricleError` if nothing fits.
    """
    if length is None and getattr(frontend, "seconds", None):  # it cuts longer clips and fills up shorter ones itself
        length = Length(seconds=frontend.seconds, pad="none")  # type: ignore[attr-defined]
    waveform = isinstance(frontend, Waveform)
    places: tuple[Channel, ...] = ("none", "last", "first") if channel == "last" else ("none", "first", "last")
    swaps = (False,) if waveform else (False, True)
    seconds = None if length is None else length.seconds
    found = [
        fit
        for swapped, place in product(swaps, places)
        if (fit := _fit(Arrangement(waveform, swapped, place), frontend, shape, seconds)) is not None
    ]
    if found:
        arrangement, samples, _ = max(found, key=lambda each: each[2])
        if samples is not None and seconds is None:
            length = replace(length or Length(), seconds=samples / frontend.sample_rate)
        return arrangement, length or Length()
    n = round((seconds or 1.0) * frontend.sample_rate)
    plain = Arrangement(waveform, False, "none").shape(frontend, n)
    raise AuricleError(
        f"{name} takes inputs of shape {written(shape)}, but the front-end makes {written(plain)} of "
        f"{n / frontend.sample_rate:g} s; give the front-end that the network was trained with, or its "
        "Length(seconds=…)"
    )


def _fit(
    arrangement: Arrangement, frontend: Frontend, shape: Shape, seconds: float | None
) -> tuple[Arrangement, int | None, int] | None:
    """With it how many samples give the shape (None: any number), and how many sizes are equal; None if it does not."""
    second = frontend.sample_rate
    one, two = arrangement.shape(frontend, second), arrangement.shape(frontend, 2 * second)
    if len(one) != len(shape):
        return None
    lasting = [i for i, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
    steady = [i for i, size in enumerate(shape) if i not in lasting and size is not None]
    if any(shape[i] != one[i] for i in steady):
        return None
    if seconds is not None:
        n = round(seconds * second)
        return (arrangement, n, len(steady)) if _fits(arrangement.shape(frontend, n), shape) else None
    wanted = next((size for i in lasting if (size := shape[i]) is not None), None)
    if wanted is None:
        return arrangement, None, len(steady)
    n = next((n for n in _guesses(frontend, wanted) if n > 0 and _fits(arrangement.shape(frontend, n), shape)), 0)
    return (arrangement, n, len(steady)) if n else None


def _guesses(frontend: Frontend, wanted: int) -> tuple[int, ...]:
    """How many samples may give so many samples, frames or patches."""
    if isinstance(frontend, Waveform):
        return (wanted,)
    grid = frontend.grid
    patch = getattr(frontend, "patch", 1) if getattr(frontend, "layout", "") == "patches" else 1
    frames = wanted * patch
    return (frames - 1) * grid.hop, frames * grid.hop, grid.n_fft + (frames - 1) * grid.hop


def _fits(found: tuple[int, ...], shape: Shape) -> bool:
    return len(found) == len(shape) and all(b in (None, a) for a, b in zip(found, shape, strict=True))


def written(shape: Shape) -> str:
    """A shape for a person.

    >>> written((64, None, 1))
    '64 × any × 1'
    """
    return " × ".join("any" if size is None else str(size) for size in shape)
