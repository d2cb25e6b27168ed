"""Superpixels: the patches of a spectrogram that an eye would circle, cut from the sound itself."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.clip import Clip
from auricle.components.base import Block, Component, Components
from auricle.components.kind import Kind, sound_of_clip
from auricle.components.naming import band_text, precise_text
from auricle.components.segmentation import in_order, log_mel, segments
from auricle.frontends.grid import STFT
from auricle.frontends.listening import listening_axes, padded_length, spectrum_of
from auricle.settings import settings

SOFTEN = np.array([0.25, 0.5, 0.25])
"""A raised cosine of three bins: a superpixel's edge is that soft, in time and in frequency."""

COUNTED = ("felzenszwalb", "slic", "watershed")
"""Algorithms whose number of segments can be asked for."""


@dataclass(frozen=True, config=settings)
class Superpixels(Kind):
    """Segments of the clip's log-mel picture, as soft masks on its STFT that sum to 1.

    The picture is in dB, with zero mean and unit variance. ``felzenszwalb`` (scale 25, at least 40 pixels, as in
    audioLIME) and ``quickshift`` find their own number of segments, ``slic`` and ``watershed`` about ``count`` (None:
    40). With ``count``, ``felzenszwalb`` raises its scale until at most so many are left, which long clips need.
    Parameters are those of scikit-image's functions of the same names.
    """

    name: ClassVar[str] = "superpixels"
    summary: ClassVar[str] = "patches that stand out in the spectrogram, as LIME for images uses them"
    usage: ClassVar[str] = "superpixels, superpixels:felzenszwalb:40 (at most 40), superpixels:slic:40 or :quickshift"

    algorithm: Literal["felzenszwalb", "quickshift", "slic", "watershed"] = Field(
        default="felzenszwalb", description="how the picture is cut"
    )
    count: int | None = Field(
        default=None, ge=1, description="slic and watershed: about how many segments; felzenszwalb: at most"
    )
    mels: int = Field(default=64, ge=4, description="rows of the picture")
    scale: float = Field(default=25.0, gt=0, description="felzenszwalb: larger makes larger segments")
    sigma: float = Field(default=0.8, ge=0, description="felzenszwalb: blur before cutting, in pixels")
    min_size: int = Field(default=40, ge=1, description="felzenszwalb: pixels of the smallest segment")
    kernel_size: float = Field(default=4.0, gt=0, description="quickshift: reach of a pixel's neighbourhood")
    max_dist: float = Field(default=8.0, gt=0, description="quickshift: larger makes fewer segments")
    ratio: float = Field(default=0.5, ge=0, le=1, description="quickshift: weight of colour against distance")
    compactness: float = Field(default=0.1, gt=0, description="slic: larger makes squarer segments")

    @classmethod
    def parse(cls, rest: str) -> Superpixels:
        algorithm, _, count = rest.partition(":")
        try:
            if count and algorithm not in COUNTED:
                raise ValueError(rest)
            chosen = {"count": int(count)} if count else {}
            return cls(algorithm or "felzenszwalb", **chosen)  # type: ignore[arg-type]
        except ValueError as error:
            raise cls.misread(rest) from error

    def text(self) -> str:
        if self.count is not None and self.algorithm in COUNTED:
            return f"superpixels:{self.algorithm}:{self.count}"
        return "superpixels" if self.algorithm == "felzenszwalb" else f"superpixels:{self.algorithm}"

    def __call__(self, clip: Clip, sample_rate: int, grid: STFT) -> Components:
        samples = sound_of_clip(clip, sample_rate)
        labels = self.labels(samples, sample_rate, grid)
        areas = np.bincount(labels.ravel())

        def split(sound: Tensor) -> tuple[Block, ...]:
            return masked(sound.double(), labels, grid)

        def paint(weights: np.ndarray) -> np.ndarray:
            return (np.asarray(weights, np.float64) / areas)[labels]

        each = boxes(labels, samples.shape[-1], sample_rate, grid)
        return Components(self.text(), each, samples, sample_rate, grid, split(samples), split, painter=paint)

    def labels(self, samples: Tensor, sample_rate: int, grid: STFT) -> np.ndarray:
        """Which component each bin ``[F, T]`` of the listening grid belongs to."""
        picture, row_of_bin = log_mel(samples, sample_rate, grid, self.mels)
        return in_order(segments(picture, self.algorithm, self.settings())[row_of_bin])


def masked(sound: Tensor, labels: np.ndarray, grid: STFT) -> tuple[Block, ...]:
    """The sound ``[n]`` under each label's soft mask, only where it sounds."""
    from scipy.ndimage import convolve1d, find_objects

    n, frames = sound.shape[-1], labels.shape[1]
    spectrum = spectrum_of(sound, grid)
    around = -(-grid.n_fft // grid.hop)  # frames that share samples with a frame
    blocks = []
    for k, place in enumerate(find_objects(labels + 1)):
        # The softened mask reaches one frame further; beyond it, silent frames complete the inverse's overlap.
        first, last = max(place[1].start - 1 - around, 0), min(place[1].stop + 1 + around, frames)
        mask = (labels[:, first:last] == k).astype(np.float64)
        for axis in (0, 1):
            mask = convolve1d(mask, SOFTEN, axis=axis, mode="nearest")
        length = padded_length(n, grid) - first * grid.hop if last == frames else (last - 1 - first) * grid.hop
        part = grid.inverse(spectrum[:, first:last] * torch.from_numpy(mask), length=length)
        start = first * grid.hop
        blocks.append(Block((k,), start, part[None, : n - start]))
    return tuple(blocks)


def boxes(labels: np.ndarray, n: int, sample_rate: int, grid: STFT) -> tuple[Component, ...]:
    """Each label's number, with the seconds and hertz it lies within."""
    from scipy.ndimage import find_objects

    axes = listening_axes(n, grid, sample_rate)
    assert axes.hertz is not None
    seconds, hertz = np.clip(axes.seconds, 0.0, n / sample_rate), axes.hertz
    found = []
    for k, (rows, columns) in enumerate(find_objects(labels + 1)):
        start, end = float(seconds[columns.start]), float(seconds[columns.stop])
        low, high = float(hertz[rows.start]), float(hertz[rows.stop])
        name = f"{k + 1} ({precise_text(start, end)}, {band_text(low, high)})"
        found.append(Component(name, start, end, low, high))
    return tuple(found)
