"""Two-step attribution: from the score to the concepts of a layer, and from each concept to the input.

At the layer a concept's relevance is R_k = a ⊙ (P_k c), with Σ_k R_k = R; below it everything is handed down linearly,
so that Σ_k R_ik = R_i at the input for every rule (Chormai et al. 2022, arXiv 2212.14855). One forward pass, one
backward pass above the layer, and one below it that carries all concepts together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from auricle.classifier import Classifier, Level
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.tap import context_of, tapped
from auricle.errors import AuricleError
from auricle.methods import Attribution, Method
from auricle.methods.one_pass import OnePass, OnePassMethod
from auricle.methods.point import Point


@dataclass(frozen=True, eq=False)
class ConceptAttribution:
    """Relevance of a batch in the shares of K concepts (the residual last, where there is one).

    whole: the plain explanation. shares: ``[B, K, F, T]`` or ``[B, K, N]``, in its shape. around: the relevance that
    does not pass through the layer but around it, ``[B, F, T]`` or ``[B, N]``; None where all of it does.
    ``shares.sum(1) + around`` is ``whole.relevance``. latent: what each concept had at the layer,
    ``[B, K, *positions]``, a dense layer having one position. activation, context: of the layer, ``[B, L, d]``.
    """

    whole: Attribution
    shares: Tensor
    around: Tensor | None
    latent: Tensor
    activation: Tensor
    context: Tensor

    @property
    def totals(self) -> Tensor:
        """Σ R_k at the layer, ``[B, K]``."""
        return self.latent.flatten(2).sum(2)

    def row(self, index: int) -> ConceptAttribution:
        """One clip of the batch, as a batch of one."""
        pick = slice(index, index + 1)
        return ConceptAttribution(
            self.whole.row(index),
            self.shares[pick],
            None if self.around is None else self.around[pick],
            self.latent[pick],
            self.activation[pick],
            self.context[pick],
        )


def one_pass_method(method: Method) -> OnePassMethod:
    """The method, if what it hands down can be taken apart; else a sentence that says which can."""
    if not isinstance(method, OnePassMethod):
        raise AuricleError(
            f"{method.name} does not hand relevance down linearly, layer by layer, so it cannot be taken apart into "
            "concepts; use lrp, deep-taylor or input-x-gradient"
        )
    return method


def take_apart(
    classifier: Classifier,
    samples: Tensor,
    weights: Tensor,
    subspaces: Sequence[Subspaces],
    *,
    layer: str,
    method: Method,
    level: Level = "features",
) -> ConceptAttribution:
    """The relevance of a batch of equally long clips ``[B, n]`` in the shares of each clip's own ``subspaces``.

    weights: over the logits ``[B, C]`` (`Classifier.target_weights`). Clips may have different subspaces, but as many.
    """
    method = one_pass_method(method)
    method.check(classifier)
    if len(subspaces) != len(samples):
        raise AuricleError(f"{len(subspaces)} subspaces were given for {len(samples)} clips; give each clip its own")
    samples = samples.to(classifier.device, classifier.dtype)
    with torch.inference_mode(False), torch.enable_grad(), classifier.inference():
        point = Point(classifier, samples, level)
        with tapped(classifier.network, layer) as tap:
            run = method.one_pass(point, weights.to(samples))
        context = context_of(tap, run.value, run.seeds)
        activation, vectors = tap.activation, tap.vectors(context)
        projectors = projectors_of(subspaces, activation)
        parts = torch.einsum("bkij,blj->kbli", projectors, vectors)
        latent = torch.einsum("bli,kbli->bkl", activation, parts)
        run.keep()
        each = follow_down(tap.carrier, run.x, tap.shaped(parts))
        around = _around(run, tap.carrier)
        through = each.sum(0)
        gradient = through if around is None else around
        whole = run.of(gradient)
        shares = run.relevance(each)
        bypass = None if around is None else run.relevance(around - through)
    return ConceptAttribution(
        whole=whole,
        shares=shares,
        around=bypass,
        latent=latent.unflatten(2, tap.positions) if tap.positions else latent,
        activation=activation,
        context=vectors,
    )


def projectors_of(subspaces: Sequence[Subspaces], like: Tensor) -> Tensor:
    """Each clip's P_k, ``[B, K, d, d]``, for vectors ``[B, L, d]``."""
    known: dict[int, Tensor] = {}
    for each in subspaces:
        if each.channels != like.shape[-1]:
            raise AuricleError(
                f"the subspaces are of a layer with {each.channels} channels, but this one has {like.shape[-1]}; name "
                "the layer that they were fitted at"
            )
        known.setdefault(id(each), each.projectors().to(like))
    if len({len(each) for each in known.values()}) > 1:
        raise AuricleError("clips that are explained together need as many concepts; explain them one after another")
    return torch.stack([known[id(each)] for each in subspaces])


def follow_down(carrier: Tensor, x: Tensor, parts: Tensor) -> Tensor:
    """Every part ``[K, …]`` of the layer's context followed to x, ``[K, …]``, as suits the device.

    A processor's cache holds the maps of one part, not of all: there they follow one after another, and what does not
    depend on them (the rules' denominators) is computed once.
    """
    return one_by_one(carrier, x, parts) if x.device.type == "cpu" else at_once(carrier, x, parts)


def one_by_one(carrier: Tensor, x: Tensor, parts: Tensor) -> Tensor:
    """A backward pass for every part."""
    return torch.stack([torch.autograd.grad(carrier, x, part, retain_graph=True)[0] for part in parts])


def at_once(carrier: Tensor, x: Tensor, parts: Tensor) -> Tensor:
    """One backward pass for all parts together."""

    def follow(part: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(carrier, x, part, retain_graph=True)
        return gradient

    return torch.vmap(follow)(parts)


def _around(run: OnePass, carrier: Tensor) -> Tensor | None:
    """The whole derivative at x, where some of it goes around the layer; None where the layer sees all of it."""
    if not passes_by(run.value, carrier, run.x):
        return None
    run.forget()
    (whole,) = torch.autograd.grad(run.value, run.x, run.seeds)
    return whole


def passes_by(value: Tensor, said: Tensor, x: Tensor) -> bool:
    """Whether there is a way from x to value that does not lead through ``said``.

    >>> x = torch.ones(2, requires_grad=True)
    >>> y = x * 2
    >>> passes_by(y * 3, y, x), passes_by(y + x, y, x)
    (False, True)
    """
    start = x.grad_fn if x.grad_fn is not None else torch.autograd.graph.get_gradient_edge(x).node
    seen, todo = {said.grad_fn, None}, [value.grad_fn]
    while todo:
        node = todo.pop()
        if node is start:
            return True
        if node in seen:
            continue
        seen.add(node)
        todo += [each for each, _ in node.next_functions]  # type: ignore[union-attr]
    return False
