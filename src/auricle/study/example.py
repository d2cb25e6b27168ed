"""A config to begin with: every key with its default and a comment."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).parent / "example.yaml"


def example() -> str:
    """The text of a commented config, which reads back as the defaults but for FSDD's own split.

    >>> example().splitlines()[0][:9]
    '# A study'
    """
    return FILE.read_text(encoding="utf-8")
