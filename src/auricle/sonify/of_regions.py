"""Regions made audible: boxes or a mask that were found before, instead of relevance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from auricle.axes import Axes
from auricle.clip import Clip
from auricle.errors import AuricleError, nearest
from auricle.frontends import Frontend
from auricle.sonify import masking
from auricle.sonify.boxes import Box, Slice, slices_of
from auricle.sonify.laying import lay, within
from auricle.sonify.masking import Masking
from auricle.sonify.placed import Placed, drawn_slices
from auricle.sonify.sounds import Sounds, apart

if TYPE_CHECKING:
    from auricle.regions.base import Regions

RegionStyle = Literal["mask", "identification", "reconstruction"]
_HEARD_AS: dict[RegionStyle, masking.Style] = {
    "mask": "mask",
    "identification": "bandpass",
    "reconstruction": "griffin-lim",
}


def sonify_regions(
    clip: Clip,
    frontend: Frontend,
    regions: Regions,
    *,
    style: RegionStyle = "mask",
    full_band: bool = False,
    seed: int = 0,
) -> Sounds:
    """The sound within regions (kept) and the rest (removed), both of exactly the clip's length, nothing delayed.

    ``mask`` lays the regions' mask onto the complex STFT and leaves its phase as it was; ``identification`` cuts the
    boxes out with linear-phase band-passes and gates (AudibleXAI's "identification" made right); ``reconstruction``
    throws the phase away and invents one from ``seed`` (Griffin-Lim), so only there do the parts not add up to the
    original. ``full_band`` is as for `sonify`; the notes also hold the regions' own.

    >>> from auricle.frontends import preset
    >>> from auricle.regions.base import Regions
    >>> clip, front = Clip(np.ones(4000), 8000), preset("digits")
    >>> axes = front.axes(4000)
    >>> sounds = sonify_regions(clip, front, Regions(np.ones(axes.shape, np.float32), axes))
    >>> sounds.kept.samples.shape, sounds.notes["style"]
    ((1, 4000), 'mask')
    """
    if style not in get_args(RegionStyle):
        known = get_args(RegionStyle)
        raise AuricleError(f'no way of hearing regions is called "{style}"; {nearest(str(style), known)}')
    if style == "identification" and not regions.boxes and not regions.empty:
        raise AuricleError(
            f'{clip.name}: these regions are a mask without boxes, and "identification" cuts boxes out; hear them with '
            'style="mask", or choose a kind of regions that has boxes, such as rectangles'
        )
    placed = PlacedRegions(clip, frontend, Masking(style=_HEARD_AS[style]), regions, style)
    return apart(placed, full_band=full_band, seed=seed)


@dataclass(frozen=True, eq=False)
class PlacedRegions(Placed):
    """Regions of a clip, heard in one of the styles."""

    regions: Regions
    style: RegionStyle

    def settings(self) -> dict[str, Any]:
        boxes = [box.to_dict() for box in self.regions.boxes]
        return {"style": self.style, "boxes": boxes, "regions": dict(self.regions.notes)}

    def mask(self, onto: Axes) -> np.ndarray:
        if self.style == "identification":
            return drawn_slices(self.slices()[1], onto)
        values, axes = within(self.regions.mask, self.regions.axes, self.clip.seconds)
        return lay(values, axes, onto, reach=self.reach)

    def slices(self) -> tuple[list[Box], list[Slice]]:
        boxes = list(self.regions.boxes)
        return boxes, slices_of(boxes, seconds=self.clip.seconds)
