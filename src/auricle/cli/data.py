"""The command ``auricle data``: which data sets there are, and getting one."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auricle.cli.stopping import stoppable
from auricle.errors import AuricleError, nearest

if TYPE_CHECKING:
    from auricle.datasets.source import Source

data_app = typer.Typer(
    help="Data sets: list them, get, make and check one.", no_args_is_help=True, rich_markup_mode=None
)


@data_app.command("list")
def list_data(json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """List the data sets that can be opened by name: what they are, their licence, their layout."""
    from auricle.datasets.catalogue import SOURCES, home

    found = [_described(source, home() / name) for name, source in SOURCES.items()]
    if json:
        typer.echo(json_.dumps(found, indent=2, ensure_ascii=False))
        return
    for each in found:
        typer.echo(f"{each['name']}: {each['title']}")
        for key in ("licence", "homepage", "layout", "get", "folder"):
            if each[key]:
                typer.echo(f"    {key}: {each[key]}")


@data_app.command()
def get(
    name: Annotated[str, typer.Argument(help="see 'auricle data list'", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="folder to write to; by default where NAME alone finds it", show_default=False)
    ] = None,
) -> None:
    """Download a data set, after saying its licence: verified, unpacked, and resumed where it broke off."""
    from auricle.datasets.catalogue import SOURCES, home
    from auricle.datasets.fetching import fetch

    if name not in SOURCES:
        raise AuricleError(f'there is no data set called "{name}"; {nearest(name, SOURCES)}')
    source, folder = SOURCES[name], (out or home() / name).expanduser()
    _introduce(source)
    with stoppable("what has arrived is kept, and the same command goes on from there"), _bars() as on_progress:
        fetched = fetch(source, folder, on_progress=on_progress)
    said = {
        "published": "verified against the published checksum",
        "remembered": "verified against the checksum of the first download",
        "nothing": "no checksum is published, so this one is remembered for the next time",
    }
    for each in fetched:
        was = "got" if each.new else "already there"
        typer.echo(f"{each.name}: {was}, {each.checksum} ({said[each.checked]})")
    dataset = source.open(folder)
    for note in dataset.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"{len(dataset)} clips in {folder}; use them as {name if out is None else f'{name}:{folder}'}")


def _described(source: Source, folder: Path) -> dict[str, str]:
    how = f"auricle data get {source.name}" if source.remotes else source.by_hand
    return {
        "name": source.name,
        "title": source.about.title,
        "licence": source.about.licence,
        "homepage": source.about.homepage,
        "citation": source.about.citation,
        "layout": source.layout,
        "get": f"auricle data make {source.name}" if source.make else how,
        "folder": str(folder) if folder.is_dir() else "",
    }


def _introduce(source: Source) -> None:
    """The terms and the size, before anything is downloaded."""
    from auricle.datasets.downloading import announced_size, bytes_text

    typer.echo(source.about.title)
    for what in ("licence", "homepage", "citation"):
        if getattr(source.about, what):
            typer.echo(f"    {what}: {getattr(source.about, what)}")
    if source.remotes:
        sizes = [announced_size(each.url) for each in source.remotes]
        known = bytes_text(sum(each or 0 for each in sizes))
        files = f"{len(sizes)} file{'s' if len(sizes) > 1 else ''}"
        unsaid = sum(each is None for each in sizes)
        more = f", {known} without the {unsaid} whose size the server does not say" if unsaid else f", {known}"
        typer.echo(f"    size: {files}{', not said by the server' if unsaid == len(sizes) else more}")


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar for each file on the error stream, where a person is watching."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        tasks: dict[str, object] = {}

        def on_progress(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = shown.add_task(name, total=total)
            shown.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield on_progress
