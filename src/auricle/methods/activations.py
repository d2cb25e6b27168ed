"""Methods that look at one layer: activation maps, Grad-CAM and its relatives."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from auricle.errors import AuricleError
from auricle.methods.base import Attribution, Method
from auricle.methods.inside import look_inside
from auricle.methods.point import Point
from auricle.methods.rectified import guided_gradient
from auricle.settings import settings

LAYER = "module name; by default the last convolution or, of a transformer, the norm before its last attention"


class LayerMethod(Method):
    """A method that looks at a layer's map, which lies on the network's own input."""

    levels = ("features",)


@dataclass(frozen=True, kw_only=True, config=settings)
class GradCAM(LayerMethod):
    """A layer's channels, weighted by their mean gradient and summed; ``rectify`` keeps what speaks for the target."""

    name: ClassVar[str] = "grad-cam"
    summary: ClassVar[str] = "a layer's maps, weighted by the mean gradient of each"
    source: ClassVar[str] = "Selvaraju et al. 2017, Grad-CAM"

    layer: str | None = Field(None, description=LAYER)
    rectify: bool = Field(True, description="keep only what speaks for the target")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        inside = look_inside(point, weights, self.layer)
        activation, gradient = inside.activation, inside.gradient
        channel = gradient.flatten(2).mean(2).reshape(*gradient.shape[:2], *[1] * (gradient.ndim - 2))
        cam = (channel * activation).sum(1)
        return Attribution(inside.lay(cam.clamp(min=0) if self.rectify else cam), inside.score)


@dataclass(frozen=True, kw_only=True, config=settings)
class GradCAMPlusPlus(LayerMethod):
    """Grad-CAM with pixel-wise weights, so that several places that matter all show."""

    name: ClassVar[str] = "grad-cam++"
    summary: ClassVar[str] = "Grad-CAM with pixel-wise weights, for several places that matter"
    source: ClassVar[str] = "Chattopadhay et al. 2018, Grad-CAM++"

    layer: str | None = Field(None, description=LAYER)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        inside = look_inside(point, weights, self.layer)
        activation, gradient = inside.activation, inside.gradient
        total = activation.flatten(2).sum(2).reshape(*gradient.shape[:2], *[1] * (gradient.ndim - 2))
        below = 2 * gradient.square() + total * gradient.pow(3)
        alpha = torch.where(below.abs() > 1e-12, gradient.square() / torch.where(below == 0, 1.0, below), 0.0)
        channel = (alpha * gradient.clamp(min=0)).flatten(2).sum(2)
        channel = channel.reshape(*gradient.shape[:2], *[1] * (gradient.ndim - 2))
        return Attribution(inside.lay((channel * activation).sum(1).clamp(min=0)), inside.score)


@dataclass(frozen=True, kw_only=True, config=settings)
class LayerCAM(LayerMethod):
    """A layer's activations, each weighted by its own positive gradient: finer than Grad-CAM in early layers."""

    name: ClassVar[str] = "layer-cam"
    summary: ClassVar[str] = "a layer's maps, each value weighted by its own positive gradient"
    source: ClassVar[str] = "Jiang et al. 2021, LayerCAM"

    layer: str | None = Field(None, description=LAYER)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        inside = look_inside(point, weights, self.layer)
        activation, gradient = inside.activation, inside.gradient
        return Attribution(inside.lay((gradient.clamp(min=0) * activation).sum(1).clamp(min=0)), inside.score)


@dataclass(frozen=True, kw_only=True, config=settings)
class GuidedGradCAM(LayerMethod):
    """Guided backpropagation, seen through Grad-CAM: fine detail where the layer says that it matters."""

    name: ClassVar[str] = "guided-grad-cam"
    summary: ClassVar[str] = "guided backpropagation, times Grad-CAM"
    source: ClassVar[str] = "Selvaraju et al. 2017, Grad-CAM"

    layer: str | None = Field(None, description=LAYER)

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        cam = GradCAM(layer=self.layer, rectify=True)._explain(point, weights, seed)
        gradient, score = guided_gradient(point, weights)
        return Attribution(point.to_map(gradient) * cam.relevance, score)


@dataclass(frozen=True, kw_only=True, config=settings)
class ActivationMap(LayerMethod):
    """What a layer responds to, whatever the target: its mean (or strongest) channel, or one channel."""

    name: ClassVar[str] = "activation-map"
    summary: ClassVar[str] = "what a layer responds to, whatever the target"
    source: ClassVar[str] = "Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks"

    layer: str | None = Field(None, description=LAYER)
    channel: int | Literal["mean", "max"] = Field("mean", description="a channel's number, or mean or max over all")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        inside = look_inside(point, weights, self.layer)
        activation = inside.activation
        if self.channel == "mean":
            chosen = activation.mean(1)
        elif self.channel == "max":
            chosen = activation.amax(1)
        else:
            channels = activation.shape[1]
            if not 0 <= self.channel < channels:
                raise AuricleError(f"the layer has channels 0 to {channels - 1}, not {self.channel}")
            chosen = activation[:, self.channel]
        return Attribution(inside.lay(chosen), inside.score)
