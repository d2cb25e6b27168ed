"""What is heard on one page of a listening test: the reference, each method's kept part, and the controls.

After ITU-R BS.1534-3 (MUSHRA), whose hidden reference and anchors show whether a listener uses the scale as meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.explanation import Explanation
from auricle.frontends import Frontend
from auricle.listening.levels import CLOSE, matched
from auricle.metrics.controls import random_masks
from auricle.regions.base import Regions
from auricle.report.embedded import as_heard
from auricle.sonify import Sounds, sonify_regions
from auricle.sonify.laying import in_clip
from auricle.sonify.loudness import LARGEST_GAIN_DB, loudness

Kind = Literal["method", "reference", "random", "anchor"]
DRAWS = 16


@dataclass(frozen=True, eq=False)
class Condition:
    """One sound to be rated: its name (a method's, ``reference``, ``random`` or ``anchor``) and what is known of it."""

    name: str
    kind: Kind
    sound: Clip
    notes: dict[str, Any] = field(default_factory=dict)


def conditions_of(
    explanations: Mapping[str, Explanation],
    sounds: Mapping[str, Sounds],
    *,
    source: Clip | None,
    anchor: bool,
    turn: int,
    full_band: bool,
    seed: int,
) -> list[Condition]:
    """The conditions of one clip, the reference first, all of one length and one loudness.

    source: the true source, where it is known; else the clip itself is the reference. turn: the clip's number; the
    control (and the anchor) comes from another method's mask at every turn, so that over the clips it is as large as
    theirs.
    """
    names = [name for name, each in sounds.items() if each.mask.any()] or list(sounds)
    donor = names[turn % len(names)]
    explanation, pair = explanations[donor], sounds[donor]
    clip, frontend = explanation.clip, explanation.classifier.frontend
    original = as_heard(clip, pair.kept)
    reference = original if source is None else _fitting(source, original, clip.name)
    known = {"is": "the clip" if source is None else "the true source"}
    found = [Condition("reference", "reference", reference, known)]
    for name, each in sounds.items():
        notes = {"area": each.notes["area"], "energy": each.notes["energy"], "checks": _failed(explanations[name])}
        found.append(Condition(name, "method", each.kept, notes))
    control, draw = _random(clip, frontend, pair, like=original, full_band=full_band, seed=seed)
    found.append(Condition("random", "random", control, {"area": pair.notes["area"], "mask_of": donor, "draw": draw}))
    if anchor:
        found.append(Condition("anchor", "anchor", pair.removed, {"removed_by": donor}))
    return _at_one_level(found)


def _random(
    clip: Clip, frontend: Frontend, pair: Sounds, *, like: Clip, full_band: bool, seed: int
) -> tuple[Clip, int]:
    """The clip through the rolled mask, and the number of the draw.

    The first draw that can be as loud as the others is taken: a control of silence would be too easy to beat.
    """
    inside = np.flatnonzero(in_clip(pair.axes, clip.seconds))
    axes = Axes(pair.axes.seconds[inside[0] : inside[-1] + 2], pair.axes.hertz)
    enough = loudness(like.samples, like.sample_rate) - LARGEST_GAIN_DB
    heard = []
    for mask in random_masks(pair.mask[:, inside], draws=DRAWS, seed=seed):
        part = sonify_regions(clip, frontend, Regions(mask.astype(np.float32), axes), full_band=full_band).kept
        heard.append((part, loudness(part.samples, part.sample_rate)))
        if heard[-1][1] >= enough:
            break
    draw = int(np.argmax([level for _, level in heard]))
    return heard[draw][0], draw + 1


def _fitting(source: Clip, original: Clip, name: str) -> Clip:
    """The true source at the rate, channels and length of what is heard."""
    if abs(source.seconds - original.seconds) > 1.0 / original.sample_rate + 1.0 / source.sample_rate:
        raise AuricleError(
            f"the source of {name} is {source.seconds:.3f} s long and the clip {original.seconds:.3f} s; "
            "give the source as it is in the mixture, with silence where it is not heard"
        )
    heard = as_heard(source, original)
    n = original.samples.shape[-1]
    samples = np.zeros_like(original.samples)
    samples[:, : heard.samples.shape[-1]] = heard.samples[:, :n]
    return Clip(samples, original.sample_rate, source.name, source.source)


def _at_one_level(found: Sequence[Condition]) -> list[Condition]:
    rate = found[0].sound.sample_rate
    levelled = matched([each.sound.samples.astype(np.float64) for each in found], rate)
    wanted = loudness(levelled[0], rate)
    done = []
    for each, samples in zip(found, levelled, strict=True):
        level = loudness(samples, rate)
        notes = {**each.notes, "loudness": level, "matched": abs(level - wanted) <= CLOSE}
        sound = Clip(samples.astype(np.float32), rate, each.name)
        done.append(Condition(each.name, each.kind, sound, notes))
    return done


def _failed(explanation: Explanation) -> list[str]:
    return [check.text for check in explanation.checks if check.passed is False]
