"""Attention rollout: through which tokens a transformer's attention leads to what its head reads."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError
from auricle.methods.activations import LayerMethod
from auricle.methods.attending import Attending
from auricle.methods.base import Attribution
from auricle.methods.hearing import Hearing, follow
from auricle.methods.point import Point
from auricle.settings import settings

INSTEAD = "take grad-cam, lrp or ig"


@dataclass(frozen=True, kw_only=True, config=settings)
class AttentionRollout(LayerMethod):
    """How much of what the head reads comes from each token, were attention all that moves information.

    Each layer's attention A, averaged over heads, has the identity of the skip connection added, (A + I) / 2; the
    product of all layers leads from tokens to what the head reads: its class token, or the mean of those it pools.
    With ``heads=gradient`` heads are weighted by the gradient of the score, and the target matters.
    """

    name: ClassVar[str] = "attention-rollout"
    summary: ClassVar[str] = "a transformer's attention, multiplied up through its layers"
    source: ClassVar[str] = "Abnar & Zuidema 2020, Quantifying Attention Flow; Chefer et al. 2021 (heads=gradient)"

    heads: Literal["mean", "gradient"] = Field(
        "mean", description="all heads alike (whatever the target), or what speaks for the target: max(0, A · ∂f/∂A)"
    )

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        attentions, score = self._attentions(point, weights)
        identity = torch.eye(attentions[0].shape[-1]).to(point.x)
        flow = identity.expand_as(attentions[0])
        for attention in attentions:
            step = (attention + identity) / 2 if self.heads == "mean" else attention + identity
            if self.heads == "mean":
                step = step / step.sum(-1, keepdim=True)
            flow = step @ flow
        if self.heads == "gradient":  # what no attention moved was not attended to
            flow = flow - identity
        mode, x = Hearing(), point.x.detach().requires_grad_()
        with mode:
            value = point.run(x)
        if len(mode.mixed) != len(attentions):
            raise AuricleError(f"{point.classifier.name} uses attention in a way that cannot be followed; {INSTEAD}")
        (source, _), (_, result) = mode.mixed[0], mode.mixed[-1]
        (read,) = torch.autograd.grad(value.sum(), result, retain_graph=True)
        read = read.reshape(len(x), -1, *read.shape[-2:]).sum((1, 3))
        read = read / read.sum(1, keepdim=True)
        tokens = torch.einsum("bq,bqk->bk", read, flow)
        tokens = tokens.repeat_interleave(len(source) // len(x), 0)
        tokens = tokens.reshape(len(source), *[1] * (source.ndim - 3), -1, 1)
        return Attribution(point.to_map(follow(source, x, tokens)), score)

    def _attentions(self, point: Point, weights: Tensor) -> tuple[list[Tensor], Tensor]:
        """Of every layer, ``[B, tokens, tokens]``, one for all heads, and the score ``[B]``."""
        found: list[Tensor] = []
        with Attending(found.append):
            score = point.score(point.x.detach().requires_grad_(), weights)
        batch, name = len(point.x), point.classifier.name
        if not found:
            raise AuricleError(f"{name} has no self-attention, so there is nothing to roll out; {INSTEAD}")
        if any(each.shape[-1] != found[0].shape[-1] for each in found):
            raise AuricleError(f"{name} merges tokens between its layers, so attention cannot be multiplied; {INSTEAD}")
        if any(each.shape[0] != batch and (each.ndim != 3 or each.shape[0] % batch) for each in found):
            raise AuricleError(
                f"{name} attends within windows, so its tokens do not all see each other and attention cannot be "
                f"rolled out; {INSTEAD}"
            )
        if self.heads == "gradient":
            gradients = torch.autograd.grad(score.sum(), found)
            found = [(each * gradient).clamp(min=0) for each, gradient in zip(found, gradients, strict=True)]
        size = found[0].shape[-1]
        return [each.detach().reshape(batch, -1, size, size).mean(1) for each in found], score.detach()
