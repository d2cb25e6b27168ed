"""Concepts of the bundled model that need no fit: random subspaces of its last convolution, some with names."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch

import auricle
from auricle import demo
from auricle.concepts.concepts import Concepts
from auricle.concepts.explained import ConceptExplanation, explain_concepts
from auricle.concepts.gallery import Gallery, gather
from auricle.concepts.subspaces import Subspaces
from auricle.methods import build

LAYER = "features.14"
ATTACK = '</script><img src=x onerror="window.broken=1"><b>\'{{7*7}}'


@cache
def classifier() -> auricle.Classifier:
    return auricle.load_classifier("digits")


@cache
def clips() -> dict[str, auricle.Clip]:
    """The demo clips by the names that they have in a gallery."""
    return {clip.name: clip for clip in map(auricle.load_clip, demo.clips())}


def heard(clip: auricle.Clip) -> str:
    """What the model takes a clip for."""
    model = classifier()
    return model.prediction(model.logits(model.windows(clip).samples)).label


@cache
def concepts() -> Concepts:
    """Three concepts and a residual for every digit that is in the demo clips."""
    found = {}
    for number, label in enumerate(dict.fromkeys(heard(clip) for clip in clips().values())):
        draw = torch.randn(160, 160, generator=torch.Generator().manual_seed(number))
        found[label] = Subspaces(torch.linalg.qr(draw).Q[:, :150], (50, 50, 50), statistics={"learner": "random"})
    first, second = list(found)[:2]
    return (
        Concepts.of(classifier(), LAYER, build("lrp"), found, fitted_on={"data": "demo", "seed": 0})
        .named(first, 1, "hiss")
        .named(second, 2, ATTACK)
    )


@cache
def explained() -> ConceptExplanation:
    return explain_concepts(next(iter(clips().values())), classifier(), concepts())


@cache
def with_negative() -> ConceptExplanation:
    """The same maps, but what the first concept claims too much the second takes back."""
    maps = explained().maps.copy()
    maps[0], maps[1] = maps[0] + 2 * np.abs(maps[1]), maps[1] - 2 * np.abs(maps[1])
    return replace(explained(), maps=maps)


@cache
def hostile() -> ConceptExplanation:
    """A clip and a concept whose names try to break out of every place where they are written."""
    model, first = classifier(), next(iter(clips().values()))
    named = concepts().named(heard(first), 2, ATTACK)
    return explain_concepts(auricle.Clip(first.samples, first.sample_rate, ATTACK), model, named)


@cache
def gallery() -> Gallery:
    return gather(classifier(), concepts(), [(clip, heard(clip)) for clip in clips().values()])
