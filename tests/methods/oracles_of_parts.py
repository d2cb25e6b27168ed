"""What tests of components ask their peers: the same parts, with hard edges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def hard_edges() -> Iterator[None]:
    """Within, neighbouring slices and windows are not faded into each other, as peers do not."""
    with (
        mock.patch("auricle.components.kind.FADE_SECONDS", 0.0),
        mock.patch("auricle.components.patch.FADE_SECONDS", 0.0),
    ):
        yield
