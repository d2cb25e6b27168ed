"""Progress on the error stream, and only where a person is watching or the work is long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(total: int | None, what: str) -> Iterator[Progress]:
    """A bar with ``total`` steps; ``advance`` its only task by ``bar.advance(bar.task_ids[0])``."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(what, total=total)
        yield bar
