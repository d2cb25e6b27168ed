"""Where a data set comes from: how its official layout is read, and how it is fetched or made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from auricle.datasets.dataset import About, Dataset


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file to fetch: its address, its checksum (``md5:…`` or ``sha256:…``) and whether it is unpacked."""

    url: str
    checksum: str
    name: str
    unpack: bool = True


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set that auricle knows by name.

    ``open`` reads its official layout. ``remotes`` are what `fetch` downloads; empty where a data set has to be asked
    for, and ``by_hand`` then says how. ``make`` writes a synthetic one instead.
    """

    name: str
    about: About
    layout: str
    """The official layout in one line, as ``recordings/{digit}_{speaker}_{take}.wav``."""
    open: Callable[[Path], Dataset]
    remotes: tuple[Remote, ...] = ()
    by_hand: str = ""
    make: Callable[..., None] | None = None
