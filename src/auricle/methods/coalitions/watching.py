"""Who wants to know how far a table is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """``heard`` of ``total`` sounds, and about how many ``seconds`` the rest will take (None: not known yet)."""

    heard: int
    total: int
    seconds: float | None


_WATCHER: ContextVar[Callable[[Progress], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watching(watcher: Callable[[Progress], None]) -> Iterator[None]:
    """Within, ``watcher`` is told before a table starts to listen and after every batch."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def tell(heard: int, total: int, seconds: float | None) -> None:
    """Tell whoever watches."""
    watcher = _WATCHER.get()
    if watcher is not None:
        watcher(Progress(heard, total, seconds))
