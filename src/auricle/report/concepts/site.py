"""Concepts of a data set as a folder of pages: an index, and a page of every class that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.concepts.explained import explain_concepts
from auricle.errors import AuricleError
from auricle.files import write_whole
from auricle.report.concepts import statistics as telling
from auricle.report.concepts.bars import extent, laid, zero
from auricle.report.concepts.class_page import class_cards, class_page
from auricle.report.concepts.crops import Shown
from auricle.report.concepts.facts import EVALUATION, facts_of, fits_of
from auricle.report.concepts.judged import judged
from auricle.report.concepts.pages import render
from auricle.report.concepts.shares import colour_of

if TYPE_CHECKING:
    from auricle.classifier import Classifier
    from auricle.clip import Clip
    from auricle.concepts.concepts import Concepts
    from auricle.concepts.gallery import Gallery

HELD = 16
"""Clips that are kept explained at a time."""


def write_site(
    classifier: Classifier,
    concepts: Concepts,
    gallery: Gallery,
    clip_of: Callable[[str], Clip],
    folder: str | Path,
    *,
    on_step: Callable[[str], None] | None = None,
) -> Path:
    """Write ``index.html`` and a page of every class of ``gallery`` to ``folder``, and return the index.

    Every page holds its own pictures and sounds; nothing is asked of the network. clip_of: a clip by its name in the
    gallery. on_step: is told the label of each class whose page is done. Raises `AuricleError` for concepts of another
    classifier or a gallery of other concepts, and where nothing can be written.
    """
    concepts.check(classifier)
    gallery.check(concepts)
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise AuricleError(f"{folder} is a file; give a folder to write the pages to")
    links = [{"name": label, "href": page_name(number, label)} for number, label in enumerate(gallery.labels, 1)]
    best: dict[str, list[dict[str, Any] | None]] = {}
    for link in links:
        label = link["name"]

        @lru_cache(HELD)
        def explain(name: str, label: str = label) -> Shown:
            return Shown(explain_concepts(clip_of(name), classifier, concepts, target=label))

        cards = class_cards(concepts, gallery, label, explain)
        best[label] = [_best(card) for card in cards]
        write_whole(folder / link["href"], class_page(concepts, gallery, label, explain, cards, links))
        if on_step is not None:
            on_step(label)
    return write_whole(folder / "index.html", index_page(concepts, gallery, links, best))


def page_name(number: int, label: str) -> str:
    """The file of a class: readable, and unique by its number.

    >>> page_name(3, "hip hop/rap")
    '03-hip-hop-rap.html'
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-")[:60]
    return f"{number:02d}-{readable}.html" if readable else f"{number:02d}.html"


def index_page(
    concepts: Concepts,
    gallery: Gallery,
    links: Sequence[Mapping[str, str]],
    best: Mapping[str, Sequence[Mapping[str, Any] | None]],
) -> str:
    """All classes with their concepts, the table of concepts by classes, and how the concepts were found.

    best: of every concept of a class the sound of its first prototype, see `_best`.
    """
    return render(
        "concept_index.html.j2",
        model=concepts.model_name,
        layer=concepts.layer,
        classes=[_class(concepts, gallery, link, best[link["name"]]) for link in links],
        labels=list(gallery.labels),
        table=_table(concepts, gallery),
        fits=fits_of(concepts),
        facts=facts_of(concepts),
        judged=judged(concepts.facts[EVALUATION]) if concepts.facts.get(EVALUATION) else None,
        method=concepts.method,
        skipped=[(label, count) for label, count in gallery.skipped.items()],
        wrong=list(gallery.wrong.items()),
        failed=gallery.failed,
        rank={"relevance": "by relevance at the layer", "activation": "by strength at the layer"}[gallery.rank],
    )


def _best(card: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first prototype's sound of the concept alone, to be played without its picture."""
    for each in card["prototypes"]:
        if not each["silent"]:
            data = each["data"]
            return {"seconds": data["seconds"], "start": 0.0, "maps": [], "sources": data["sources"][1:]}
    return None


def _class(
    concepts: Concepts, gallery: Gallery, link: Mapping[str, str], best: Sequence[Mapping[str, Any] | None]
) -> dict[str, Any]:
    """A class with the shares of its concepts, as bars to either side of zero."""
    label = link["name"]
    names, own = concepts.names_of(label), len(concepts[label])
    shares = [0.0 if each["class_share"] is None else each["class_share"].mean for each in gallery.statistics[label]]
    scale = extent([shares])
    parts = [
        {"name": name, "colour": colour_of(k, own), "figure": telling.share(shares[k]), "sound": best[k], **part}
        for k, (name, part) in enumerate(zip(names, laid(shares, scale), strict=True))
    ]
    clips = gallery.statistics[label][0]["relevance"]
    return {**link, "clips": 0 if clips is None else clips.clips, "zero": zero(scale), "parts": parts}


def _table(concepts: Concepts, gallery: Gallery) -> list[dict[str, Any]]:
    """A row a concept: the share it has of the relevance of every class's clips, with how strongly to tint it."""
    strongest = max(float(np.abs(gallery.table[label]).max()) for label in gallery.labels) or 1.0
    rows = []
    for label in gallery.labels:
        own = len(concepts[label])
        for k, name in enumerate(concepts.names_of(label)):
            values = gallery.table[label][k]
            rows.append(
                {
                    "label": label,
                    "first": k == 0,
                    "count": len(gallery.table[label]),
                    "name": name,
                    "colour": colour_of(k, own),
                    "cells": [
                        {
                            "text": telling.share(float(value)),
                            "tint": round(0.75 * abs(float(value)) / strongest, 3),
                            "negative": value < 0,
                            "own": other == label,
                        }
                        for other, value in zip(gallery.labels, values, strict=True)
                    ],
                }
            )
    return rows
