"""What the scripts of a concepts page draw and play, as JSON; all maps of a clip on one symmetric scale."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from auricle.axes import Axes
from auricle.report.colours import RAMP
from auricle.report.concepts.shares import Share
from auricle.report.embedded import as_heard
from auricle.report.picture import FLOOR_DB, Picture, picture, within

if TYPE_CHECKING:
    from auricle.clip import Clip
    from auricle.concepts.explained import ConceptExplanation
    from auricle.sonify import Sounds

Depth = Literal["PCM_16", "PCM_24"]
ORIGINAL, STANDARD, REST = "original", "standard", "everything else"
INK = ("#1f2125", "#e6e7ea")


def pictures(explained: ConceptExplanation) -> list[Picture]:
    """The standard map, then one of each share: one sound, one grid, relevance as it is (not clipped to a scale)."""
    whole = picture(explained.whole)
    seconds = explained.clip.seconds
    finite = np.nan_to_num(explained.maps, posinf=0.0, neginf=0.0)
    shown = [within(values, explained.axes, seconds) for values in finite]
    return [whole, *(replace(whole, relevance=values, axes=axes, wave_relevance=None) for values, axes in shown)]


def clip_data(
    explained: ConceptExplanation,
    shares: Sequence[Share],
    standard: Sounds,
    sounds: Sequence[Sounds],
    equal: Sequence[Sounds] | None,
    *,
    depth: Depth = "PCM_24",
) -> dict[str, Any]:
    """Everything of one clip: its sound as a picture, the maps with their curves, and the sounds to play."""
    drawn = pictures(explained)
    names = [("the standard explanation", INK), *((each.name, each.colour) for each in shares)]
    sources = [(ORIGINAL, as_heard(explained.clip, standard.kept)), (STANDARD, standard.kept)]
    sources += [(share.id, each.kept) for share, each in zip(shares, sounds, strict=True)]
    sources += [("rest", explained.rest(sounds))]
    sources += [(f"{share.id}-equal", each.kept) for share, each in zip(shares, equal or (), strict=False)]
    return {
        **sound_data(drawn[0], explained.clip.start_seconds),
        "maps": [
            {**map_data(each, drawn[0].strongest), "name": name, "colour": colour}
            for each, (name, colour) in zip(drawn, names, strict=True)
        ],
        "sources": [{"id": id, "part": False, "data": encoded(clip, depth)} for id, clip in sources],
    }


def sound_data(drawn: Picture, start: float) -> dict[str, Any]:
    """Waveform and spectrogram; ``start`` is when in its recording the sound begins."""
    level = max(float(np.abs(drawn.lowest).max()), float(np.abs(drawn.highest).max())) or 1.0
    return {
        "seconds": drawn.seconds,
        "start": start,
        "top": drawn.nyquist,
        "floor": FLOOR_DB,
        "ramp": RAMP,
        "wave": {"low": _shares(drawn.lowest / level), "high": _shares(drawn.highest / level)},
        "sound": {
            **_grid(drawn.decibel_axes),
            "values": _text(np.round((1 - drawn.decibels / FLOOR_DB) * 255).astype(np.uint8)),
        },
    }


def map_data(drawn: Picture, limit: float) -> dict[str, Any]:
    """A map for a scale of ± ``limit``; what is beyond it has the colour of its end, but counts in the curves."""
    return {
        **_grid(drawn.axes),
        "strongest": limit,
        "values": _shares(np.clip(drawn.relevance / limit, -1, 1)),
        "scale": None if drawn.scale is None else [_floats(each) for each in drawn.scale],
        "wave": None,
        "time": [_floats(each) for each in drawn.over_time()],
        "frequency": [_floats(each) for each in drawn.over_frequency()],
    }


def encoded(clip: Clip, depth: Depth = "PCM_24") -> str:
    """A sound as base64 of FLAC; of WAV where it is louder than FLAC can hold."""
    import soundfile

    target = io.BytesIO()
    flac = clip.peak <= 1.0 and clip.channels <= 8
    kind = {"format": "FLAC", "subtype": depth} if flac else {"format": "WAV", "subtype": "FLOAT"}
    soundfile.write(target, clip.samples.T, clip.sample_rate, **kind)
    return base64.b64encode(target.getvalue()).decode()


def _grid(axes: Axes) -> dict[str, list[float]]:
    assert axes.hertz is not None
    return {"hertz": _floats(axes.hertz), "seconds": _floats(axes.seconds)}


def _floats(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _shares(values: np.ndarray) -> str:
    return _text(np.round(values * 127).astype(np.int8))


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
