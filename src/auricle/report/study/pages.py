"""Pages of the site from their templates, with the style and the scripts that all of auricle's pages have."""

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

OWN = ("study.js", "table.js", "sections.js", "clip.js")


def render(template: str, **values: Any) -> str:
    """A template of this folder as a whole page; its scripts are in the page."""
    return _environment().get_template(template).render(version=__version__, **values)


@cache
def _environment() -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("auricle.report.study", "template"), PackageLoader("auricle.report", "template")]
        ),
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
    house, own = files("auricle.report") / "template", files("auricle.report.study") / "template"
    scripts = [(house / name).read_text("utf-8") for name in SCRIPTS] + [
        (own / name).read_text("utf-8") for name in OWN
    ]
    styles = [(house / "page.css").read_text("utf-8"), (own / "study.css").read_text("utf-8")]
    body = "\n".join(scripts)
    environment.globals.update(css=Markup("\n".join(styles)), js=Markup(f'(() => {{\n"use strict";\n{body}\n}})();'))
    return environment
