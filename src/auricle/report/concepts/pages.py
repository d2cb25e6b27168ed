"""Concepts pages from their templates, with the style and the scripts that all of auricle's pages have."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from auricle._version import __version__
from auricle.report import embedded, figures
from auricle.report.page import SCRIPTS

if TYPE_CHECKING:
    from jinja2 import Environment

OWN = ("concept_pictures.js", "concept_clip.js", "concept_prototypes.js", "concept_keys.js")


def render(template: str, **values: Any) -> str:
    """A template as a whole page that needs nothing else, not even the network."""
    return _environment().get_template(template).render(version=__version__, **values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("auricle.report", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=figures.number,
        percent=figures.percent,
        setting=figures.setting,
        json=lambda value: Markup(embedded.script_json(value)),
    )
    folder = files("auricle.report") / "template"
    scripts = "\n".join((folder / name).read_text("utf-8") for name in (*SCRIPTS, *OWN))
    styles = "\n".join((folder / name).read_text("utf-8") for name in ("page.css", "concept.css"))
    environment.globals.update(css=Markup(styles), js=Markup(f'(() => {{\n"use strict";\n{scripts}\n}})();'))
    return environment
