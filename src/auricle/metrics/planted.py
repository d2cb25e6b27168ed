"""Causes that are known because they were put there, for asking a method whether it finds them.

How they are made is `auricle.datasets.planted_events`, where a corpus of them is made, too.
"""

from __future__ import annotations

from auricle.datasets.backgrounds import noise_background
from auricle.datasets.planted_events import Plant, PlantKind, plant

PLANTS: tuple[PlantKind, ...] = ("tone", "click", "noise")
"""Narrow in frequency, narrow in time, and a patch of both: what `planted_hits` is commonly asked about."""

__all__ = ["PLANTS", "Plant", "PlantKind", "noise_background", "plant"]
