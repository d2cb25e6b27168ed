"""Separation by masks on a spectrogram: harmonic from percussive, and NMF.

A mask is linear: it takes any other sound apart as it takes the clip apart. Masks ``[C, F, T]`` sum to 1 in every bin.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.components.cache import Arrays
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import sound_of, spectrum_of

WINDOW_SECONDS = 0.064


def mask_grid(sample_rate: int) -> STFT:
    """The STFT that masks lie on: near 64 ms, so that tones and clicks are both told from what surrounds them."""
    n_fft = 2 ** max(round(np.log2(WINDOW_SECONDS * sample_rate)), 4)
    return STFT(n_fft=n_fft, hop=n_fft // 4)


@dataclass(frozen=True, eq=False)
class Masks:
    """What `hpss` or `nmf` found: enough to make every mask again, without keeping all of them."""

    names: tuple[str, ...]
    arrays: Arrays
    grid: STFT

    def __call__(self, sound: Tensor) -> Tensor:
        """A sound ``[n]`` taken apart, ``[C, n]``; the sum is the sound, up to rounding."""
        n = sound.shape[-1]
        spectrum = spectrum_of(sound.double(), self.grid)
        stems = torch.empty(len(self.names), n, dtype=torch.float64)
        total = self._strength_of_all()
        for i in range(len(self.names)):
            mask = torch.from_numpy(self._mask(i, total))
            stems[i] = sound_of(spectrum * mask, self.grid, length=n)
        return stems

    def _mask(self, i: int, total: np.ndarray | None) -> np.ndarray:
        if "harmonic" in self.arrays:
            harmonic = self.arrays["harmonic"].astype(np.float64)
            return harmonic if i == 0 else 1.0 - harmonic
        assert total is not None
        even = np.full_like(total, 1.0 / len(self.names))
        return np.divide(self._strength(i), total, out=even, where=total > 0)

    def _strength(self, i: int) -> np.ndarray:
        """The power ``[F, T]`` of one NMF component."""
        return np.square(np.outer(self.arrays["spectra"][:, i], self.arrays["activations"][i]).astype(np.float64))

    def _strength_of_all(self) -> np.ndarray | None:
        if "harmonic" in self.arrays:
            return None
        total = self._strength(0)
        for i in range(1, len(self.names)):
            total += self._strength(i)
        return total


def magnitudes(samples: Tensor, grid: STFT) -> np.ndarray:
    return spectrum_of(samples.double(), grid).abs().numpy()


def hpss(samples: Tensor, grid: STFT) -> Arrays:
    """The soft mask of what is harmonic; the rest is percussive (median filtering: Fitzgerald, DAFx 2010; librosa)."""
    import librosa

    harmonic, _ = librosa.decompose.hpss(magnitudes(samples, grid), mask=True)
    return {"harmonic": harmonic.astype(np.float32)}


def nmf(samples: Tensor, grid: STFT, count: int, seed: int) -> Arrays:
    """Spectra ``[F, count]`` and activations ``[count, T]`` whose product is the magnitude; the loudest comes first."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    magnitude = magnitudes(samples, grid)
    most = min(magnitude.shape)
    if count > most:
        raise AuricleError(
            f"sources:nmf:{count} asks for {count} components of a spectrogram with {magnitude.shape[0]} frequencies "
            f"and {magnitude.shape[1]} frames; ask for at most {most}"
        )
    if not magnitude.any():
        return {
            "spectra": np.zeros((magnitude.shape[0], count), np.float32),
            "activations": np.zeros((count, magnitude.shape[1]), np.float32),
        }
    model = NMF(count, init="nndsvda", random_state=seed, max_iter=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        spectra = model.fit_transform(magnitude / magnitude.max()).astype(np.float32)
    activations = model.components_.astype(np.float32)
    found = Masks(tuple(str(i) for i in range(count)), {"spectra": spectra, "activations": activations}, grid)
    total = found._strength_of_all()
    energies = [float(np.square(found._mask(i, total) * magnitude).sum()) for i in range(count)]
    order = np.argsort(energies, kind="stable")[::-1]
    return {"spectra": np.ascontiguousarray(spectra[:, order]), "activations": activations[order]}
