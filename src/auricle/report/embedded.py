"""What a page's script draws and plays, as JSON: pictures in bytes, sounds in FLAC."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.clip import Clip
from auricle.report.colours import RAMP
from auricle.report.parts import sources as sources_of_parts
from auricle.report.picture import FLOOR_DB, Picture, picture
from auricle.report.plot import method_title

if TYPE_CHECKING:
    from auricle.axes import Axes
    from auricle.explanation import Explanation
    from auricle.sonify import Sounds

SHORT_SECONDS = 60.0
"""Up to this length embedded sound has 24 bits, beyond it 16."""


def drawing(explanations: Sequence[Explanation], sounds: Sequence[Sounds | None]) -> dict[str, Any]:
    """The data of one page's pictures and player; all explanations are of the same clip."""
    pictures = [picture(each) for each in explanations]
    first = pictures[0]
    return {
        "seconds": first.seconds,
        "start": explanations[0].clip.start_seconds,
        "top": first.nyquist,
        "floor": FLOOR_DB,
        "ramp": RAMP,
        "wave": {"low": _small(first.lowest, _level(first)), "high": _small(first.highest, _level(first))},
        "sound": {
            **_grid(first.decibel_axes),
            "values": _text(np.round((1 - first.decibels / FLOOR_DB) * 255).astype(np.uint8)),
        },
        "maps": [_map(each) for each in pictures],
        "sources": _sources(explanations, sounds),
    }


def _map(drawn: Picture) -> dict[str, Any]:
    time, frequency = drawn.over_time(), drawn.over_frequency()
    return {
        **_grid(drawn.axes),
        "strongest": drawn.strongest,
        "values": _text(np.round(drawn.relevance / drawn.strongest * 127).astype(np.int8)),
        "scale": None if drawn.scale is None else [_floats(each) for each in drawn.scale],
        "wave": None if drawn.wave_relevance is None else _small(drawn.wave_relevance, 1.0),
        "time": [_floats(each) for each in time],
        "frequency": [_floats(each) for each in frequency],
    }


def _sources(explanations: Sequence[Explanation], sounds: Sequence[Sounds | None]) -> list[dict[str, Any]]:
    """Original, then kept and removed of every explanation, all with the same rate, channels and length."""
    made = [each for each in sounds if each is not None]
    clip = explanations[0].clip
    like = made[0].kept if made else clip
    several = len(explanations) > 1
    sources: list[dict[str, Any]] = [
        {"id": "original", "name": "original", "part": False, "data": _encoded(as_heard(clip, like))}
    ]
    for place, (explanation, pair) in enumerate(zip(explanations, sounds, strict=True)):
        for part in ("kept", "removed") if pair is not None else ():
            title = f"{part} by {method_title(explanation)}" if several else part
            identity = f"{part}-{place}" if several else part
            sources.append({"id": identity, "name": title, "part": False, "data": _encoded(getattr(pair, part))})
    return sources if several else sources + _parts(explanations[0])


def _parts(explanation: Explanation) -> list[dict[str, Any]]:
    """The most important components together, and each on its own, where in the clip it sounds."""
    return [
        {
            "id": identity,
            "name": name,
            "part": component is not None,
            "data": _encoded(sound),
            **({} if component is None else {"from": sound.start_seconds, "to": sound.start_seconds + sound.seconds}),
        }
        for identity, name, sound, component in sources_of_parts(explanation)
    ]


def as_heard(clip: Clip, like: Clip) -> Clip:
    """The clip at the rate and channels of ``like``, so that nothing but the mask differs between the two."""
    if (clip.sample_rate, clip.channels) == (like.sample_rate, like.channels):
        return clip
    return Clip(clip.mono(like.sample_rate), like.sample_rate, clip.name, clip.source, clip.start_seconds)


def _encoded(clip: Clip) -> str:
    import soundfile

    target = io.BytesIO()
    depth = "PCM_24" if clip.seconds <= SHORT_SECONDS else "PCM_16"
    packed = clip.peak <= 1.0 and clip.channels <= 8  # FLAC cannot hold what is louder than full scale
    kind = {"format": "FLAC", "subtype": depth} if packed else {"format": "WAV", "subtype": "FLOAT"}
    soundfile.write(target, clip.samples.T, clip.sample_rate, **kind)
    return base64.b64encode(target.getvalue()).decode()


def script_json(value: Any) -> str:
    """JSON that is safe inside ``<script>``: no tag can be closed or opened from within.

    >>> script_json({"label": "</script>"})
    '{"label":"\\\\u003c/script\\\\u003e"}'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def image(data: bytes) -> str:
    """A PNG as a data address."""
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _level(drawn: Picture) -> float:
    return max(float(np.abs(drawn.lowest).max()), float(np.abs(drawn.highest).max())) or 1.0


def _grid(axes: Axes) -> dict[str, list[float]]:
    assert axes.hertz is not None
    return {"hertz": _floats(axes.hertz), "seconds": _floats(axes.seconds)}


def _floats(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _small(values: np.ndarray, full: float) -> str:
    return _text(np.round(values / full * 127).astype(np.int8))


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
