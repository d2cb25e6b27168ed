"""What an absent component leaves behind, as sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends.grid import STFT
from auricle.frontends.listening import sound_of, spectrum_of
from auricle.methods.baselines import BASELINES, check_name, recordings

Absent = str | Clip | Sequence[str | Clip]
"""A baseline, or several: names, paths of sound files or of folders of them, clips."""

RANDOM = ("noise", "mean")
"""Baselines that are drawn from a seed."""


@dataclass(frozen=True, eq=False)
class Absence:
    """A baseline as sound: its name and its samples ``[n]`` (float64)."""

    name: str
    sound: Tensor


def names_of(baseline: Absent) -> list[str | Clip]:
    """The baselines that are asked for: one, several in a list or with commas between, files, folders of files.

    >>> names_of("silence,noise")
    ['silence', 'noise']
    """
    if isinstance(baseline, Clip):
        return [baseline]
    if isinstance(baseline, str) and not baseline.strip():
        raise AuricleError("the baseline is empty; name one, such as silence, or give a sound file")
    if not isinstance(baseline, str):
        found = [one for each in baseline for one in names_of(each)]
    elif baseline in BASELINES or Path(baseline).exists() or "," not in baseline:
        check_name(baseline)
        found = [baseline]
        if baseline not in BASELINES:
            clips = recordings(Path(baseline))
            found = [clips] if isinstance(clips, Clip) else list(clips)
    else:
        found = [one for each in baseline.split(",") for one in names_of(each.strip())]
    if not found:
        raise AuricleError("a coalition method needs a baseline; give one, such as silence")
    return found


def absence_of(kind: str | Clip, samples: Tensor, sample_rate: int, grid: STFT, seed: int) -> Absence:
    """A baseline for a clip ``samples [n]``, of the clip's length.

    ``mean`` is a stationary noise with the clip's mean spectrum, ``noise`` white noise of its loudness, ``blur`` the
    clip through a spectrogram that is blurred over time and frequency; ``zero`` is silence.
    """
    n = samples.shape[-1]
    if isinstance(kind, Clip):
        sound = np.zeros(n)
        heard = kind.mono(sample_rate)[:n]
        sound[: len(heard)] = heard
        return Absence(f"the clip {kind.name}", torch.as_tensor(sound))
    if kind in ("silence", "zero"):
        return Absence(kind, torch.zeros_like(samples))
    generator = torch.Generator().manual_seed(seed)
    if kind == "noise":
        noise = torch.randn(n, generator=generator, dtype=torch.float64)
        return Absence(kind, noise * samples.square().mean().sqrt())
    spectrum = spectrum_of(samples, grid)
    if kind == "mean":
        level = spectrum.abs().square().mean(-1, keepdim=True).sqrt()
        noise = spectrum_of(torch.randn(n, generator=generator, dtype=torch.float64), grid)
        white = noise.abs().square().mean().sqrt()
        return Absence(kind, sound_of(level * noise / white, grid, length=n))
    from scipy.ndimage import gaussian_filter

    size = spectrum.abs().numpy()
    smooth = torch.as_tensor(gaussian_filter(size, [max(length / 16, 1.0) for length in size.shape], mode="nearest"))
    phase = torch.polar(torch.ones_like(smooth), spectrum.angle())
    return Absence(kind, sound_of(smooth * phase, grid, length=n))


