"""``auricle interpreter``: training networks that explain a model, looking at them, and judging how true they are."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

interpreter_app = typer.Typer(
    help="Interpreters: networks that are trained once to explain a model, and then explain any clip at once.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="a folder of 'auricle interpreter train'", show_default=False)
]
Model = Annotated[str | None, typer.Option(help="the model, where it has moved")]
Data = Annotated[str | None, typer.Option(help="the data set; by default what the model was trained on")]
Task = Annotated[str | None, typer.Option(help="its label column, where several fit the model")]
Split = Annotated[str | None, typer.Option(help="how the data set is split, where the model does not say")]
Fold = Annotated[str | None, typer.Option(help="which fold of the split")]
Part = Annotated[str, typer.Option(help="test, validate or train")]
Seed = Annotated[int, typer.Option(help="of every random draw")]
Json = Annotated[bool, typer.Option("--json", help="as JSON")]


@interpreter_app.command()
def kinds(json: Json = False) -> None:
    """List the kinds of interpreters with their settings, and presets: kinds as published for a data set."""
    from auricle.interpreters.opening import kinds as known
    from auricle.interpreters.presets import PRESETS
    from auricle.settings import described

    if json:
        found = [
            {"name": name, "summary": each.summary, "source": each.source, "settings": described(each.Settings)}
            for name, each in known().items()
        ]
        found += [{"name": name, **asdict(each)} for name, each in PRESETS.items()]
        typer.echo(json_.dumps(found, indent=2, ensure_ascii=False))
        return
    for name, kind in known().items():
        typer.echo(f"{name}: {kind.summary}\n    source: {kind.source}")
        for setting in described(kind.Settings):
            typer.echo(f"    {setting['name']}={setting['default']}: {setting['meaning']}")
    for name, preset in PRESETS.items():
        shown = ", ".join(f"{key}={_shown_value(value)}" for key, value in preset.settings.items())
        typer.echo(f"{name}: {preset.summary}\n    source: {preset.source}\n    {preset.kind} with {shown}")


def _shown_value(value: Any) -> str:
    """As a person would write it after --set or --layers."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


@interpreter_app.command()
def train(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="a kind or preset of 'auricle interpreter kinds'", show_default=False)
    ],
    model: Annotated[str, typer.Option(help="the model to explain: bundled, a folder, hf:NAME or module:name")],
    data: Data = None,
    out: Annotated[
        Path, typer.Option(help="folder to write to; the same command goes on where it was interrupted")
    ] = Path("auricle-interpreter"),
    layers: Annotated[
        str | None, typer.Option(metavar="A,B", help="layers that are read, see 'auricle layers MODEL'")
    ] = None,
    dictionary: Annotated[
        Path | None, typer.Option(metavar="DIR", help="l2i: a dictionary that was learnt before, instead of a new one")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="a setting of the kind, as epochs=10")
    ] = None,
    task: Task = None,
    split: Split = None,
    fold: Fold = None,
    seconds: Annotated[
        float | None, typer.Option(help="length of training windows, for a model that pads nothing")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    seed: Seed = 0,
) -> None:
    """Train an interpreter on the clips that trained the model."""
    from auricle.cli.choosing import settings_of
    from auricle.cli.explaining import check_writable
    from auricle.cli.interpreter_figures import figure_title
    from auricle.cli.stopping import stoppable
    from auricle.cli.training import RESUMES, training_bars
    from auricle.training.interpreting import InterpreterOrder, is_trained, train_interpreter

    settings = settings_of(set_ or [])
    if layers is not None:
        settings["layers"] = layers
    order = InterpreterOrder(
        kind=kind,
        model=model,
        settings=settings,
        data=data,
        task=task,
        scheme=split,
        fold=fold,
        dictionary=dictionary,
        seconds=seconds,
        seed=seed,
        device=device,
    )
    order.built()
    check_writable(out)
    there = is_trained(out)
    with stoppable(RESUMES), training_bars() as told:
        found = train_interpreter(order, out, watch=lambda what, done, of: told(kind, what, done, of))
    best = found.history[found.facts["best_epoch"]]
    figures = ", ".join(
        f"{figure_title(name.removeprefix('validate_'))} {value:.3f}"
        for name, value in best.items()
        if name.startswith("validate_")
    )
    if there:
        typer.echo(f"{out} holds this training already, so nothing was trained:")
    clips, seconds_taken = found.facts["clips"], found.facts["seconds"]
    typer.echo(
        f"{found.kind} for {found.subject.name}: {found.facts['parameters']:,} parameters, {len(found.history)} epochs "
        f"of {clips['train']} clips in {seconds_taken / 60:.1f} min; the best is epoch {found.facts['best_epoch'] + 1}"
    )
    if figures:
        typer.echo(f"  on {clips['validate']} validation clips: {figures}")
    if left_out := found.facts.get("left_out"):
        many = f"{left_out} clip{'s' if left_out > 1 else ''}"
        typer.echo(f"auricle: {many} left out; the first: {found.facts.get('left_out_because')}", err=True)
    typer.echo(f"  {out}\n  next: auricle explain CLIP --model {model} --method {found.kind}:{out}")


@interpreter_app.command()
def evaluate(
    folder: Folder,
    model: Model = None,
    data: Data = None,
    task: Task = None,
    split: Split = None,
    fold: Fold = None,
    part: Part = "test",
    removed: Annotated[
        int, typer.Option(help="clips of which each component is taken out alone, for interpreters in components")
    ] = 20,
    legacy: Annotated[bool, typer.Option("--legacy", help="the published areas, of eleven thresholds")] = False,
    seed: Seed = 0,
) -> None:
    """Judge an interpreter on clips it has not heard: does it say what the model says, and from what matters to it?"""
    from auricle.cli.interpreter_judged import judge_interpreter

    judge_interpreter(
        folder,
        model=model,
        data=data,
        task=task,
        split=split,
        fold=fold,
        part=part,
        removed=removed,
        legacy=legacy,
        seed=seed,
    )


@interpreter_app.command()
def show(
    folder: Folder,
    model: Model = None,
    data: Data = None,
    task: Task = None,
    split: Split = None,
    fold: Fold = None,
    part: Part = "test",
    per_class: Annotated[int, typer.Option(help="at most so many clips of each class")] = 20,
    out: Annotated[Path | None, typer.Option(help="folder of the page; by default DIR/pages")] = None,
    seed: Seed = 0,
) -> None:
    """See and hear what an L2I interpreter has learnt: which components speak for which class."""
    from auricle.cli.interpreter_shown import show_interpreter

    show_interpreter(
        folder,
        model=model,
        data=data,
        task=task,
        split=split,
        fold=fold,
        part=part,
        per_class=per_class,
        out=out,
        seed=seed,
    )
