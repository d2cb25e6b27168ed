"""Windows of time × frequency that overlap: what occlusion takes away."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Block, Component, Components, overlap
from auricle.components.filters import SLOPE, Spectrum, rise
from auricle.components.kind import FADE_SECONDS, Kind, sound_of_clip
from auricle.components.naming import band_text, seconds_text
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import listening_axes
from auricle.settings import settings

MOST_WINDOWS = 20_000
MOST_SAMPLES = 2**28
"""As much as all windows together may hold: 1 GiB."""


@dataclass(frozen=True, config=settings)
class Patch(Kind):
    """Windows of ``milliseconds`` by ``hertz`` (None: all frequencies), neighbours overlapping by ``overlap``.

    The last window of time ends with the clip and the highest with half the sample rate, so that everything is
    covered; for that, all overlap a little more where need be. Windows that overlap do not sum to the clip; relevance
    at a place is the mean over the windows that cover it, each counting by how much of the place it covers.
    """

    name: ClassVar[str] = "patch"
    summary: ClassVar[str] = "overlapping windows of milliseconds × hertz, for occlusion"
    usage: ClassVar[str] = "patch:100, patch:100x500 or patch:100x500:0.5 (overlapping by half)"

    milliseconds: float = Field(default=100.0, gt=0, description="length of a window")
    hertz: float | None = Field(default=None, gt=0, description="height of a window; None: all frequencies")
    overlap: float = Field(default=0.75, ge=0, lt=1, description="share of a window that lies under its neighbour")

    @classmethod
    def parse(cls, rest: str) -> Patch:
        if not rest:
            return cls()
        size, colon, share = rest.partition(":")
        time, cross, hertz = size.replace("×", "x").partition("x")
        try:
            return cls(float(time), float(hertz) if cross else None, float(share) if colon else 0.75)
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        size = f"{self.milliseconds:.12g}" + ("" if self.hertz is None else f"x{self.hertz:.12g}")
        return f"patch:{size}" + ("" if self.overlap == 0.75 else f":{self.overlap:.12g}")

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        samples = sound_of_clip(clip, sample_rate)
        n = samples.shape[-1]
        times = self._times(n, sample_rate)
        bands = self._bands(sample_rate)
        count = len(times) * max(len(bands), 1)
        if count > MOST_WINDOWS or count * (times[0][1] - times[0][0]) > MOST_SAMPLES:
            raise AuricleError(
                f"{self.text()} lays {count} windows over {n / sample_rate:g} s, more than can be heard one by one; "
                "ask for larger windows or less overlap"
            )
        places = [(time, band) for time in times for band in bands] if bands else [(time, None) for time in times]
        each = tuple(self._component(time, band, sample_rate) for time, band in places)

        def split(sound: Tensor) -> tuple[Block, ...]:
            layers = _filtered(sound, bands, sample_rate)
            return tuple(
                Block(
                    tuple(range(i * len(layers), (i + 1) * len(layers))),
                    start,
                    layers[:, start:stop] * _gate(start, stop, n, sample_rate),
                )
                for i, (start, stop) in enumerate(times)
            )

        paint = _Mean(times, bands, n, sample_rate, grid)
        return Components(
            self.text(), each, samples, sample_rate, grid, split(samples), split, disjoint=False, painter=paint
        )

    def _component(
        self, time: tuple[int, int], band: tuple[float, float] | None, sample_rate: int
    ) -> Component:
        start, end = time[0] / sample_rate, time[1] / sample_rate
        name = f"{seconds_text(start, end, (end - start) * (1 - self.overlap))} s"
        if band is None:
            return Component(name, start, end)
        step = (band[1] - band[0]) * (1 - self.overlap)
        return Component(f"{band_text(*band, step)}, {name}", start, end, *band)

    def _times(self, n: int, sample_rate: int) -> list[tuple[int, int]]:
        width = round(self.milliseconds * sample_rate / 1000)
        if width < 1:
            raise AuricleError(
                f"{self.text()} asks for windows shorter than one sample at {sample_rate} Hz; ask for longer ones"
            )
        stride = max(round(width * (1 - self.overlap)), 1)
        if n // stride > MOST_WINDOWS:
            raise AuricleError(
                f"{self.text()} lays {n // stride} windows over {n / sample_rate:g} s, more than can be heard one by "
                "one; ask for larger windows or less overlap"
            )
        width = min(width, n)
        return [(round(start), round(start) + width) for start, _ in flush(n, width, stride)]

    def _bands(self, sample_rate: int) -> list[tuple[float, float]]:
        top = sample_rate / 2
        if self.hertz is None or self.hertz >= top:
            return []
        if top / self.hertz > MOST_WINDOWS:
            raise AuricleError(f"{self.text()} asks for bands of {self.hertz:g} Hz; ask for wider ones")
        return flush(top, self.hertz, self.hertz * (1 - self.overlap))


def flush(whole: float, width: float, stride: float) -> list[tuple[float, float]]:
    """Windows from 0 to the whole's end, as far apart as ``stride`` or, to end there, a little less.

    >>> flush(10, 4, 3), flush(12, 4, 5)
    ([(0.0, 4.0), (3.0, 7.0), (6.0, 10.0)], [(0.0, 4.0), (4.0, 8.0), (8.0, 12.0)])
    """
    steps = int(np.ceil((whole - width) / stride - 1e-9))
    starts = [i * (whole - width) / max(steps, 1) for i in range(steps + 1)]
    return [(start, start + width) for start in starts]


def _filtered(sound: Tensor, bands: list[tuple[float, float]], sample_rate: int) -> Tensor:
    """The sound in each band, ``[max(bands, 1), n]`` float32: overlapping windows need no exact sum."""
    if not bands:
        return sound[None].float()
    spectrum = Spectrum(sound, sample_rate)
    top = sample_rate / 2
    layers = torch.empty(len(bands), sound.shape[-1], dtype=torch.float32)
    for i, (low, high) in enumerate(bands):
        reach = SLOPE * (high - low)
        gains = torch.ones_like(spectrum.hertz) if low <= 0 else rise(spectrum.hertz, low, reach)
        if high < top * (1 - 1e-9):
            gains = gains - rise(spectrum.hertz, high, reach)
        layers[i] = spectrum.band(gains)
    return layers


def _gate(start: int, stop: int, n: int, sample_rate: int) -> Tensor:
    """Gain over a window's samples: raised-cosine edges within it, none where the clip begins or ends."""
    width = stop - start
    reach = min(round(FADE_SECONDS * sample_rate / 2), width // 8)
    at = torch.arange(width, dtype=torch.float64) + 0.5
    gate = torch.ones(width, dtype=torch.float64)
    if start > 0 and reach:
        gate = gate * rise(at, reach, reach)
    if stop < n and reach:
        gate = gate * (1 - rise(at, width - reach, reach))
    return gate.float()


class _Mean:
    """A painter: the mean of the windows over each bin, weighted by how much of the bin they cover."""

    def __init__(
        self, times: list[tuple[int, int]], bands: list[tuple[float, float]], n: int, sample_rate: int, grid: STFT
    ):
        axes = listening_axes(n, grid, sample_rate)
        assert axes.hertz is not None
        seconds, hertz, top = axes.seconds * sample_rate, axes.hertz, axes.hertz[-1]
        # What the outermost frames and bins hear belongs to the outermost windows.
        last = max(stop for _, stop in times)
        columns = [overlap(-np.inf if a <= 0 else a, np.inf if b >= last else b, seconds) for a, b in times]
        rows = [overlap(a, np.inf if b >= top * (1 - 1e-9) else b, hertz) for a, b in bands]
        self.columns = np.stack(columns)
        self.rows = np.stack(rows) if rows else np.ones((1, len(hertz) - 1))
        self.cover = np.outer(self.rows.sum(0), self.columns.sum(0))

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        laid = np.asarray(weights, np.float64).reshape(len(self.columns), len(self.rows))
        total = self.rows.T @ laid.T @ self.columns
        return np.divide(total, self.cover, out=np.zeros_like(total), where=self.cover > 0)
