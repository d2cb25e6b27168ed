"""``auricle models inspect``: what a model is, whether it behaves, and which methods explain it."""

from __future__ import annotations

import json as json_
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from auricle.cli import flags

if TYPE_CHECKING:
    from auricle.inspection import Inspection

models_app = typer.Typer(help="List the bundled models, or inspect any.", rich_markup_mode=None)

WIDE = 110
LEAST = 60
"""So much beside the names, however long these are."""


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context, json: flags.Json = False) -> None:
    """List the bundled models."""
    if context.invoked_subcommand is None:
        from auricle.cli.listing import show_models

        show_models(json)


@models_app.command()
def inspect(
    model: Annotated[str, typer.Argument(help="a model, in any form that --model takes", show_default=False)],
    labels: flags.Labels = None,
    rate: flags.Rate = None,
    outputs: flags.Outputs = None,
    multi_label: flags.MultiLabel = False,
    seconds: flags.Seconds = None,
    frontend: flags.FrontendFlag = None,
    json: flags.Json = False,
) -> None:
    """Rate, length, labels, front-end, layers; a self-test; and which methods explain it, each tried."""
    from auricle.adapters.said import Said
    from auricle.cli.model import classifier_of
    from auricle.cli.progress import progress
    from auricle.inspection import inspect as inspected
    from auricle.inspection.self_test import TESTS
    from auricle.methods import METHODS

    said = Said(
        labels=labels, rate=rate, outputs=outputs, multi_label=multi_label, seconds=seconds, frontend=frontend
    )
    classifier = classifier_of(model, said)
    with progress(1 + len(TESTS) + len(METHODS), "inspecting") as bar:

        def tell(what: str) -> None:
            bar.describe(f"inspecting: {what}")
            bar.step()

        found = inspected(classifier, watch=tell)
    typer.echo(json_.dumps(found.to_dict(), indent=2, ensure_ascii=False) if json else _text(found))


def _text(found: Inspection) -> str:
    lines = [found.name]
    lines += _table((each.name, each.text) for each in found.facts)
    lines += ["", "Self-test"]
    marks = {True: "passed", False: "FAILED", None: ""}
    lines += _table((each.name, f"{marks[each.passed]}: {each.text}".lstrip(": ")) for each in found.tests)
    lines += ["", "Methods"]
    lines += _table((each.name, _applies(each.applies, each.note)) for each in found.methods)
    lines += ["", "Layers"]
    if isinstance(found.layers, str):
        return "\n".join([*lines, textwrap.fill(found.layers, WIDE, initial_indent="  ", subsequent_indent="  ")])
    lines += _table((each.name, f"{each.kind}, {each.shape}, hears {each.field}") for each in found.layers)
    return "\n".join(lines)


def _applies(applies: bool, note: str) -> str:
    if applies:
        return f"applies; {note}" if note else "applies"
    return f"does not apply: {note}"


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Names in a column, what is said of them beside it, wrapped."""
    told = list(rows)
    wide = max((len(name) for name, _ in told), default=0) + 4
    lines = []
    for name, text in told:
        first, *rest = textwrap.wrap(text, max(WIDE - wide, LEAST), break_on_hyphens=False) or [""]
        lines += [f"  {name:{wide - 2}}{first}".rstrip(), *(" " * wide + each for each in rest)]
    return lines
