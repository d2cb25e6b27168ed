"""The causal check beside relevance: take a concept out of a layer and see what the network says then."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from auricle.classifier import Classifier
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.tap import tapped
from auricle.concepts.two_step import projectors_of


def without_each(
    classifier: Classifier, samples: Tensor, subspaces: Sequence[Subspaces], *, layer: str
) -> tuple[Tensor, Tensor]:
    """Logits ``[B, C]`` of clips ``[B, n]``, and ``[B, K, C]`` without each concept (the residual last).

    Concept k of a clip's own subspaces is removed from every activation vector of the layer, a ← a - U_k V_kᵀ a; all
    else stays, and the rest of the network runs on. Relevance says what a concept contributed to the score, this what
    the score would be without it; the two differ where the network makes up for what is missing.
    """
    samples = samples.to(classifier.device, classifier.dtype)
    with torch.inference_mode(), classifier.inference():
        features = classifier.frontend(samples)
        with tapped(classifier.network, layer) as tap:
            whole = classifier.logits_from_features(features)
        tap.check_clips(len(samples))
        projectors = projectors_of(subspaces, tap.vectors(tap.said))
        found = []
        for k in range(projectors.shape[1]):
            keep = torch.eye(projectors.shape[-1]).to(samples) - projectors[:, k]

            def take_out(vectors: Tensor, keep: Tensor = keep) -> Tensor:
                return torch.einsum("bli,bij->blj", vectors, keep)  # a ← (1 - P_kᵀ) a, as P_k = V_k U_kᵀ

            with tapped(classifier.network, layer, change=take_out):
                found.append(classifier.logits_from_features(features))
    return whole, torch.stack(found, 1)
