"""What a study lets people hear of one explanation, and how it is written.

Conventions: kinds are ``relevant``, ``removed``, ``random-1`` … ``random-R``, ``matched``, ``amplified``, ``joined``;
all but the last have exactly the clip's length. Relevant, removed and random sounds have the level that they have
within the clip, and are the ones that are scored.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.metrics.random_boxes import random_regions
from auricle.regions.base import Regions, drawn
from auricle.sonify import Sounds, sonify_regions
from auricle.sonify.joining import joined, spans_of
from auricle.sonify.loudness import amplifying_gain_db, matching_gain_db
from auricle.study.config import Sound

FLAC_CHANNELS = 8
FULL_SCALE = 2**23 - 1
"""The largest sample of 24 bits."""


@dataclass(frozen=True, eq=False)
class Made:
    """Sounds by kind, and by kind what was done to each, in plain values."""

    sounds: dict[str, Clip]
    notes: dict[str, dict[str, Any]]


def sounds_of(clip: Clip, classifier: Classifier, regions: Regions, sound: Sound, *, seed: int) -> dict[str, Clip]:
    """The sounds of one explanation that ``sound.write`` asks for, by kind; none where there are no regions."""
    return make(clip, classifier, regions, sound, seed=seed).sounds


def make(clip: Clip, classifier: Classifier, regions: Regions, sound: Sound, *, seed: int) -> Made:
    """As `sounds_of`, with notes: those of `sonify_regions`, of the random regions, and each ``gain_db``."""
    made = Made({}, {})
    if regions.empty:
        return made
    parts = heard(clip, classifier, regions, sound, seed=seed)
    kept = parts.kept

    def add(kind: str, samples: np.ndarray, **notes: Any) -> None:
        made.sounds[kind] = Clip(samples, kept.sample_rate, f"{clip.name}-{kind}", clip.source, clip.start_seconds)
        made.notes[kind] = notes

    if "relevant" in sound.write:
        add("relevant", kept.samples, **parts.notes)
    if "removed" in sound.write:
        add("removed", parts.removed.samples)
    if "random" in sound.write:
        for number, each in enumerate(controls(clip, regions, sound, seed=seed), start=1):
            other = heard(clip, classifier, each, sound, seed=seed)
            add(f"random-{number}", other.kept.samples, **other.notes)
    if "matched" in sound.write:
        original = clip.samples if sound.full_band else clip.mono(classifier.sample_rate)
        gain = matching_gain_db(kept.samples, original, kept.sample_rate)
        add("matched", kept.samples * 10.0 ** (gain / 20.0), gain_db=gain)
    if "amplified" in sound.write:
        gain = amplifying_gain_db(kept.samples, sound.amplify_db)
        add("amplified", kept.samples * 10.0 ** (gain / 20.0), gain_db=gain)
    if "joined" in sound.write:
        spans = spans_of(regions, seconds=clip.seconds)
        samples = joined(kept.samples, spans, kept.sample_rate)
        if samples.size:
            add("joined", samples, spans=[[round(start, 6), round(end, 6)] for start, end in spans])
    return made


def heard(clip: Clip, classifier: Classifier, regions: Regions, sound: Sound, *, seed: int) -> Sounds:
    """The kept and the removed part of one set of regions, in the study's style."""
    return sonify_regions(
        clip, classifier.frontend, regions, style=sound.style, full_band=sound.full_band, seed=seed
    )


def controls(clip: Clip, regions: Regions, sound: Sound, *, seed: int) -> list[Regions]:
    """The random regions of one explanation, the same for its sounds and for its scores.

    Each clip has its own draws, or the controls of all clips would lie in the same few places.
    """
    if sound.style == "identification" and regions.boxes:
        # What is heard are the boxes, whatever mask lies within them.
        regions = Regions(drawn(regions.boxes, regions.axes), regions.axes, regions.boxes, regions.notes)
    own = int(np.random.SeedSequence([seed, int(clip.content_hash, 16)]).generate_state(1)[0])
    return random_regions(regions, draws=sound.random, overlap=sound.overlap, seed=own, seconds=clip.seconds)


def flac_bytes(clip: Clip) -> tuple[bytes, float, float]:
    """A sound as FLAC of 24 bits: the file's bytes, the gain in dB that keeps it from clipping, its peak before.

    FLAC cannot hold samples beyond full scale, so a louder sound is written at full scale: what is in the file is the
    sound × 10^(gain_db/20). The gain is 0 for all others. The same sound gives the same bytes.
    """
    import soundfile

    if clip.channels > FLAC_CHANNELS:
        raise AuricleError(
            f"{clip.name} has {clip.channels} channels and FLAC holds {FLAC_CHANNELS}; set sound.full_band to false to "
            "write what the model heard, in mono"
        )
    gain_db = -20.0 * math.log10(clip.peak) if clip.peak > 1.0 else 0.0
    level = clip.samples.astype(np.float64) / max(clip.peak, 1.0)
    # Rounded here and not by the library, whose way with floats may change.
    whole = np.rint(level * FULL_SCALE).astype(np.int32) << 8
    file = io.BytesIO()
    soundfile.write(file, whole.T, clip.sample_rate, format="FLAC", subtype="PCM_24")
    return file.getvalue(), gain_db, clip.peak
