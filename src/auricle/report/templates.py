"""Templates as whole pages that need nothing else: one style, one set of scripts, and what a room adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from auricle._version import __version__
from auricle.report import embedded, figures

if TYPE_CHECKING:
    from jinja2 import Environment

HOUSE = "auricle.report"
SCRIPTS = ("arithmetic.js", "player.js", "picture.js", "bars.js", "page.js")
STYLES = ("page.css",)


def render(
    template: str, *, room: str = HOUSE, scripts: Sequence[str] = (), styles: Sequence[str] = (), **values: object
) -> str:
    """A template of a room (its folder ``template``) or of the house, with the scripts and styles of both."""
    page = environment(room, tuple(scripts), tuple(styles)).get_template(template)
    return page.render(version=__version__, **values)


@cache
def environment(room: str, scripts: tuple[str, ...], styles: tuple[str, ...]) -> Environment:
    """Where templates of a room come from, and what all of them may use."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    rooms = dict.fromkeys((room, HOUSE))
    found = Environment(
        loader=ChoiceLoader([PackageLoader(each, "template") for each in rooms]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        number=figures.number,
        percent=figures.percent,
        setting=figures.setting,
        json=lambda value: Markup(embedded.script_json(value)),
    )
    script = "\n".join([_texts(HOUSE, SCRIPTS), _texts(room, scripts)])
    style = "\n".join([_texts(HOUSE, STYLES), _texts(room, styles)])
    found.globals.update(css=Markup(style), js=Markup(f'(() => {{\n"use strict";\n{script}\n}})();'))
    return found


def _texts(room: str, names: Sequence[str]) -> str:
    folder = files(room) / "template"
    return "\n".join((folder / name).read_text("utf-8") for name in names)
