"""How alike concepts of two layers, or of two models, are in what they explain at the input.

Layers of different width have no directions in common, but their concepts explain the same clips, and at the input
their relevance maps lie on the same cells. All concepts look much like the whole explanation, random ones most of all;
so what counts is what is left of a map without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.concepts.concepts import Concepts
from auricle.concepts.evaluation.judging import AT_ONCE, Heard, random_like, shares_of
from auricle.concepts.similarity import check_as_many, matching
from auricle.errors import AuricleError

ROUNDING = 1e-4
"""What is left of a map is nothing where it is smaller than this share of the map."""


@dataclass(frozen=True, eq=False)
class InputSimilarity:
    """How alike the K concepts of a class are to K others, over N clips.

    cosines: of every concept with every other one in each clip, ``[N, K, K]``, from -1 to 1. partners: of each concept
    its partner among the others. chance: cosines of matched pairs with random subspaces in place of the others, each
    a mean over clips, ``[draws, K]``.
    """

    cosines: np.ndarray
    partners: tuple[int, ...]
    chance: np.ndarray

    @property
    def clips(self) -> np.ndarray:
        """The cosine of every matched pair in each clip, ``[N, K]``."""
        return self.cosines[:, np.arange(len(self.partners)), list(self.partners)]

    @property
    def concepts(self) -> np.ndarray:
        """The same for each concept, mean over clips, ``[K]``."""
        return self.clips.mean(0)

    @property
    def mean(self) -> float:
        """The same over all concepts; compare it with ``chance.mean()``."""
        return float(self.clips.mean())


def input_similarity(
    classifier: Classifier,
    heard: Heard,
    first: Concepts,
    second: Concepts,
    *,
    second_classifier: Classifier | None = None,
    draws: int = 5,
    seed: int = 0,
    on_clips: Callable[[int], None] | None = None,
) -> dict[str, InputSimilarity]:
    """How alike two fits are at the input of the network, for each class among the clips.

    With R_k the map of concept k at the input for the clip's own class, R the whole explanation, and what is left
    without it, E_k = R_k - (R_k . R / R . R) R, the similarity of concepts k and l is the mean over clips of
    cos(E_k, E'_l). Concepts are matched for the largest sum of it (Hungarian algorithm, Kuhn 1955). It is 1 for the
    same concepts, in whatever basis and order; a map that is only a share of the whole is like no other, with 0.

    first: of ``classifier``, which ``heard`` was made with (`hear`). second: of any layer of the same classifier or of
    ``second_classifier``, which must hear as long a sound through the same front end. Both need equally many concepts
    of a class, at least 2; residuals are left out. draws: sets of random subspaces of the second layer, with the sizes
    of ``second``, for chance. on_clips: told so many clips, as they are done.
    """
    other = second_classifier or classifier
    _check(classifier, other, first, second)
    labels = list(dict.fromkeys(heard.labels))
    for label in labels:
        check_as_many(first[label], second[label])
        if len(first[label]) < 2:
            raise AuricleError(f"{label} has a single concept, which is the whole explanation; fit at least 2")
    controls = random_like(second, draws=draws, seed=seed)
    found = {}
    for label in labels:
        parts = []
        for samples in heard.samples[torch.as_tensor(heard.rows(label))].split(AT_ONCE):
            own = _left(classifier, first, samples, label)
            others = [_left(other, each, samples, label) for each in (second, *controls)]
            parts.append(torch.stack([own @ each.mT for each in others]))
            if on_clips is not None:
                on_clips(len(samples))
        cosines, *random = torch.cat(parts, 1)
        chance = [each.mean(0)[range(len(own[0])), matching(each.mean(0))] for each in random]
        found[label] = InputSimilarity(cosines.numpy(), tuple(matching(cosines.mean(0))), torch.stack(chance).numpy())
    return found


def _check(classifier: Classifier, other: Classifier, first: Concepts, second: Concepts) -> None:
    first.check(classifier)
    second.check(other)
    if (classifier.frontend, classifier.length) != (other.frontend, other.length):
        raise AuricleError(
            f"{classifier.name} and {other.name} do not hear the same input: their front ends or lengths differ, and "
            "so do the cells of their maps; compare models with the same front end and length"
        )


def _left(classifier: Classifier, concepts: Concepts, samples: Tensor, label: str) -> Tensor:
    """E_k / |E_k| of each clip and concept, ``[B, K, cells]``; zero where nothing is left."""
    maps, whole = shares_of(classifier, concepts, samples, label, concepts[label])
    maps, whole = maps.flatten(2).double(), whole.flatten(1)[:, None].double()
    along = (maps * whole).sum(2, keepdim=True) / whole.square().sum(2, keepdim=True).clamp_min(1e-300)
    left = maps - along * whole
    norm = left.norm(dim=2, keepdim=True)
    return torch.where(norm > ROUNDING * maps.norm(dim=2, keepdim=True), left / norm, 0.0)
