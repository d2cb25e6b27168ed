"""Ctrl-C ends the work with one line that says what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def stoppable(said: str = "what was already written is complete") -> Iterator[None]:
    """Files are written whole or not at all, so stopping is no accident; ``said`` is what a person should know."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"auricle: stopped; {said}", err=True)
        raise typer.Exit(130) from None
