"""What a concept is: its best examples, its numbers over many clips, and which classes it serves."""

from auricle.concepts.gallery.gallery import Gallery, load_gallery
from auricle.concepts.gallery.gathering import gather
from auricle.concepts.gallery.map_statistics import MapStatistics, map_statistics
from auricle.concepts.gallery.prototypes import Prototype, Rank

__all__ = ["Gallery", "MapStatistics", "Prototype", "Rank", "gather", "load_gallery", "map_statistics"]
