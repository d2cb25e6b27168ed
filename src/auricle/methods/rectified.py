"""Deconvnet and guided backpropagation: the gradient, with another derivative at every ReLU."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.methods.base import Attribution, Method
from auricle.methods.derivatives import Derivatives, Handler
from auricle.methods.point import Point
from auricle.settings import settings


class _Deconvnet(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        return g.clamp(min=0)


class _Guided(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):  # type: ignore[no-untyped-def]
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, g.clamp(min=0), torch.zeros_like(g))


def rectified_gradient(point: Point, weights: Tensor, function: type[torch.autograd.Function]) -> tuple[Tensor, Tensor]:
    """The gradient when every ReLU of the network has ``function``'s derivative, and the score."""

    def relu(mode: Derivatives, func: Handler, args: Any, kwargs: Any) -> Tensor:
        return function.apply(args[0])

    x = point.x.detach().requires_grad_()
    value = x
    for stage in point.stages[:-1]:
        value = stage(value)
    with Derivatives({"relu": relu}, own=None):
        value = point.stages[-1](value)
    (gradient,) = torch.autograd.grad(value, x, weights)
    return gradient, (value * weights).sum(1).detach()


@dataclass(frozen=True, kw_only=True, config=settings)
class Deconvnet(Method):
    """The gradient when every ReLU hands back only positive values, whatever it heard going forward."""

    name: ClassVar[str] = "deconvnet"
    summary: ClassVar[str] = "gradient with only positive signals handed back at every ReLU"
    source: ClassVar[str] = "Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks"

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        gradient, score = rectified_gradient(point, weights, _Deconvnet)
        return Attribution(point.to_map(gradient), score)


@dataclass(frozen=True, kw_only=True, config=settings)
class GuidedBackprop(Method):
    """The gradient when every ReLU hands back only positive values, and only where it was active."""

    name: ClassVar[str] = "guided-backprop"
    summary: ClassVar[str] = "gradient with only positive signals handed back at active ReLUs"
    source: ClassVar[str] = "Springenberg et al. 2015, Striving for Simplicity: The All Convolutional Net"

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        gradient, score = guided_gradient(point, weights)
        return Attribution(point.to_map(gradient), score)


def guided_gradient(point: Point, weights: Tensor) -> tuple[Tensor, Tensor]:
    return rectified_gradient(point, weights, _Guided)
