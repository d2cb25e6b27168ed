"""Concepts pages from their templates, with the style and the scripts that all of auricle's pages have."""

from __future__ import annotations

from typing import Any

from auricle.report import templates

OWN = ("concept_pictures.js", "concept_clip.js", "concept_prototypes.js", "concept_keys.js")


def render(template: str, **values: Any) -> str:
    """A template as a whole page that needs nothing else, not even the network."""
    return templates.render(
        template, room="auricle.report.concepts", scripts=OWN, styles=("concept.css",), **values
    )
