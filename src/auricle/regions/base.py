"""What a region is, and what finds regions: a frozen dataclass whose fields are its settings, called on a map.

A new kind is one class in one file, listed in ``auricle/regions/__init__.py``.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from auricle.axes import Axes
from auricle.settings import Readable
from auricle.sonify.boxes import Box


@dataclass(frozen=True, eq=False)
class Regions:
    """The relevant part of one map.

    mask: ``[F, T]`` float32, 0 (not relevant) to 1, on ``axes``; boxes: the same in hertz and seconds, each the bounds
    of one region (overlapping ones are allowed); a soft mask has none. notes: what was done, in plain values.
    """

    mask: np.ndarray
    axes: Axes
    boxes: tuple[Box, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing was found."""
        return not self.mask.any()


class RegionKind(metaclass=Readable):
    """How regions are found in relevance. Subclasses are frozen (pydantic) dataclasses; their fields are settings."""

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]

    @abstractmethod
    def __call__(self, relevance: np.ndarray, axes: Axes, *, seconds: float | None = None) -> Regions:
        """Regions of ``relevance [F, T]`` on ``axes``, signed; what lies beyond the clip's ``seconds`` is padding."""

    def settings(self) -> dict[str, Any]:
        """All fields as plain values."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}  # type: ignore[arg-type]


def drawn(boxes: tuple[Box, ...], axes: Axes) -> np.ndarray:
    """The union of boxes as a mask ``[F, T]`` (float32) of 0 and 1: the bins whose centres lie in one of them."""
    mask = np.zeros(axes.shape, np.float32)
    hertz, seconds = axes.hertz_centres, axes.seconds_centres
    for box in boxes:
        rows = (hertz >= box.low) & (hertz <= box.high)
        columns = (seconds >= box.start) & (seconds <= box.end)
        mask[np.ix_(rows, columns)] = 1.0
    return mask
