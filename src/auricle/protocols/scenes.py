"""The clips of a protocol: what is heard, what is in it, and the true source of each label where it is known.

Conventions: sources are float32 ``[n]`` at the model's rate, exactly as they are in the clip. Contaminators are drawn
from a seed and the row's number, so that a clip's scene does not depend on how many others there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auricle import demo
from auricle.clip import Clip, load_clip
from auricle.datasets.mixing import mix, noise
from auricle.errors import AuricleError
from auricle.evaluation.predictions import Failure
from auricle.evaluation.tested import Choice
from auricle.protocols.catalogue import protocol
from auricle.protocols.recordings import Recordings, known_sources, own_sources

CONTAMINATION_DB = 12.0
"""Of ``mixtures`` and ``speech``; published as 0.8 of the one and 0.2 of the other, which is 12.04 dB."""
NOISE_DB = (6.0, 0.0)
_SOUNDS = {".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """A clip of a protocol.

    ``labels`` are those of the recording that it was made from, ``sources`` the sounds in it by their label. ``group``
    is that recording's id, by which intervals are drawn; ``recipe`` says how the clip was made.
    """

    id: str
    group: str
    condition: str
    clip: Clip
    labels: tuple[str, ...]
    sources: Mapping[str, np.ndarray]
    recipe: Mapping[str, Any]


def scenes(
    choice: Choice,
    name: str,
    *,
    snr: float | None = None,
    weight: float | None = None,
    colour: str = "white",
    speech: Path | None = None,
    limit: int | None = None,
    seed: int = 0,
) -> Iterator[Scene | Failure]:
    """The scenes of a protocol, in an order drawn from the seed; a clip that cannot be made comes as a `Failure`.

    ``overlap`` takes ``snr`` (0 dB) or ``weight``, ``noise`` a ``colour``, ``speech`` a folder of recordings, by
    default the synthetic voices that come with auricle. ``limit`` is the number of recordings that scenes are made of.
    """
    facts = protocol(name)
    recordings = Recordings(choice)
    voices = speech_files(speech) if facts.name == "speech" else []
    noise(2, colour)  # a colour that there is not is told before the first clip
    for number in drawn(recordings, facts.name, limit, seed):
        try:
            yield from _of_recording(recordings, facts.name, number, snr, weight, colour, voices, seed)
        except AuricleError as error:
            yield Failure(recordings.ids[number], " ".join(str(error).split()))


def drawn(recordings: Recordings, name: str, limit: int | None, seed: int) -> list[int]:
    """Row numbers in the order in which they become scenes; an overlap is of clips with one label each."""
    if limit is not None and limit < 1:
        raise AuricleError(f"{limit} clips leave nothing to compare; give --limit of at least 1")
    numbers = recordings.alone() if name == "overlap" else [n for n in recordings.numbers if recordings.labels[n]]
    if not numbers:
        raise AuricleError(f"{recordings.dataset.name} has no clip with a label to explain; choose other data")
    order = np.random.default_rng([5, seed]).permutation(len(numbers))
    return [numbers[place] for place in order[:limit]]


def _of_recording(
    recordings: Recordings,
    name: str,
    number: int,
    snr: float | None,
    weight: float | None,
    colour: str,
    voices: Sequence[Path],
    seed: int,
) -> Iterator[Scene]:
    labels, own = recordings.labels[number], recordings.ids[number]
    generator = np.random.default_rng([7, seed, number])
    told: dict[str, Any] = {"id": own, "seed": seed}
    if name == "clean":
        clip = recordings.dataset.load(number)
        heard = Clip(clip.mono(recordings.rate), recordings.rate, own)
        sources = known_sources(recordings, number, len(heard.samples[0]))
        yield Scene(id=own, group=own, condition=name, clip=heard, labels=labels, sources=sources, recipe=told)
        return
    sound, place = recordings.sound(number), int(generator.integers(2**31))
    if name in ("overlap", "mixtures"):
        other = recordings.of_other_class(number, generator)
        level = {"weight": weight} if weight is not None else {"snr_db": 0.0 if snr is None else snr}
        if name == "mixtures":
            level = {"snr_db": CONTAMINATION_DB}
        told |= {"other": recordings.ids[other], "other_label": recordings.labels[other][0], **level}
        mixed = mix(sound, recordings.sound(other), seed=place, **level)
        sources = own_sources(recordings, number, sound, mixed.target)
        sources[recordings.labels[other][0]] = mixed.other
        text = f"λ = {weight:g}" if weight is not None else f"{level['snr_db']:g} dB"
        yield _scene(recordings, f"{own} + {told['other']}", own, text, mixed.mixture, labels, sources, told)
        return
    for level_db in NOISE_DB if name == "noise" else (CONTAMINATION_DB,):
        if name == "noise":
            other_sound, what = noise(len(sound), colour, seed=place), f"{colour} noise"
        else:
            fitting = [each for each in voices if each.stem not in labels]  # a voice that says the class is no noise
            path = (fitting or voices)[int(generator.integers(len(fitting or voices)))]
            other_sound, what = np.array(load_clip(path).mono(recordings.rate)), f"speech of {path.name}"
        mixed = mix(sound, other_sound, snr_db=level_db, seed=place)
        text = f"{colour} noise, {level_db:g} dB" if name == "noise" else f"speech, {level_db:g} dB"
        sources = own_sources(recordings, number, sound, mixed.target)
        recipe = {**told, "other": what, "snr_db": level_db}
        yield _scene(recordings, f"{own} + {what} {level_db:g} dB", own, text, mixed.mixture, labels, sources, recipe)


def _scene(
    recordings: Recordings,
    id: str,
    group: str,
    condition: str,
    samples: np.ndarray,
    labels: tuple[str, ...],
    sources: Mapping[str, np.ndarray],
    recipe: Mapping[str, Any],
) -> Scene:
    clip = Clip(samples, recordings.rate, id)
    return Scene(id=id, group=group, condition=condition, clip=clip, labels=labels, sources=sources, recipe=recipe)


def speech_files(folder: Path | None) -> list[Path]:
    """The recordings of speech in a folder and below it; by default the bundled synthetic voices."""
    if folder is None:
        return [path for path in demo.clips() if path.stem != "planted"]
    if not folder.is_dir():
        raise AuricleError(f"{folder} is not a folder; give a folder of recordings of speech with --speech")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SOUNDS)
    if not files:
        raise AuricleError(f"{folder} holds no sound files; give a folder of recordings of speech with --speech")
    return files
