"""Whether the fastest way of listening may be found by trying, or the same way is taken every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_REPEATABLE: ContextVar[bool] = ContextVar("repeatable", default=False)


@contextmanager
def repeatable() -> Iterator[None]:
    """Within, nothing that is timed decides how a table listens, so that results are the same bit for bit.

    Batches have their usual size and no cut of the network is chosen by what it saves; that may be slower.
    """
    token = _REPEATABLE.set(True)
    try:
        yield
    finally:
        _REPEATABLE.reset(token)


def is_repeatable() -> bool:
    """Whether nothing that is timed may decide."""
    return _REPEATABLE.get()
