"""Pages of the site from their templates, with the style and the scripts that all of auricle's pages have."""

from __future__ import annotations

from typing import Any

from auricle.report import templates

OWN = ("study.js", "table.js", "sections.js", "clip.js")


def render(template: str, **values: Any) -> str:
    """A template of this folder as a whole page; its scripts are in the page."""
    return templates.render(template, room="auricle.report.study", scripts=OWN, styles=("study.css",), **values)
