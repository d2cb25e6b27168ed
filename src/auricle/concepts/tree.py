"""Concept trees: which concepts of an early layer a late layer's concepts are made of.

A share of the late layer is followed down to the early one, where it arrives as a context c_k, and is shared out there:
R_kl = aᵀ P_l c_k. All is linear, so Σ_k R_kl is the early concept's own relevance, and Σ_l of the maps that of the late
one (Chormai et al. 2022 take explanations apart at one layer; this is the same twice).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.tap import context_of, tapped
from auricle.concepts.two_step import follow_down, one_pass_method, projectors_of
from auricle.errors import AuricleError
from auricle.methods import Method
from auricle.methods.point import Point


@dataclass(frozen=True, eq=False)
class Branching:
    """K concepts of a late layer in the shares of L concepts of an early one, for a batch of B clips.

    late: Σ R_k at the late layer, ``[B, K]``. shares: R_kl at the early layer, ``[B, K, L]``. What ``late`` has more
    than ``shares.sum(2)`` biases between the layers have taken up, or it goes around the early layer. maps: of each
    branch, ``[B, K, L, F, T]`` or ``[B, K, L, N]``.
    """

    late: Tensor
    shares: Tensor
    maps: Tensor


def concept_tree(
    classifier: Classifier,
    samples: Tensor,
    weights: Tensor,
    late: Sequence[Subspaces],
    early: Sequence[Subspaces],
    *,
    layers: tuple[str, str],
    method: Method,
    level: Level = "features",
) -> Branching:
    """Follow each concept of the late layer through those of the early one, to the input.

    samples: ``[B, n]``. weights: over the logits, ``[B, C]``. late, early: each clip's subspaces at ``layers``, the
    names of the late layer and of the early one. Raises `AuricleError` if the late layer does not hear the early one.
    """
    method = one_pass_method(method)
    method.check(classifier)
    samples = samples.to(classifier.device, classifier.dtype)
    with torch.inference_mode(False), torch.enable_grad(), classifier.inference():
        point = Point(classifier, samples, level)
        with tapped(classifier.network, layers[0]) as above, tapped(classifier.network, layers[1]) as below:
            run = method.one_pass(point, weights.to(samples))
        context = above.vectors(context_of(above, run.value, run.seeds))
        shared = torch.einsum("bkij,blj->kbli", projectors_of(late, above.activation), context)
        total = torch.einsum("bli,kbli->bk", above.activation, shared)
        run.keep()
        try:
            arriving = below.vectors(follow_down(above.carrier, below.carrier, above.shaped(shared)))
        except RuntimeError as error:
            raise AuricleError(
                f'the layer "{layers[0]}" does not hear the layer "{layers[1]}"; name the late layer first'
            ) from error
        branches = torch.einsum("bmij,kblj->kmbli", projectors_of(early, below.activation), arriving)
        shares = torch.einsum("bli,kmbli->bkm", below.activation, branches)
        count = branches.shape[:2]
        each = follow_down(below.carrier, run.x, below.shaped(branches.flatten(0, 1)))
        maps = run.relevance(each)
    return Branching(total, shares, maps.unflatten(1, count))
