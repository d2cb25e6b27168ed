"""From relevance to sound.

Conventions: masks are 0 (irrelevant) to 1 (kept) on hertz × seconds; sounds are computed in float64 and have exactly
the length of the clip they come from; kept and removed add up to the original.
"""

from auricle.sonify.masking import STYLES, Masking, mask_of
from auricle.sonify.of_regions import sonify_regions
from auricle.sonify.placed import area, mask_on_grid
from auricle.sonify.sounds import Sounds, sonify

__all__ = [
    "STYLES",
    "Masking",
    "Sounds",
    "area",
    "mask_of",
    "mask_on_grid",
    "sonify",
    "sonify_regions",
]
