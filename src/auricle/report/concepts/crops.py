"""Prototypes as a page shows them: a short stretch of a clip, with a concept's relevance over it and both sounds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.report.concepts.drawing import encoded, map_data, pictures, sound_data
from auricle.report.concepts.shares import alike
from auricle.report.embedded import as_heard
from auricle.report.picture import Picture
from auricle.sonify.loudness import matching_gain_db
from auricle.sonify.shares import sonify_shares

if TYPE_CHECKING:
    from auricle.concepts.explained import ConceptExplanation
    from auricle.concepts.gallery import Prototype, Rank

FADE_SECONDS = 0.005
"""At both ends of a stretch, so that it does not click."""


class Shown:
    """A clip that was explained, with its pictures: several prototypes may be of one clip."""

    def __init__(self, explained: ConceptExplanation) -> None:
        self.explained = explained
        self.pictures = pictures(explained)


def crop_piece(shown: Shown, k: int, prototype: Prototype, rank: Rank) -> dict[str, Any]:
    """The data and words of one prototype of concept ``k``, counted from 0, for the macro ``crop_piece``.

    rank: what its score means. The concept alone is brought to the loudness of the stretch: in the whole clip its share
    may be hardly audible.
    """
    explained, (start, end) = shown.explained, (prototype.start, prototype.end)
    front, clip = explained.whole.classifier.frontend, explained.clip
    alone = sonify_shares(clip, front, explained.maps[k : k + 1], explained.axes)[0].kept
    original = stretch(as_heard(clip, alone), start, end)
    concept = stretch(alone, start, end)
    gain = 10.0 ** (matching_gain_db(concept.samples, original.samples, concept.sample_rate) / 20.0)
    concept = replace(concept, samples=concept.samples * np.float32(gain))
    drawn = cropped(shown.pictures[k + 1], start, end)
    return {
        "name": clip.name,
        "start": start + clip.start_seconds,
        "end": end + clip.start_seconds,
        "measure": {"relevance": "R =", "activation": "‖Vᵀa‖ ="}[rank],
        "score": alike([prototype.score])[0],
        "silent": not concept.samples.any(),
        "data": {
            **sound_data(drawn, 0.0),
            "wave": {"low": "", "high": ""},  # too small to draw
            "maps": [map_data(drawn, drawn.strongest)],
            "sources": [
                {"id": id, "part": False, "data": encoded(each, "PCM_16")}
                for id, each in (("original", original), ("concept", concept))
            ],
        },
    }


def stretch(clip: Clip, start: float, end: float) -> Clip:
    """From ``start`` to ``end`` in seconds of the clip, faded in and out."""
    first, last = round(start * clip.sample_rate), round(end * clip.sample_rate)
    samples = clip.samples[:, max(first, 0) : max(last, first + 1)].copy()
    count = min(round(FADE_SECONDS * clip.sample_rate), samples.shape[1] // 2)
    if count:
        ramp = (np.arange(count, dtype=np.float32) + 0.5) / count
        samples[:, :count] *= ramp
        samples[:, -count:] *= ramp[::-1]
    return Clip(samples, clip.sample_rate, clip.name, clip.source, clip.start_seconds + start)


def cropped(drawn: Picture, start: float, end: float) -> Picture:
    """The same picture of a stretch, but for the waveform; its time begins at 0."""
    decibels, decibel_axes = _columns(drawn.decibels, drawn.decibel_axes, start, end)
    relevance, axes = _columns(drawn.relevance, drawn.axes, start, end)
    return replace(
        drawn,
        seconds=end - start,
        wave_relevance=None,
        decibels=decibels,
        decibel_axes=decibel_axes,
        relevance=relevance,
        axes=axes,
    )


def _columns(values: np.ndarray, axes: Axes, start: float, end: float) -> tuple[np.ndarray, Axes]:
    inside = np.flatnonzero((axes.seconds[:-1] < end) & (axes.seconds[1:] > start))
    first, last = int(inside[0]), int(inside[-1]) + 1
    edges = np.clip(axes.seconds[first : last + 1], start, end) - start
    return values[:, first:last], Axes(seconds=edges, hertz=axes.hertz)
