"""How good concepts are: do they find what counts, tell it apart, keep to their class, and match what is truly there?

Conventions: concept maps are ``[B, K, F, T]`` on the axes of the network's features, positive for the target; wherever
maps come from, they are numbers here. One clip is one unit of every interval, or its group where groups are known.
"""

from auricle.concepts.evaluation.comparison import Compared, Setting, compare, comparison_table
from auricle.concepts.evaluation.disentangled import Disentangled, Estimate, disentangled
from auricle.concepts.evaluation.fills import inpainted
from auricle.concepts.evaluation.flipped_curves import FlippedCurves, aupc
from auricle.concepts.evaluation.flipping import ConceptFlipping
from auricle.concepts.evaluation.input_similarity import InputSimilarity, input_similarity
from auricle.concepts.evaluation.inter_class import InterClass, inter_class
from auricle.concepts.evaluation.intervals import difference, interval
from auricle.concepts.evaluation.judging import (
    Heard,
    between_classes,
    flipped,
    hear,
    random_like,
    shares_of,
    told_apart,
    unequal,
)
from auricle.concepts.evaluation.match_scores import MEASURES, masked_sounds
from auricle.concepts.evaluation.patches import Cells, Patch
from auricle.concepts.evaluation.planted_clips import PlantedClip, object_masks, planted_clips
from auricle.concepts.evaluation.planted_match import PlantedMatch, match_table, planted_match
from auricle.metrics.si_sdr import si_sdr

__all__ = [
    "MEASURES",
    "Cells",
    "Compared",
    "ConceptFlipping",
    "Disentangled",
    "Estimate",
    "FlippedCurves",
    "Heard",
    "InputSimilarity",
    "InterClass",
    "Patch",
    "PlantedClip",
    "PlantedMatch",
    "Setting",
    "aupc",
    "between_classes",
    "compare",
    "comparison_table",
    "difference",
    "disentangled",
    "flipped",
    "hear",
    "inpainted",
    "input_similarity",
    "inter_class",
    "interval",
    "masked_sounds",
    "match_table",
    "object_masks",
    "planted_clips",
    "planted_match",
    "random_like",
    "shares_of",
    "si_sdr",
    "told_apart",
    "unequal",
]
