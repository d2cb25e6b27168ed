"""Components that can be heard: within a clip, with its phase, or alone."""

from __future__ import annotations

import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends.listening import padded_length, sound_of, spectrum_of
from auricle.interpreters.dictionary import Dictionary, magnitude_of
from auricle.sonify.griffin_lim import griffin_lim


def component_sounds(dictionary: Dictionary, clip: Clip, codes: Tensor | None = None) -> Tensor:
    """What each component is in a clip, ``[K, n]`` (float64) at the dictionary's rate; the sum is the clip.

    Each bin of the clip's STFT is shared by W_k h_k / W H, and keeps its phase; a bin that no component claims is
    shared equally. codes: H ``[K, T]``, those of the clip if not given.
    """
    samples = torch.tensor(clip.mono(dictionary.sample_rate), dtype=torch.float64)
    spectrum = spectrum_of(samples, dictionary.grid)
    codes = dictionary.codes(clip) if codes is None else codes
    expected = (len(dictionary), spectrum.shape[1])
    if tuple(codes.shape) != expected:
        raise AuricleError(f"codes of shape {tuple(codes.shape)} are not of this clip, which needs {expected}")
    columns, codes = dictionary.columns.double().cpu(), codes.double().cpu()
    model = columns @ codes
    even = torch.full_like(model, 1.0 / len(dictionary))
    sounds = torch.empty(len(dictionary), len(samples), dtype=torch.float64)
    for k in range(len(dictionary)):  # one at a time: all masks together are large
        mask = torch.where(model > 0, torch.outer(columns[:, k], codes[k]) / model.clamp_min(1e-300), even)
        sounds[k] = sound_of(spectrum * mask, dictionary.grid, length=len(samples))
    return sounds


def component_alone(dictionary: Dictionary, component: int, *, seconds: float = 1.0, peak: float = 0.5) -> Tensor:
    """One column, counted from 0, as a steady sound ``[n]`` at the dictionary's rate, by the Griffin-Lim algorithm.

    ``peak`` is its largest sample.
    """
    if not 0 <= component < len(dictionary):
        raise AuricleError(f"there is no component {component}; they are counted from 0 to {len(dictionary) - 1}")
    length = max(round(seconds * dictionary.sample_rate), 1)
    frames = dictionary.grid.frames(padded_length(length, dictionary.grid))
    column = dictionary.columns[:, component].double().cpu()
    magnitude = magnitude_of(column, dictionary.domain).unsqueeze(1).expand(-1, frames)
    sound = griffin_lim(magnitude.contiguous(), dictionary.grid, length=length)
    loudest = float(sound.abs().max())
    return sound * (peak / loudest) if loudest > 0 else sound
