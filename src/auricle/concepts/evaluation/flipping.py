"""Concept flipping: the patches that the concepts of an explanation name are taken away, and the score is watched.

The better the concepts part what counts from what does not, and one thing that counts from another, the faster the
score falls (Chormai et al. 2022, arXiv 2212.14855, after Samek et al. 2017).
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.classifier import Classifier
from auricle.concepts.evaluation.fills import Fill, Filling, filling_of
from auricle.concepts.evaluation.flipped_curves import FlippedCurves
from auricle.concepts.evaluation.orders import Budget, Order, Schedule, counts_of, places_of, together
from auricle.concepts.evaluation.patches import Cells, Patch, patch_scores
from auricle.errors import AuricleError
from auricle.settings import Readable, settings

NUMBERS_AT_ONCE = {"cpu": 2**16, "cuda": 2**26}
"""Cells that go through the network at once: a processor likes what its cache holds."""


@dataclass(frozen=True, kw_only=True, config=settings)
class ConceptFlipping(metaclass=Readable):
    """Flip patches, those of highest Σ relu(R) first, and hear what is left of the clip.

    At each step every concept flips its own next patches, and what any of them flipped is gone (``union``); so maps
    that name different things take more away, and so do more maps, whatever they name: compare sets of as many, and
    with ``order="random"``. ``matched`` holds the union to as many patches as a single map flips, and compares orders
    alone. ``fill`` is what flipped cells become (``noise`` is drawn from ``seed``). Silence cut into a sound has edges
    that may speak against the class; then a curve falls below its own end, f_T, and whoever reaches the end first gets
    the larger area. ``inpainting`` leaves no edges.
    """

    patch: Patch | Cells = Field(default=Patch(), description="what is flipped at once")
    order: Order = Field(default="most", description="most relevant first, least relevant first, or random")
    budget: Budget = Field(default="union", description="what several concepts flip together")
    schedule: Schedule = Field(default="squares", description="step t flips t² patches, or all steps the same number")
    steps: int = Field(default=16, ge=1, description="how many steps the even schedule has")
    fill: Fill = Field(default="silence", description="what flipped cells become")
    score: Literal["logit", "probability"] = Field(default="logit", description="what is watched")
    seed: int = Field(default=0, ge=0, description="of the order among equal patches, of random orders, of noise")

    def __call__(self, classifier: Classifier, samples: Tensor, maps: Tensor, weights: Tensor) -> FlippedCurves:
        """The curves of clips ``samples [B, n]``, as a classifier hears them.

        maps: ``[B, K, F, T]`` on the axes of its features, positive for the target; K = 1 for a plain explanation.
        weights: ``[B, C]`` over its logits (`Classifier.target_weights`): a class, or one class minus another.
        """
        samples = samples.to(classifier.device, classifier.dtype)
        with torch.inference_mode(), classifier.inference():
            heard = _Heard(classifier, samples)
            _check(maps, weights, heard.maps, len(classifier.labels))
            labels = self.patch.lay(classifier.frontend.axes(samples.shape[-1]))
            if labels.max() == 0:
                raise AuricleError(f"{self.patch} holds all of the map, so there is no order; flip smaller patches")
            places = together(places_of(patch_scores(maps, labels), self.order, self.seed), self.budget)
            counts = counts_of(places.shape[1], self.schedule, self.steps)
            filling = filling_of(self.fill, classifier, samples, self.seed)
            values = self._watch(heard, filling, places, counts, torch.as_tensor(labels), weights)
            gone = (places[:, None] < counts[:, None]).double().mean(-1)
        return FlippedCurves((counts.double() / counts[-1]).numpy(), values.numpy(), gone.numpy())

    def _watch(
        self, heard: _Heard, filling: Filling, places: Tensor, counts: Tensor, labels: Tensor, weights: Tensor
    ) -> Tensor:
        """The score of every clip after every step, ``[B, S + 1]`` float64: all of them rows of one long batch."""
        device, steps = heard.maps.device, len(counts)
        places, counts, labels = places.to(device), counts.to(device), labels.to(device)
        weights = weights.to(heard.maps)
        at_once = max(NUMBERS_AT_ONCE.get(device.type, NUMBERS_AT_ONCE["cpu"]) // heard.maps[0].numel(), 1)
        scores = []
        for rows in torch.arange(len(places) * steps, device=device).split(at_once):
            clips = rows // steps
            flipped = (places[clips] < counts[rows % steps, None])[:, labels.flatten()]
            maps = heard.maps[clips]
            logits = heard.logits(filling(maps, flipped.reshape(maps.shape), clips))
            said = heard.classifier.probabilities(logits) if self.score == "probability" else logits
            scores.append((said * weights[clips]).sum(1).double().cpu())
        return torch.cat(scores).reshape(-1, steps)


class _Heard:
    """Clips as maps ``[B, F, T]``, and the way from such maps to logits, whatever layout the network wants."""

    def __init__(self, classifier: Classifier, samples: Tensor) -> None:
        features = classifier.frontend(samples)
        self.classifier, self.shape = classifier, features.shape[1:]
        self.maps = classifier.frontend.to_map(features)
        numbers = torch.arange(features[0].numel(), device=features.device).reshape(1, *self.shape)
        self._cells = classifier.frontend.to_map(numbers).flatten()

    def logits(self, maps: Tensor) -> Tensor:
        features = torch.empty_like(maps).flatten(1)
        features[:, self._cells] = maps.flatten(1)
        return self.classifier.logits_from_features(features.reshape(-1, *self.shape))


def _check(maps: Tensor, weights: Tensor, heard: Tensor, classes: int) -> None:
    wanted = (len(heard), *heard.shape[1:])
    if maps.ndim != heard.ndim + 1 or (len(maps), *maps.shape[2:]) != wanted:
        raise AuricleError(
            f"maps of shape {tuple(maps.shape)} do not fit what the classifier hears, {wanted}; give "
            "[clips, concepts, ...] on the axes of its features"
        )
    if tuple(weights.shape) != (len(heard), classes):
        raise AuricleError(
            f"weights of shape {tuple(weights.shape)} do not fit {len(heard)} clips and {classes} classes; see "
            "Classifier.target_weights"
        )
    if not torch.isfinite(maps).all():
        raise AuricleError("some relevance is NaN or infinite, so patches have no order; check the explanation")
