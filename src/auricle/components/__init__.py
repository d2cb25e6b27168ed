"""Components: how a clip is taken apart. Each kind is a class whose fields are its settings; `KINDS` lists them.

Every kind names its parts, keeps their sum (all present is the clip, to 1e-6) and cross-fades their edges.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from auricle.components.bands import Bands
from auricle.components.base import Block, Component, Components
from auricle.components.channels import Channels
from auricle.components.demucs import Demucs
from auricle.components.intervals import Intervals
from auricle.components.kind import Kind, LayerKind, Product, SliceKind
from auricle.components.onsets import Onsets
from auricle.components.patch import Patch
from auricle.components.silence import Silence
from auricle.components.sources import Sources
from auricle.components.superpixels import Superpixels
from auricle.components.tiles import Tiles
from auricle.components.time import Time
from auricle.errors import AuricleError, nearest
from auricle.settings import described

__all__ = [
    "KINDS",
    "Bands",
    "Block",
    "Channels",
    "Component",
    "Components",
    "Demucs",
    "Intervals",
    "Kind",
    "LayerKind",
    "Onsets",
    "Patch",
    "Product",
    "Silence",
    "SliceKind",
    "Sources",
    "Superpixels",
    "Tiles",
    "Time",
    "describe",
    "kind_of",
]

KINDS: dict[str, type[Kind]] = {
    each.name: each
    for each in (Time, Onsets, Silence, Intervals, Bands, Tiles, Superpixels, Sources, Channels, Patch)
}

_COMMA = re.compile(r",(?=\s*[a-z]+\s*(?::|,|$))")
"""The comma of a product; one within a file's name is not followed by the name of a kind."""


def kind_of(text: str | Kind) -> Kind:
    """A kind from its text: ``time:12``, or two with a comma for a product, ``sources:hpss,time:5``.

    >>> kind_of("time:0.5s").seconds
    0.5
    >>> kind_of("silence:8,bands:5").text()
    'bands:5,silence:8'
    """
    if isinstance(text, Kind):
        return text
    parts = [_one(part.strip()) for part in _COMMA.split(text)]
    if len(parts) == 1:
        return parts[0]
    slices = [part for part in parts if isinstance(part, SliceKind)]
    layers = [part for part in parts if isinstance(part, LayerKind)]
    if len(parts) == 2 and len(slices) == 1 and len(layers) == 1:
        return Product(slices[0], layers[0])
    known = ", ".join(sorted(name for name, kind in KINDS.items() if issubclass(kind, SliceKind)))
    others = ", ".join(sorted(name for name, kind in KINDS.items() if issubclass(kind, LayerKind)))
    raise AuricleError(
        f'"{text}" cannot be combined; cross one kind that cuts time ({known}) with one that layers sound ({others}), '
        f"such as {Product.usage}"
    )


def describe() -> list[dict[str, Any]]:
    """Every kind with its usage, meaning and settings, as plain values."""
    return [
        {
            "name": name,
            "usage": kind.usage,
            "summary": kind.summary,
            "meaning": inspect.cleandoc(kind.__doc__ or ""),
            "combines": issubclass(kind, SliceKind | LayerKind),
            "settings": described(kind),
        }
        for name, kind in KINDS.items()
    ]


def _one(text: str) -> Kind:
    name, _, rest = text.partition(":")
    if name not in KINDS:
        raise AuricleError(f'no kind of component is called "{name}"; {nearest(name, KINDS)}')
    return KINDS[name].parse(rest)
