"""Progress on the error stream, where a person is watching."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Bar:
    """A bar of so many steps; what is said meanwhile stands on lines of its own."""

    def __init__(self, progress: Progress, total: int, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=total)

    def step(self) -> None:
        self._progress.advance(self._task)

    def describe(self, what: str) -> None:
        self._progress.update(self._task, description=what)

    def say(self, text: str, *, err: bool = False) -> None:
        self._progress.stop()
        typer.echo(text, err=err)
        if not self._progress.disable:
            self._progress.start()


@contextmanager
def progress(total: int, what: str) -> Iterator[Bar]:
    """A `Bar` on the error stream, which is silent unless that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield Bar(shown, total, what)
