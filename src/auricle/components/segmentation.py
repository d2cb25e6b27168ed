"""Seeing a clip as a picture and cutting it into superpixels, with scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import listening_axes, spectrum_of

FLOOR_DB = 80.0
"""Whatever is further below the loudest bin is as dark as black."""

EVEN = 0.003
"""Compactness of watersheds: without any, one segment floods all silence and others are specks."""


def log_mel(samples: Tensor, sample_rate: int, grid: STFT, mels: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture ``[mels, T]`` (dB, zero mean, unit variance), and which of its rows each STFT bin lies in ``[F]``."""
    axes = listening_axes(samples.shape[-1], grid, sample_rate)
    power = spectrum_of(samples, grid).abs().square().numpy()
    centres = np.arange(power.shape[0]) * sample_rate / grid.n_fft
    position = np.log10(1.0 + centres / 700.0) / np.log10(1.0 + axes.hertz_centres.max() / 700.0)
    row_of_bin = np.clip((position * mels).astype(int), 0, mels - 1)
    # Rows are numbered without gaps: at low frequencies a bin may be higher than a mel band.
    present, row_of_bin = np.unique(row_of_bin, return_inverse=True)
    sums = np.zeros((len(present), power.shape[1]))
    np.add.at(sums, row_of_bin, power)
    sums /= np.bincount(row_of_bin)[:, None]
    loudest = sums.max()
    if loudest <= 0:
        return np.zeros_like(sums), row_of_bin
    level = 10.0 * np.log10(np.maximum(sums / loudest, 10.0 ** (-FLOOR_DB / 10)))
    spread = level.std()
    return (level - level.mean()) / (spread if spread > 1e-9 else 1.0), row_of_bin


def segments(picture: np.ndarray, algorithm: str, chosen: dict[str, Any]) -> np.ndarray:
    """Labels ``[rows, columns]`` of a picture, in no particular order."""
    try:
        from skimage import filters, segmentation
    except ImportError as error:
        raise AuricleError(
            "superpixels need scikit-image; install it with: pip install 'auricle[image]'"
        ) from error
    # A picture of one colour, or of one row or column, has nothing in it to cut along.
    if min(picture.shape) < 2 or picture.max() - picture.min() < 1e-9:
        return np.zeros(picture.shape, dtype=int)
    count = chosen["count"] or 40
    if algorithm == "felzenszwalb":
        scale, found = chosen["scale"], None
        while found is None or (chosen["count"] is not None and found.max() >= count and scale < 1e12):
            found = segmentation.felzenszwalb(
                picture, scale=scale, sigma=chosen["sigma"], min_size=chosen["min_size"], channel_axis=None
            )
            scale *= 1.5
    elif algorithm == "slic":
        found = segmentation.slic(
            picture, n_segments=count, compactness=chosen["compactness"], channel_axis=None, start_label=0
        )
    elif algorithm == "quickshift":
        found = segmentation.quickshift(
            picture[..., None],
            kernel_size=chosen["kernel_size"],
            max_dist=chosen["max_dist"],
            ratio=chosen["ratio"],
            convert2lab=False,
            rng=0,
        )
    else:
        slope = filters.sobel(filters.gaussian(picture, 1.0))
        found = segmentation.watershed(slope, markers=_seeds(picture.shape, count), compactness=EVEN)
    return np.asarray(found, dtype=int)


def _seeds(shape: tuple[int, ...], count: int) -> np.ndarray:
    """Markers for a watershed, as near to ``count`` as a regular grid of near-square cells allows."""
    rows = int(np.clip(round(np.sqrt(count * shape[0] / shape[1])), 1, min(shape[0], count)))
    columns = int(np.clip(round(count / rows), 1, shape[1]))
    markers = np.zeros(shape, dtype=int)
    at_rows = ((np.arange(rows) + 0.5) * shape[0] / rows).astype(int)
    at_columns = ((np.arange(columns) + 0.5) * shape[1] / columns).astype(int)
    markers[np.ix_(at_rows, at_columns)] = np.arange(1, rows * columns + 1).reshape(rows, columns)
    return markers


def in_order(labels: np.ndarray) -> np.ndarray:
    """Labels renamed 0, 1, 2 … by where their segment begins in time, then in frequency.

    >>> in_order(np.array([[7, 7, 3], [7, 5, 3]])).tolist()
    [[0, 0, 2], [0, 1, 2]]
    """
    names, flat = np.unique(labels, return_inverse=True)
    flat = flat.reshape(labels.shape)
    rows, columns = np.indices(labels.shape)
    first_column = np.full(len(names), labels.shape[1])
    first_row = np.full(len(names), labels.shape[0])
    np.minimum.at(first_column, flat, columns)
    np.minimum.at(first_row, flat, rows)
    rank = np.empty(len(names), dtype=int)
    rank[np.lexsort((first_row, first_column))] = np.arange(len(names))
    return rank[flat]

