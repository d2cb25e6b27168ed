"""Progress on the error stream, where a person is watching."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from auricle.methods.coalitions.watching import Progress as Listening

PATIENCE = 2.0
"""Listening that takes longer than these seconds is told."""


class Bar:
    """A bar of so many steps; what is said meanwhile stands on lines of its own."""

    def __init__(self, progress: Progress, total: int, what: str) -> None:
        self._progress = progress
        self._what = what
        self._begun = 0.0
        self._task = progress.add_task(what, total=total)

    def step(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def describe(self, what: str) -> None:
        self._what = what
        self._progress.update(self._task, description=what)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Says for a while what is being done, after what the bar says anyway."""
        before = self._what
        self.describe(f"{before}, {what}")
        try:
            yield
        finally:
            self.describe(before)

    def hears(self, how_far: Listening) -> None:
        """How far a coalition table is; told before it starts and while it listens, if that takes long."""
        now = time.monotonic()
        if how_far.heard == 0 or not self._begun:
            self._begun = now
        done = how_far.heard >= how_far.total
        long = now - self._begun + (how_far.seconds or 0.0) > PATIENCE
        text = listening_text(how_far)
        self._progress.update(self._task, description=f"{self._what}: {text}" if long and not done else self._what)
        if done:
            self._begun = 0.0

    def say(self, text: str, *, err: bool = False) -> None:
        self._progress.stop()
        typer.echo(text, err=err)
        if not self._progress.disable:
            self._progress.start()


def listening_text(how_far: Listening) -> str:
    """How far a table is, in words.

    >>> listening_text(Listening(1234, 4096, 12.3)), listening_text(Listening(0, 4096, None))
    ('hearing 1,234 of 4,096, about 12 s left', 'hearing 4,096 sounds')
    """
    if how_far.heard == 0:
        text = f"hearing {how_far.total:,} sounds"
        return text if how_far.seconds is None else f"{text}, about {duration_text(how_far.seconds)}"
    text = f"hearing {how_far.heard:,} of {how_far.total:,}"
    return text if how_far.seconds is None else f"{text}, about {duration_text(how_far.seconds)} left"


def duration_text(seconds: float) -> str:
    """A time to wait.

    >>> duration_text(0.4), duration_text(12.3), duration_text(200)
    ('1 s', '12 s', '3 min')
    """
    return f"{max(round(seconds), 1)} s" if seconds < 100 else f"{round(seconds / 60)} min"


@contextmanager
def progress(total: int, what: str) -> Iterator[Bar]:
    """A `Bar` on the error stream, which is silent unless that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield Bar(shown, total, what)
