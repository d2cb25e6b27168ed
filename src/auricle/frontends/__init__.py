"""Front-ends: from samples to what a network eats, and back to sound.

A front-end is a value: its fields are its settings, and two with equal settings are equal. Device and dtype follow
the samples. A ``sample_rate`` of 0 is filled in by the classifier that gets the front-end.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from auricle.errors import AuricleError, nearest
from auricle.frontends.base import Frontend
from auricle.frontends.compression import COMPRESSIONS, Compression, Decibel, Log, Log1p, Log10, WhisperLog
from auricle.frontends.grid import STFT
from auricle.frontends.kaldi import KaldiFilterbank
from auricle.frontends.presets import PRESETS, preset
from auricle.frontends.spectrogram import MelSpectrogram, Spectrogram
from auricle.frontends.waveform import Waveform

__all__ = [
    "PRESETS",
    "STFT",
    "Compression",
    "Decibel",
    "Frontend",
    "KaldiFilterbank",
    "Log",
    "Log1p",
    "Log10",
    "MelSpectrogram",
    "Spectrogram",
    "Waveform",
    "WhisperLog",
    "from_settings",
    "preset",
    "to_settings",
]

KINDS: dict[str, type[Waveform] | type[Spectrogram]] = {
    each.kind: each for each in (Waveform, Spectrogram, MelSpectrogram, KaldiFilterbank)
}


def to_settings(frontend: Frontend) -> dict[str, Any]:
    """A front-end as plain JSON values; `from_settings` brings it back.

    >>> from_settings(to_settings(preset("yamnet"))) == preset("yamnet")
    True
    """
    if type(frontend) not in KINDS.values():
        raise AuricleError(
            f"{type(frontend).__name__} is not one of auricle's front-ends and cannot be saved; "
            f"use {', '.join(KINDS)}"
        )
    settings = dataclasses.asdict(frontend)  # type: ignore[call-overload]
    compression = getattr(frontend, "compression", None)
    if compression is not None:
        settings["compression"] = {"kind": compression.kind, **settings["compression"]}
    return {"kind": frontend.kind, **settings}


def from_settings(settings: dict[str, Any]) -> Frontend:
    """The front-end that `to_settings` described."""
    settings = dict(settings)
    kind = settings.pop("kind", "")
    if kind not in KINDS:
        raise AuricleError(f'no front-end is of kind "{kind}"; {nearest(str(kind), KINDS)}')
    known = {each.name for each in dataclasses.fields(KINDS[kind])}
    for key in settings:
        if key not in known:
            raise AuricleError(f'a {kind} front-end has no setting "{key}"; {nearest(key, known)}')
    for key in ("stft_settings", "inspection"):
        if settings.get(key) is not None:
            settings[key] = STFT(**settings[key])
    if settings.get("compression") is not None:
        compression = dict(settings["compression"])
        settings["compression"] = COMPRESSIONS[compression.pop("kind")](**compression)
    if settings.get("frames") is not None:
        settings["frames"] = tuple(settings["frames"])
    return KINDS[kind](**settings)
