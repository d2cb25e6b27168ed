"""What "absent" means: a baseline by name, another clip, or a set of clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor
from torch.nn import functional as F

from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError, nearest
from auricle.methods.point import Point

BASELINES = {
    "silence": "true silence in samples, whatever value that has in features",
    "mean": "the clip's own mean spectrum (its mean over time), at every moment",
    "noise": "white noise as loud (RMS) as the clip",
    "blur": "the clip itself, blurred over time and frequency",
    "zero": "zeros at the explained level, which in decibel features is the loudest value",
}

Baseline = str | Clip | Sequence[Clip]


def baseline_of(kind: Baseline, point: Point, seed: int) -> tuple[Tensor, str]:
    """Baselines ``[S, B or 1, ...]`` in the shape of ``point.x``, and what they are in words.

    A name may also be the path of a sound file, or of a folder of them. S is 1 for a name or a clip, the number of
    clips for a set. A row count of 1 serves the whole batch.
    """
    if isinstance(kind, str) and kind not in BASELINES and Path(kind).exists():
        kind = recordings(Path(kind))
    if isinstance(kind, Clip):
        return _clips(point, [kind]), f"the clip {kind.name}"
    if not isinstance(kind, str):
        return _clips(point, list(kind)), f"a set of {len(kind)} clips"
    check_name(kind)
    make = {"silence": _silence, "mean": _mean, "noise": _noise, "blur": _blur, "zero": _zero}[kind]
    return make(point, seed)[None], kind


def check_name(kind: str) -> None:
    """Raise for a text that is neither a baseline's name nor a path that exists."""
    if kind not in BASELINES and not Path(kind).exists():
        raise AuricleError(
            f'no baseline is called "{kind}"; {nearest(kind, BASELINES)} (or give a sound file, or a folder of them)'
        )


def recordings(path: Path) -> Clip | list[Clip]:
    if not path.is_dir():
        return load_clip(path)
    known = {f".{ending.lower()}" for ending in soundfile.available_formats()} | {".aif", ".opus"}
    found = [load_clip(each) for each in sorted(path.iterdir()) if each.suffix.lower() in known]
    if not found:
        raise AuricleError(f"the baseline folder {path} holds no sound files")
    return found


def _silence(point: Point, seed: int) -> Tensor:
    return point.of(torch.zeros_like(point.samples[:1]))


def _zero(point: Point, seed: int) -> Tensor:
    return torch.zeros_like(point.x[:1])


def _noise(point: Point, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(point.length, generator=generator, dtype=torch.float64).to(point.samples)
    loudness = point.samples.square().mean(-1, keepdim=True).sqrt()
    return point.of(noise * loudness)


def _time_axis(point: Point) -> int:
    if point.level == "stft":
        return -2
    # In the network's own layout time is the last axis, except where a front-end puts it first.
    layout = getattr(point.classifier.frontend, "layout", "channel")
    return -2 if layout in ("transposed", "sequence", "patches") else -1


def _mean(point: Point, seed: int) -> Tensor:
    if point.x.shape[-1] == point.length:
        raise AuricleError("the mean spectrum is a baseline for spectrograms; on samples use silence, noise or blur")
    axis, frontend = _time_axis(point), point.classifier.frontend
    if getattr(frontend, "max_frames", None) is None or point.level == "stft":
        return point.x.mean(axis, keepdim=True).expand_as(point.x).contiguous()
    heard = min(frontend.stft_axes(point.length).shape[1], point.x.shape[axis])
    absent = point.x.clone()  # frames that were filled in behind the clip stay what they are
    absent.narrow(axis, 0, heard).copy_(point.x.narrow(axis, 0, heard).mean(axis, keepdim=True))
    return absent


def _blur(point: Point, seed: int) -> Tensor:
    """A Gaussian of 1/16 of the width (and of the height, where there is one)."""
    values, two = point.x, point.x.shape[-1] != point.length
    planes = values.movedim(-1, 1) if point.level == "stft" else values
    lead = planes.shape[: -2 if two else -1]
    planes = planes.reshape(-1, 1, *planes.shape[len(lead) :])
    for axis in range(2, planes.ndim):
        planes = _gauss(planes, axis, sigma=max(planes.shape[axis] / 16, 1.0))
    planes = planes.reshape(*lead, *planes.shape[2:])
    return planes.movedim(1, -1) if point.level == "stft" else planes


def _gauss(planes: Tensor, axis: int, sigma: float) -> Tensor:
    reach = int(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=planes.dtype, device=planes.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    flat = planes.movedim(axis, -1)
    lead = flat.shape[:-1]
    flat = F.pad(flat.reshape(-1, 1, flat.shape[-1]), (reach, reach), mode="replicate")
    smooth = F.conv1d(flat, (kernel / kernel.sum())[None, None])
    return smooth.reshape(*lead, -1).movedim(-1, axis)


def _clips(point: Point, clips: list[Clip]) -> Tensor:
    if not clips:
        raise AuricleError("a set of baseline clips must hold at least one clip")
    rows = []
    for clip in clips:
        mono = np.zeros(point.length, np.float32)
        heard = clip.mono(point.classifier.sample_rate)[: point.length]
        mono[: len(heard)] = heard
        rows.append(torch.as_tensor(mono))
    samples = torch.stack(rows).to(point.samples)
    return point.of(samples)[:, None]
