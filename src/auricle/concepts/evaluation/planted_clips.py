"""Clips of a planted corpus as a classifier hears them, with the sounds that were planted and where those are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.components.base import overlap
from auricle.datasets.dataset import Dataset
from auricle.datasets.planted import causes
from auricle.errors import AuricleError
from auricle.frontends import Frontend

AUDIBLE = 1e-6
"""A cell with less than this share of the power of an object's strongest cell (-60 dB) is none of the object's."""


@dataclass(frozen=True, eq=False)
class PlantedClip:
    """``samples [n]`` as the classifier hears them, the names of the J objects in it, and their sounds ``[J, n]``."""

    name: str
    label: str
    samples: Tensor
    objects: tuple[str, ...]
    stems: Tensor


def planted_clips(dataset: Dataset, classifier: Classifier, rows: Iterable[int] | None = None) -> list[PlantedClip]:
    """Rows of a planted corpus (all of them by default), see `auricle.datasets.planted`."""
    task = next(iter(dataset.classes))
    found = []
    for number in range(len(dataset)) if rows is None else rows:
        row = dataset.row(number)
        windows = classifier.windows(dataset.load(row))
        if len(windows.starts) > 1:
            raise AuricleError(f"{classifier.name} hears {row['id']} in parts; shorten the clips to what it hears")
        start, n = windows.starts[0], windows.samples.shape[-1]
        planted = causes(dataset, row)
        stems = torch.zeros(len(planted), n).to(windows.samples)
        for stem, cause in zip(stems, planted, strict=True):
            sound = torch.as_tensor(np.array(cause.sound.mono(classifier.sample_rate))).to(stem)[max(start, 0) :]
            before = max(-start, 0)
            stem[before : before + len(sound)] = sound[: n - before]
        kinds = tuple(each.kind for each in planted)
        found.append(PlantedClip(row["id"], row[task], windows.samples[0], kinds, stems))
    return found


def object_masks(clip: PlantedClip, frontend: Frontend) -> np.ndarray:
    """Where each object is, bool ``[J, F, T]``: it holds more than half of the power there, on the features' axes.

    The ideal binary mask (Wang 2005) at 0 dB: power of the stem against that of all else in the clip, both gathered
    from STFT bins by how much of each bin lies in a cell.
    """
    n = clip.samples.shape[-1]
    axes, bins = frontend.axes(n), frontend.stft_axes(n)
    if axes.hertz is None:
        raise AuricleError("objects have a place in hertz × seconds, which samples have not; take a spectrogram model")
    stft = frontend.stft(torch.cat([clip.stems, clip.samples - clip.stems]).double())
    power = _gathered(stft.abs().square().cpu().numpy(), bins, axes)
    mine, other = np.split(power, 2)
    audible = mine > AUDIBLE * mine.max((1, 2), keepdims=True)
    return (mine > other) & audible


def _gathered(power: np.ndarray, bins: Axes, axes: Axes) -> np.ndarray:
    """Amounts ``[J, F, T]`` on STFT bins as amounts on the cells of ``axes``."""
    assert axes.hertz is not None
    assert bins.hertz is not None
    rows = np.stack([overlap(*edges, bins.hertz) for edges in zip(axes.hertz[:-1], axes.hertz[1:], strict=True)])
    columns = np.stack(
        [overlap(*edges, bins.seconds) for edges in zip(axes.seconds[:-1], axes.seconds[1:], strict=True)]
    )
    return rows @ power @ columns.T
