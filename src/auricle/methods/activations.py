"""Methods that look at one layer: activation maps, Grad-CAM and its relatives."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError, nearest
from auricle.methods.base import Attribution, Method
from auricle.methods.derivatives import COMPILED
from auricle.methods.point import Point
from auricle.methods.rectified import guided_gradient
from auricle.settings import settings

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)


def layer_of(network: nn.Module, name: str | None) -> tuple[str, nn.Module]:
    """A layer by module name; without one, the last convolution."""
    modules = {key.replace(COMPILED, ""): module for key, module in network.named_modules()}
    if name is None:
        found = [key for key, module in modules.items() if isinstance(module, CONVOLUTIONS)]
        if not found:
            raise AuricleError(
                "the network has no convolution to look at; name a layer with the setting layer, one of "
                + ", ".join(key for key in modules if key)
            )
        name = found[-1]
    if name not in modules:
        raise AuricleError(f'the network has no layer "{name}"; {nearest(name, [key for key in modules if key])}')
    return name, modules[name]


def look_inside(point: Point, weights: Tensor, layer: str | None) -> tuple[Tensor, Tensor, Tensor]:
    """A layer's activation ``[B, C, …]``, the score's gradient there, and the score ``[B]``."""
    name, module = layer_of(point.classifier.network, layer)
    seen: list[Tensor] = []

    def tap(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        if not isinstance(output, Tensor):
            raise AuricleError(f'the layer "{name}" returns {type(output).__name__}, not one tensor; choose another')
        seen.append(output.detach().requires_grad_())  # nothing below the layer is needed
        return seen[-1].clone()  # what follows may work in place

    handle = module.register_forward_hook(tap)
    try:
        score = point.score(point.x, weights)
    finally:
        handle.remove()
    if len(seen) != 1:
        raise AuricleError(
            f'the layer "{name}" was called {len(seen)} times for one input; choose one that is called once'
        )
    (gradient,) = torch.autograd.grad(score.sum(), seen[0], allow_unused=True)
    if gradient is None:
        raise AuricleError(f'the score does not depend on the layer "{name}"; choose another')
    activation = seen[0].detach()
    if activation.ndim not in (3, 4):
        raise AuricleError(
            f'the layer "{name}" gives values of shape {tuple(activation.shape)}; choose one that gives a map '
            "[B, channels, time] or [B, channels, height, width], for example a convolution"
        )
    return activation, gradient, score.detach()


def lay_out(point: Point, maps: Tensor) -> Tensor:
    """A layer's maps ``[B, h, w]`` or ``[B, l]`` at the resolution of the input, as ``[B, F, T]`` or ``[B, N]``."""
    x = point.x
    axes = maps.ndim - 1
    size = x.shape[-axes:]
    mode = "bilinear" if axes == 2 else "linear"
    large = F.interpolate(maps.unsqueeze(1), size=size, mode=mode, align_corners=False).squeeze(1)
    if large.numel() != x.numel():
        raise AuricleError(
            f"the layer's maps {tuple(maps.shape)} do not fit the input {tuple(x.shape)}; choose another layer"
        )
    return point.to_map(large.reshape(x.shape))


class LayerMethod(Method):
    """A method that looks at a layer's map, which lies on the network's own input."""

    levels = ("features",)


@dataclass(frozen=True, kw_only=True, config=settings)
class GradCAM(LayerMethod):
    """A layer's channels, weighted by their mean gradient and summed; ``rectify`` keeps what speaks for the target."""

    name: ClassVar[str] = "grad-cam"
    summary: ClassVar[str] = "a layer's maps, weighted by the mean gradient of each"
    source: ClassVar[str] = "Selvaraju et al. 2017, Grad-CAM"

    layer: str | None = Field(None, description="module name; by default the last convolution")
    rectify: bool = Field(True, description="keep only what speaks for the target")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        activation, gradient, score = look_inside(point, weights, self.layer)
        channel = gradient.flatten(2).mean(2).reshape(*gradient.shape[:2], *[1] * (gradient.ndim - 2))
        cam = (channel * activation).sum(1)
        return Attribution(lay_out(point, cam.clamp(min=0) if self.rectify else cam), score)


@dataclass(frozen=True, kw_only=True, config=settings)
class GradCAMPlusPlus(LayerMethod):
    """Grad-CAM with pixel-wise weights, so that several places that matter all show."""

    name: ClassVar[str] = "grad-cam++"
    summary: ClassVar[str] = "Grad-CAM with pixel-wise weights, for several places that matter"
    source: ClassVar[str] = "Chattopadhay et al. 2018, Grad-CAM++"

    layer: str | None = Field(None, description="module name; by default the last convolution")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        activation, gradient, score = look_inside(point, weights, self.layer)
        total = activation.flatten(2).sum(2).reshape(*gradient.shape[:2], *[1] * (gradient.ndim - 2))
        below = 2 * gradient.square() + total * gradient.pow(3)
        alpha = torch.where(below.abs() > 1e-12, gradient.square() / torch.where(below == 0, 1.0, below), 0.0)
        channel = (alpha * gradient.clamp(min=0)).flatten(2).sum(2)
        channel = channel.reshape(*gradient.shape[:2], *[1] * (gradient.ndim - 2))
        return Attribution(lay_out(point, (channel * activation).sum(1).clamp(min=0)), score)


@dataclass(frozen=True, kw_only=True, config=settings)
class LayerCAM(LayerMethod):
    """A layer's activations, each weighted by its own positive gradient: finer than Grad-CAM in early layers."""

    name: ClassVar[str] = "layer-cam"
    summary: ClassVar[str] = "a layer's maps, each value weighted by its own positive gradient"
    source: ClassVar[str] = "Jiang et al. 2021, LayerCAM"

    layer: str | None = Field(None, description="module name; by default the last convolution")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        activation, gradient, score = look_inside(point, weights, self.layer)
        return Attribution(lay_out(point, (gradient.clamp(min=0) * activation).sum(1).clamp(min=0)), score)


@dataclass(frozen=True, kw_only=True, config=settings)
class GuidedGradCAM(LayerMethod):
    """Guided backpropagation, seen through Grad-CAM: fine detail where the layer says that it matters."""

    name: ClassVar[str] = "guided-grad-cam"
    summary: ClassVar[str] = "guided backpropagation, times Grad-CAM"
    source: ClassVar[str] = "Selvaraju et al. 2017, Grad-CAM"

    layer: str | None = Field(None, description="module name; by default the last convolution")

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

    layer: str | None = Field(None, description="module name; by default the last convolution")
    channel: int | Literal["mean", "max"] = Field("mean", description="a channel's number, or mean or max over all")

    def _explain(self, point: Point, weights: Tensor, seed: int) -> Attribution:
        activation, _, score = look_inside(point, weights, self.layer)
        if self.channel == "mean":
            chosen = activation.mean(1)
        elif self.channel == "max":
            chosen = activation.amax(1)
        else:
            channels = activation.shape[1]
            if not 0 <= self.channel < channels:
                raise AuricleError(f"the layer has channels 0 to {channels - 1}, not {self.channel}")
            chosen = activation[:, self.channel]
        return Attribution(lay_out(point, chosen), score)
