"""The page of one class: each of its concepts with what is known of it and its prototypes, then a few whole clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.report.concepts import statistics as telling
from auricle.report.concepts.crops import Shown, crop_piece
from auricle.report.concepts.pages import render
from auricle.report.concepts.shares import Colour, alike, colour_of
from auricle.report.concepts.words import negatives, sentence, told_of
from auricle.report.figures import unbroken
from auricle.report.outcome import outcome

if TYPE_CHECKING:
    from auricle.concepts.concepts import Concepts
    from auricle.concepts.gallery import Gallery

WHOLE_CLIPS = 3
LONG_SECONDS = 6.0
"""Of clips longer than this one less is shown, as their sounds are most of a page's weight."""
MOST_COLUMNS = 120
"""Clips in the picture of shares."""

Explain = Callable[[str], Shown]
"""A clip, by its name, explained for the class."""


def class_cards(concepts: Concepts, gallery: Gallery, label: str, explain: Explain) -> list[dict[str, Any]]:
    """Each concept of a class with its words, figures and prototypes."""
    own = len(concepts[label])
    return [
        {
            "number": k + 1,
            "name": name,
            "colour": colour_of(k, own),
            "sentence": telling.sentence(gallery.statistics[label][k], label),
            "told": telling.told(gallery.statistics[label][k]),
            "prototypes": [
                crop_piece(explain(each.clip), k, each, gallery.rank) for each in gallery.prototypes[label][k]
            ],
        }
        for k, name in enumerate(concepts.names_of(label))
    ]


def class_page(
    concepts: Concepts,
    gallery: Gallery,
    label: str,
    explain: Explain,
    cards: Sequence[Mapping[str, Any]],
    links: Sequence[Mapping[str, str]],
) -> str:
    """The page of ``label`` with its ``cards``; ``links`` are name and address of every class's page, in order."""
    rows = [row for row in gallery.rows.to_pylist() if row["label"] == label]
    names = concepts.names_of(label)
    own = len(concepts[label])
    place = [each["name"] for each in links].index(label)
    whole = typical(rows, len(names))
    if explain(whole[0]).explained.clip.seconds > LONG_SECONDS:
        whole = whole[: WHOLE_CLIPS - 1]
    return render(
        "concept_class.html.j2",
        label=label,
        model=concepts.model_name,
        layer=concepts.layer,
        own=own,
        cards=cards,
        sentence=_sentence(gallery, label, names),
        warnings=_warnings(gallery, label, names),
        clips=len(rows) // len(names),
        wrong=gallery.wrong.get(label, 0),
        columns=columns_of(rows, names, own),
        whole=[_whole(explain(name)) for name in whole],
        before=links[place - 1] if place else None,
        after=links[place + 1] if place + 1 < len(links) else None,
    )


def _sentence(gallery: Gallery, label: str, names: Sequence[str]) -> str:
    shares = [(each["class_share"].mean, name) for each, name in zip(gallery.statistics[label], names, strict=True)
              if each["class_share"] is not None]  # fmt: skip
    listed = [f"“{name}” ({telling.share(value)})" for value, name in sorted(shares, reverse=True) if value > 0]
    if not listed:
        return f"None of these concepts speaks for {label} on average."
    text = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
    return unbroken(f"The relevance for {label} is shared out to {text}.")


def _warnings(gallery: Gallery, label: str, names: Sequence[str]) -> list[str]:
    return [
        f"“{name}” speaks against {label} on average ({telling.share(each['class_share'].mean)} of its relevance): "
        "it takes up what the others claim too much."
        for each, name in zip(gallery.statistics[label], names, strict=True)
        if each["class_share"] is not None and each["class_share"].mean < 0
    ]


def _whole(shown: Shown) -> dict[str, Any]:
    explained = shown.explained
    sounds = explained.sounds()
    told = told_of(explained, explained.whole.sounds(), sounds, None, depth="PCM_16")
    said = outcome(explained.whole)
    right = said.value or said.label == explained.whole.target
    return {
        "told": told,
        "heard": f"{said.label}, {said.text}",
        "right": right,
        "sentence": sentence(told["shares"], float(explained.sums.sum()), explained.whole.subject),
        "negatives": negatives(told["shares"], explained.whole.subject),
    }


def typical(rows: Sequence[Mapping[str, Any]], concepts: int, most: int = WHOLE_CLIPS) -> list[str]:
    """Clips, each of another group where there are enough, in which all concepts have their part.

    Right ones before wrong ones; among these by the least share that a concept has, the largest first.
    """
    clips = [list(rows[start : start + concepts]) for start in range(0, len(rows), concepts)]

    def rank(clip: Sequence[Mapping[str, Any]]) -> tuple[bool, float, str]:
        first = clip[0]
        return first["predicted"] != first["label"], -min(row["share"] for row in clip), first["clip"]

    chosen: list[str] = []
    groups: set[str] = set()
    for fresh in (True, False):
        for each in sorted(clips, key=rank):
            name, group = each[0]["clip"], each[0]["group"]
            if len(chosen) < most and name not in chosen and not (fresh and group in groups):
                chosen.append(name)
                groups.add(group)
    return chosen


def columns_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str], own: int) -> dict[str, Any]:
    """Every clip as a column of its concepts' relevance, one on another; what is negative hangs below zero.

    Heights and places are of a field 100 high; of many clips evenly spaced ones are shown, in order of their sum.
    """
    relevance = np.array([row["relevance"] for row in rows], float).reshape(-1, len(names))
    clips = [rows[place]["clip"] for place in range(0, len(rows), len(names))]
    order = np.argsort(-relevance.sum(1), kind="stable")
    if len(order) > MOST_COLUMNS:
        order = order[np.linspace(0, len(order) - 1, MOST_COLUMNS).round().astype(int)]
    shown = relevance[order]
    top, bottom = np.maximum(shown, 0).sum(1).max(), np.minimum(shown, 0).sum(1).min()
    span = (top - bottom) or 1.0
    columns = []
    for row, clip in zip(shown, (clips[place] for place in order), strict=True):
        boxes, up, down = [], 0.0, 0.0
        for k, value in enumerate(row):
            high = up + value if value >= 0 else down
            up, down = up + max(value, 0.0), down + min(value, 0.0)
            boxes.append({"top": 100 * (top - high) / span, "height": 100 * abs(value) / span, "k": k})
        figures = ", ".join(f"{name} {text}" for name, text in zip(names, alike(list(row)), strict=True))
        columns.append({"boxes": boxes, "title": f"{clip}: {figures}"})
    colours: list[Colour] = [colour_of(k, own) for k in range(len(names))]
    return {
        "columns": columns,
        "zero": 100 * top / span,
        "top": alike([float(top)])[0],
        "bottom": alike([float(bottom)])[0],
        "colours": colours,
        "names": list(names),
        "left_out": len(relevance) - len(order),
    }
