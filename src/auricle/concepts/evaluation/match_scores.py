"""How well each concept of a clip fits each object in it: overlap, relevance inside, sound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.frontends import Frontend
from auricle.frontends.listening import sound_of, spectrum_of
from auricle.metrics.si_sdr import si_sdr
from auricle.sonify import Masking, mask_of, mask_on_grid

MEASURES = {
    "iou": "|A ∩ B| / |A ∪ B| of the cells A that hold most of a concept's relevance and the object's cells B",
    "mass": "share of a concept's positive relevance that lies on the object",
    "purity": "share of a concept's positive relevance that lies on whichever object of the clip has most of it",
    "si_sdr": "SI-SDR in dB of the concept's sound against the object's",
    "si_sdr_gain": "how many dB that is above the SI-SDR of the whole clip",
}
LIMIT = 30.0
"""dB beyond which an SI-SDR counts no further, so that a silent concept (-∞) leaves a mean to the others."""

SoundsOf = Callable[[Tensor, np.ndarray], np.ndarray]
"""A clip ``[n]`` and its concept maps ``[K, F, T]`` to a sound for each concept, ``[K, n]``."""


def masked_sounds(samples: Tensor, maps: np.ndarray, frontend: Frontend, masking: Masking | None = None) -> np.ndarray:
    """Each concept's part of a clip: samples ``[n]`` through the masks of maps ``[K, F, T]``, as sounds ``[K, n]``."""
    heard = samples.detach().cpu().double()
    clip, axes = Clip(heard.numpy(), frontend.sample_rate), frontend.axes(len(heard))
    masks = np.stack([mask_on_grid(clip, frontend, each, axes, masking)[0] for each in maps])
    spectra = torch.as_tensor(masks) * spectrum_of(heard, frontend.grid)
    return sound_of(spectra, frontend.grid, length=len(heard)).numpy()


def scores(
    maps: np.ndarray, sounds: np.ndarray, masks: np.ndarray, stems: np.ndarray, whole: np.ndarray, share: float
) -> dict[str, np.ndarray]:
    """Every one of `MEASURES`, ``[K, J]`` each, of one clip.

    maps: ``[K, F, T]``, sounds: ``[K, n]`` of its concepts; masks: bool ``[J, F, T]``, stems: ``[J, n]`` of its
    objects; whole: the clip, ``[n]``. share: of its positive relevance that a concept's cells A hold.
    """
    count = len(masks)
    masking = Masking(shape="regions", share=share, blur=0.0)
    cells = np.stack([mask_of(each, masking) for each in maps]).reshape(len(maps), -1)
    truth = masks.reshape(count, -1).astype(np.float64)
    both = cells @ truth.T
    either = cells.sum(1)[:, None] + truth.sum(1) - both
    positive = np.maximum(maps, 0.0).reshape(len(maps), -1)
    amount = positive.sum(1, keepdims=True)
    mass = np.divide(positive @ truth.T, amount, out=np.zeros((len(maps), count)), where=amount > 0)
    ratio = np.clip(si_sdr(sounds[:, None], stems), -LIMIT, LIMIT)
    mixed = np.clip(si_sdr(whole, stems), -LIMIT, LIMIT)
    return {
        "iou": np.divide(both, either, out=np.zeros_like(both), where=either > 0),
        "mass": mass,
        "purity": np.repeat(mass.max(1, keepdims=True), count, axis=1),
        "si_sdr": ratio,
        "si_sdr_gain": ratio - mixed,
    }
