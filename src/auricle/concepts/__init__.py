"""Concepts: what a model has learned, as subspaces of a layer that carry its decisions.

Conventions: activations a and contexts c are vectors ``[..., d]`` of a layer's d channels with relevance a ⊙ c; K
concepts are counted from 0 in Python and from 1 where a person reads; maps are ``[K, F, T]`` on hertz × seconds.
"""

from auricle.concepts.concepts import Concepts, load_concepts
from auricle.concepts.explained import ConceptExplanation, explain_concepts
from auricle.concepts.fitting import fit_concepts
from auricle.concepts.layers import Layer, layers
from auricle.concepts.removing import without_each
from auricle.concepts.sampling import Sampling
from auricle.concepts.similarity import consensus, match, similarity, stability
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.tree import Branching, concept_tree
from auricle.concepts.two_step import ConceptAttribution, take_apart

__all__ = [
    "Branching",
    "ConceptAttribution",
    "ConceptExplanation",
    "Concepts",
    "Layer",
    "Sampling",
    "Subspaces",
    "concept_tree",
    "consensus",
    "explain_concepts",
    "fit_concepts",
    "layers",
    "load_concepts",
    "match",
    "similarity",
    "stability",
    "take_apart",
    "without_each",
]
