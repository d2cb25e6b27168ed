"""What there is: methods, models, metrics; for a person or as JSON."""

from __future__ import annotations

import json
from typing import Any

import typer


def show_methods(as_json: bool) -> None:
    from auricle.methods import describe

    if _json(describe(), as_json):
        return
    for method in describe():
        typer.echo(f"{method['name']}: {method['summary']}")
        for setting in method["settings"]:
            typer.echo(f"    {setting['name']} = {setting['default']}: {setting['meaning']}")
        typer.echo(f"    source: {method['source']}")


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
