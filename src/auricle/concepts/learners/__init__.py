"""Learners: how subspaces are found. Each is a class whose fields are its settings; `LEARNERS` lists them by name."""

from __future__ import annotations

import dataclasses
from typing import Any

from auricle.concepts.learners.base import Learner, MomentLearner
from auricle.concepts.learners.concept_count import ConceptCount, choose_concepts
from auricle.concepts.learners.drsa import DRSA, DSA
from auricle.concepts.learners.eigen import PCA, PRCA, GradientPCA, PositivePRCA
from auricle.concepts.learners.nmf import NMF
from auricle.concepts.learners.random_blocks import RandomBlocks
from auricle.errors import AuricleError, nearest

__all__ = [
    "DRSA",
    "DSA",
    "LEARNERS",
    "NMF",
    "PCA",
    "PRCA",
    "ConceptCount",
    "GradientPCA",
    "Learner",
    "MomentLearner",
    "PositivePRCA",
    "RandomBlocks",
    "build_learner",
    "choose_concepts",
]

LEARNERS: dict[str, type[Learner]] = {
    each.name: each for each in (DRSA, PRCA, PositivePRCA, PCA, GradientPCA, DSA, NMF, RandomBlocks)
}


def build_learner(name: str, **settings: Any) -> Learner:
    """A learner by name with its settings, which may be text as a command line gives it.

    >>> build_learner("drsa", concepts="8").settings()["concepts"]
    8
    """
    if name not in LEARNERS:
        raise AuricleError(f'no learner of concepts is called "{name}"; {nearest(name, LEARNERS)}')
    known = [each.name for each in dataclasses.fields(LEARNERS[name])]  # type: ignore[arg-type]
    for key in settings:
        if key not in known:
            raise AuricleError(f'{name} has no setting "{key}"; {nearest(key, known)}')
    return LEARNERS[name](**settings)
