"""The page of one clip in the shares of its concepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from auricle.report import words as plain_words
from auricle.report.concepts import words
from auricle.report.concepts.bars import stacks
from auricle.report.concepts.drawing import Depth
from auricle.report.concepts.pages import render
from auricle.report.concepts.shares import shares_of
from auricle.report.embedded import SHORT_SECONDS

if TYPE_CHECKING:
    from auricle.concepts.explained import ConceptExplanation
    from auricle.sonify import Sounds

SAID = ("clip", "outcome", "bars", "method", "summary", "checks", "failed", "windows")
"""What is said as on the page of a plain explanation."""


def concept_page(
    explained: ConceptExplanation,
    sounds: Sequence[Sounds] | None = None,
    equal: Sequence[Sounds] | None = None,
    *,
    standard: Sounds | None = None,
    files: Mapping[str, str] | None = None,
) -> str:
    """One clip in concepts, as an HTML page that needs nothing else, not even the network.

    sounds: of every share, loudness ``relevance``; made here when they are not given. equal: the same with loudness
    ``equal``, between which and ``sounds`` the page then switches. standard: those of the whole explanation. files:
    names and meanings of files beside the page, which it links.
    """
    sounds = explained.sounds() if sounds is None else sounds
    standard = standard or explained.whole.sounds()
    shares = shares_of(explained, sounds)
    whole = explained.whole
    said = plain_words.words(whole, None, standard)
    own = len(explained.concepts[explained.label])
    depth: Depth = "PCM_24" if explained.clip.seconds <= SHORT_SECONDS else "PCM_16"
    told = words.told_of(explained, standard, sounds, equal, depth=depth)
    return render(
        "concept_clip.html.j2",
        **{name: said[name] for name in SAID},
        told=told,
        other=said["other"],
        borrowed=explained.label != whole.target,
        label=explained.label,
        count=f"{own} concept{'' if own == 1 else 's'}",
        layer=explained.concepts.layer,
        sentence=words.sentence(shares, float(explained.sums.sum()), whole.subject),
        negatives=words.negatives(shares, whole.subject),
        stacks=stacks(shares),
        rows=words.rows(shares),
        about_shares=words.about_shares(explained),
        facts=[*said["facts"], *words.facts(explained)],
        files=dict(files or {}),
    )
