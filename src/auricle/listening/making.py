"""A listening test from clips, a classifier and methods."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.classifier import Classifier
from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError
from auricle.listening.conditions import Condition, conditions_of
from auricle.methods import Method
from auricle.report.outcome import outcome
from auricle.road import explain
from auricle.sonify import Masking

MOST = 12
"""Sounds to be rated on one page (BS.1534-3); more cannot be held in mind."""
LONG = 12.0
"""Seconds beyond which listeners no longer compare whole sounds (BS.1534-3)."""


@dataclass(frozen=True, eq=False)
class Item:
    """One page of a test: a clip, what is asked about it, and its conditions, the reference first.

    ``ids`` names each condition for the listener's page: nobody can tell from an id what it stands for.
    """

    id: str
    clip: str
    target: str
    question: str
    prediction: str
    conditions: list[Condition]
    ids: list[str]

    @property
    def reference(self) -> Clip:
        return self.conditions[0].sound


@dataclass(frozen=True, eq=False)
class ListeningTest:
    """Items, and how they were made. ``id`` is a hash of all that is heard and asked."""

    id: str
    items: list[Item]
    settings: dict[str, Any]

    @property
    def unmatched(self) -> list[str]:
        """Conditions that could not be made as loud as their reference, a sentence each."""
        return [
            f"{item.clip}: what {each.name} keeps is too faint to be made as loud as the rest"
            for item in self.items
            for each in item.conditions
            if not each.notes["matched"]
        ]

    @property
    def long(self) -> list[str]:
        """Names of clips longer than BS.1534 advises."""
        return [item.clip for item in self.items if item.reference.seconds > LONG]


def make_test(
    clips: Sequence[Clip],
    classifier: Classifier,
    methods: Mapping[str, Method],
    *,
    target: str = "predicted",
    masking: Masking | None = None,
    sources: Mapping[str, Clip] | None = None,
    anchor: bool = False,
    full_band: bool = False,
    seed: int = 0,
    on_step: Callable[[], None] = lambda: None,
) -> ListeningTest:
    """A MUSHRA-style test (ITU-R BS.1534-3): how well does each method's kept part make one understand the model?

    clips: one page each. methods: by the name under which they are analysed. target: as for `auricle.explain`.
    masking: how relevance becomes sound (default ``Masking()``); what a method gives as a mask is heard as it is.
    sources: the true source of each clip by the clip's name, as the reference instead of the clip itself. anchor: also
    what a method removes, as a low anchor. full_band: cut from the original recording instead of at the model's rate.
    on_step: called after every clip.

    Every page has the hidden reference, a kept part for each method and a random control: a method's mask rolled to
    another place, with original phase like the rest. Raises `AuricleError` for a clip given twice, a source that is
    missing or of another length, and more sounds than a person can compare.
    """
    _check(clips, methods, anchor)
    masking = masking or Masking()
    settings = {
        "model": classifier.name,
        "methods": {name: method.settings() for name, method in methods.items()},
        "target": target,
        "masking": masking.settings(),
        "anchor": anchor,
        "full_band": full_band,
        "seed": seed,
    }
    items = []
    for turn, clip in enumerate(clips):
        explanations = {
            name: explain(clip, classifier, method=method, target=target, seed=seed)
            for name, method in methods.items()
        }
        sounds = {
            name: each.sounds(None if each.method.gives_mask else masking, full_band=full_band)
            for name, each in explanations.items()
        }
        found = conditions_of(
            explanations,
            sounds,
            source=None if sources is None else _source(clip, sources),
            anchor=anchor,
            turn=turn,
            full_band=full_band,
            seed=seed + turn,
        )
        first = next(iter(explanations.values()))
        said = outcome(first)
        item = _hash(seed, clip.content_hash)
        ids = [_hash(seed, item, each.name, each.sound.content_hash) for each in found]
        question = _question(first.subject, said.label, said.value)
        items.append(Item(item, clip.name, first.subject, question, str(said), found, ids))
        on_step()
    heard = [(each.id, each.question, *each.ids) for each in items]
    return ListeningTest(_hash(heard), items, settings)


def sources_in(folder: Path, clips: Sequence[Clip]) -> dict[str, Clip]:
    """The true source of each clip: the sound file in ``folder`` with the clip's name, whatever its ending."""
    if not folder.is_dir():
        raise AuricleError(f"{folder} is not a folder; give the one with a source of each clip, under the clip's name")
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.is_file()}
    return {clip.name: load_clip(files[clip.name]) for clip in clips if clip.name in files}


def _source(clip: Clip, sources: Mapping[str, Clip]) -> Clip:
    if clip.name not in sources:
        raise AuricleError(f"there is no source of {clip.name}; add a sound file of that name, or leave the clip out")
    return sources[clip.name]


def _check(clips: Sequence[Clip], methods: Mapping[str, Method], anchor: bool) -> None:
    if not clips or not methods:
        raise AuricleError("a listening test needs at least one clip and one method; give some of each")
    seen: dict[str, str] = {}
    for clip in clips:
        if clip.content_hash in seen:
            raise AuricleError(f"{seen[clip.content_hash]} and {clip.name} are the same sound; give each clip once")
        seen[clip.content_hash] = clip.name
    on_page = len(methods) + 2 + anchor
    if on_page > MOST:
        raise AuricleError(
            f"{on_page} sounds would be on one page, and ITU-R BS.1534 allows {MOST}; name at most "
            f"{MOST - 2 - anchor} methods"
        )


def _question(subject: str, label: str, value: bool) -> str:
    """What a listener is asked.

    >>> _question("seven", "seven", False)
    'How well does this sound make you understand why the model says “seven”?'
    """
    if not value and subject == label:
        return f"How well does this sound make you understand why the model says “{label}”?"
    return f"How well does this sound make you understand what speaks to the model for “{subject}”?"


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
