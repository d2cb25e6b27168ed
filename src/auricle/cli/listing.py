"""What there is: methods, models, metrics; for a person or as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from auricle.components import Kind


def show_methods(as_json: bool) -> None:
    from auricle.interpreters.methods import LEARNT
    from auricle.methods import describe
    from auricle.methods.lime import PRESETS
    from auricle.settings import described

    presets: list[dict[str, Any]] = [
        {
            "name": name,
            "preset_of": "lime",
            "summary": each.summary,
            "source": each.source,
            "settings": dict(each.settings),
        }
        for name, each in PRESETS.items()
    ]
    learnt: list[dict[str, Any]] = [
        {
            "name": f"{name}:DIR",
            "learnt": True,
            "summary": each.summary,
            "source": each.source,
            "settings": [one for one in described(each) if one["name"] != "folder"],
        }
        for name, each in LEARNT.items()
    ]
    if _json([*describe(), *presets, *learnt], as_json):
        return
    for method in describe():
        typer.echo(f"{method['name']}: {method['summary']}")
        for setting in method["settings"]:
            typer.echo(f"    {setting['name']} = {setting['default']}: {setting['meaning']}")
        typer.echo(f"    source: {method['source']}")
    for method in learnt:
        typer.echo(f"{method['name']}: {method['summary']}")
        typer.echo("    learnt: DIR is a folder of 'auricle interpreter train'")
        for setting in method["settings"]:
            typer.echo(f"    {setting['name']} = {setting['default']}: {setting['meaning']}")
        typer.echo(f"    source: {method['source']}")
    for preset in presets:
        typer.echo(f"{preset['name']}: {preset['summary']}")
        settings = ", ".join(f"{key}={value}" for key, value in preset["settings"].items())
        typer.echo(f"    lime with {settings}")
        typer.echo(f"    source: {preset['source']}")


def show_components(as_json: bool) -> None:
    from auricle.components import KINDS, Product

    classes: list[type[Kind]] = [*KINDS.values(), Product]
    kinds: list[dict[str, Any]] = [
        {"name": each.name, "summary": each.summary, "usage": each.usage, "settings": _settings(each)}
        for each in classes
    ]
    if _json(kinds, as_json):
        return
    for kind in kinds:
        typer.echo(f"{kind['name']}: {kind['summary']}")
        typer.echo(f"    write: {kind['usage']}")
        for setting in kind["settings"]:
            typer.echo(f"    {setting['name']} = {setting['default']}: {setting['meaning']}")


def show_models(as_json: bool) -> None:
    from auricle.models import bundled

    cards = bundled()
    if _json([{"name": name, **card} for name, card in cards.items()], as_json):
        return
    for name, card in cards.items():
        typer.echo(f"{name}: {card['summary']}")
        for key, value in card.items():
            if key != "summary":
                typer.echo(f"    {key.replace('_', ' ')}: {_text(value)}")


def show_metrics(as_json: bool) -> None:
    from auricle.metrics import METRICS

    if _json([metric.to_dict() for metric in METRICS.values()], as_json):
        return
    directions = {True: "higher is better", False: "lower is better", None: "neither is better"}
    for metric in METRICS.values():
        better = directions[metric.higher_is_better]
        typer.echo(f"{metric.name} ({metric.title}): {metric.meaning}")
        typer.echo(f"    {metric.formula}, in {metric.unit or 'no unit'}; {better}")
        for name, meaning in metric.settings.items():
            typer.echo(f"    {name}: {meaning}")
        typer.echo(f"    source: {metric.source}")


def _settings(kind: type[Kind]) -> list[dict[str, Any]]:
    """The settings of a kind of component that can be described; a product has those of its two kinds."""
    from pydantic.fields import FieldInfo

    from auricle.report.record import plain

    described = ((each.name, each.default) for each in dataclasses.fields(kind))  # type: ignore[arg-type]
    return [
        {"name": name, "default": plain(info.default), "meaning": info.description or ""}
        for name, info in described
        if isinstance(info, FieldInfo)
    ]


def _json(value: Any, wanted: bool) -> bool:
    if wanted:
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
    return wanted


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    if isinstance(value, list):
        return "; ".join(_text(each) for each in value)
    return str(value)
