"""The commands ``auricle data make`` and ``auricle data check``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from auricle.cli.data import data_app
from auricle.cli.stopping import stoppable
from auricle.errors import AuricleError, nearest

NAMED = 40
"""So many findings are printed; all are in the files."""


@data_app.command("make")
def make_command(
    name: Annotated[str, typer.Argument(help="digits-synth, planted or mixtures", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="folder to write to; by default where NAME alone finds it", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(help="of every random draw")] = 0,
    takes: Annotated[int | None, typer.Option(help="digits-synth: of each digit by each speaker, 2 by default")] = None,
    speakers: Annotated[int | None, typer.Option(help="digits-synth: how many, 60 by default")] = None,
    preset: Annotated[str | None, typer.Option(help="planted: events (the default) or drsa")] = None,
    clips: Annotated[
        int | None, typer.Option(help="planted: how many, 1000 by default (drsa: 4000); mixtures: 2000 by default")
    ] = None,
    background: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="planted: a recording to plant into, instead of noise")
    ] = None,
    noise: Annotated[float | None, typer.Option(help="planted, drsa: level of its noise, 0.01 by default")] = None,
    published: Annotated[
        bool, typer.Option("--published", help="planted, drsa: with the published code's slips")
    ] = False,
    from_: Annotated[
        list[str] | None, typer.Option("--from", metavar="DATA", help="mixtures: a data set to mix recordings of")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="mixtures: of the data sets' labels only these")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="mixtures: length of a clip, 2 by default")] = None,
    single: Annotated[float | None, typer.Option(help="mixtures: share with one source, 0.4 by default")] = None,
    snr: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="LOW HIGH", help="mixtures: dB of the first source over the second, -6 6 by default"),
    ] = None,
    apart: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="mixtures: a data set whose labels never meet each other")
    ] = None,
) -> None:
    """Make a data set: spoken digits in AudioMNIST's layout, sounds with known causes, or mixtures of recordings."""
    from auricle.datasets.catalogue import SOURCES, home

    makers = {source.name: source.make for source in SOURCES.values() if source.make is not None}
    if name not in makers:
        raise AuricleError(f'no data set called "{name}" can be made; {nearest(name, makers)}')
    folder = (out or home() / name).expanduser()
    said = {
        "takes": takes, "speakers": speakers, "preset": preset, "clips": clips, "backgrounds": background,
        "noise": noise, "published": published or None, "sources": from_, "seconds": seconds, "single": single,
        "snr": snr, "apart": apart, "labels": [each.strip() for each in labels.split(",")] if labels else None,
    }  # fmt: skip
    settings = _accepted(name, makers[name], {key: value for key, value in said.items() if value is not None})
    with stoppable("the same command makes it whole"):
        _with_bar(f"making {name}", lambda on_step: makers[name](folder, seed=seed, on_step=on_step, **settings))
    dataset = SOURCES[name].open(folder)
    typer.echo(f"{len(dataset):,} clips in {folder}; use them as {name if out is None else f'{name}:{folder}'}")


@data_app.command("check")
def check_command(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="a folder, a table of clips, NAME or NAME:FOLDER", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="folder to write to")] = Path("auricle-check"),
) -> None:
    """Hear every clip once and say what is wrong: broken, cut, silent, clipped, twice there, leaking into the test."""
    from auricle.datasets.checking import check_dataset, open_to_check
    from auricle.report.dataset import write_check

    dataset = open_to_check(data)
    with stoppable("nothing was written"):
        checked = _with_bar(f"hearing {dataset.name}", lambda on_step: check_dataset(dataset, on_step=on_step))
    page = write_check(out, checked)
    for each in checked.findings[:NAMED]:
        typer.echo(f"{each.severity}: {each.sentence}")
    if len(checked.findings) > NAMED:
        typer.echo(f"and {len(checked.findings) - NAMED:,} more findings, in {out / 'findings.csv'}")
    errors = len(checked.errors)
    typer.echo(f"{len(checked.facts):,} clips heard, {errors or 'no'} error{'' if errors == 1 else 's'}: {page}")
    if errors:
        raise typer.Exit(1)


def _accepted(name: str, make: Callable[..., None], said: dict[str, Any]) -> dict[str, Any]:
    """The settings that were given; one that another data set has is told in a sentence."""
    known = set(inspect.signature(make).parameters)
    foreign = next((key for key in said if key not in known), None)
    if foreign is not None:
        flag = {"backgrounds": "background", "sources": "from"}.get(foreign, foreign)
        raise AuricleError(f"{name} has no --{flag}; leave it out (see 'auricle data make --help')")
    return said


def _with_bar(what: str, work: Callable[[Callable[[int, int], None]], Any]) -> Any:
    """Work that says how far it is, under a bar where a person is watching."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=None)
        return work(lambda done, total: shown.update(task, completed=done, total=total))
