"""What one layer of a network says, its gradient there, and the way of its maps back to the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError, nearest
from auricle.methods.attending import Attending
from auricle.methods.channels import channels_of
from auricle.methods.derivatives import COMPILED
from auricle.methods.hearing import follow, heard_at, placed
from auricle.methods.point import Point

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
NORMS = (nn.LayerNorm, nn.RMSNorm)


def modules_of(network: nn.Module) -> dict[str, nn.Module]:
    return {key.replace(COMPILED, ""): module for key, module in network.named_modules()}


def layer_of(network: nn.Module, name: str | None) -> tuple[str, nn.Module]:
    """A layer by module name; without one, the last convolution."""
    modules = modules_of(network)
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


def norm_before_attention(point: Point) -> tuple[bool, str | None]:
    """Whether the network attends, and the last norm that is called once and before the last self-attention."""
    network = point.classifier.network
    norms = {key: module for key, module in modules_of(network).items() if isinstance(module, NORMS)}
    if not norms:  # no transformer; saves a pass
        return False, None
    heard: list[str] = []
    until: list[int] = []
    handles = [
        module.register_forward_hook(lambda module, inputs, output, key=key: heard.append(key))
        for key, module in norms.items()
    ]
    try:
        with Attending(lambda weights: until.append(len(heard))):
            point.run(point.x[:1].detach().requires_grad_())
    finally:
        for handle in handles:
            handle.remove()
    before = [key for key in heard[: until[-1] if until else 0] if heard.count(key) == 1]
    return bool(until), before[-1] if before else None


@dataclass(frozen=True, eq=False)
class Followed:
    """Positions ``said`` by a layer, in a graph that leads back to x; of a class token ``at`` knows that it has none.

    axis: that of the channels. at: the positions on the input, where there are tokens of other kinds, too.
    """

    said: Tensor
    x: Tensor
    axis: int
    at: Tensor | None

    def drop(self, values: Tensor) -> Tensor:
        """Tokens ``[B, C, tokens]``, those without a place left out."""
        return values if self.at is None else values[..., self.at]

    def lay(self, maps: Tensor) -> Tensor:
        if self.at is not None:
            whole = maps.new_zeros(len(maps), self.said.shape[3 - self.axis])
            whole[:, self.at] = maps
            maps = whole
        return follow(self.said, self.x, maps.unsqueeze(self.axis))


@dataclass(frozen=True, eq=False)
class Inside:
    """A layer's ``activation`` and the score's ``gradient`` there, ``[B, C, …]``, and the score ``[B]``."""

    point: Point
    activation: Tensor
    gradient: Tensor
    score: Tensor
    followed: Followed | None

    def lay(self, maps: Tensor) -> Tensor:
        """The layer's maps ``[B, …]`` at the resolution of the input, as ``[B, F, T]`` or ``[B, N]``."""
        if self.followed is not None:
            return self.point.to_map(self.followed.lay(maps))
        x = self.point.x
        axes = maps.ndim - 1
        mode = "bilinear" if axes == 2 else "linear"
        large = F.interpolate(maps.unsqueeze(1), size=x.shape[-axes:], mode=mode, align_corners=False)
        return self.point.to_map(large.reshape(x.shape))


def _follow(point: Point, name: str, module: nn.Module, axis: int) -> Followed:
    said, x = heard_at(point.classifier.network, module, point.x)
    places = placed(said, x) if said.requires_grad else torch.zeros_like(said, dtype=torch.bool)
    if not places.any():
        raise AuricleError(
            f'no position of the layer "{name}" can be followed back to the input of {point.classifier.name}, so its '
            "maps have no place in time; choose another layer"
        )
    at = None
    if said.ndim == 3:
        at = places.any(axis).any(0)
    return Followed(said, x, axis, None if at is None or bool(at.all()) else at)


def look_inside(point: Point, weights: Tensor, layer: str | None) -> Inside:
    """A layer by name; by default the last convolution or, where attention follows it, the norm before the last one.

    A map of a network without attention is blown up to the input's size, as Grad-CAM does; tokens, and maps with other
    axes than the input's, are followed back to what they stand for. Tokens that stand for nothing in it are left out.
    """
    network = point.classifier.network
    attends, norm = norm_before_attention(point)
    name, module = layer_of(network, norm if layer is None else layer)
    seen: list[Tensor] = []
    axes: list[int] = []

    def tap(module: nn.Module, inputs: object, output: Any) -> Any:
        first = output[0] if type(output) in (tuple, list) and output else output
        if not isinstance(first, Tensor):
            raise AuricleError(f'the layer "{name}" returns {type(output).__name__}, not one tensor; choose another')
        seen.append(first.detach().requires_grad_())  # nothing below the layer is needed
        axes.append(channels.axis(first) if first.ndim > 2 else 1)
        said = seen[-1].clone()  # what follows may work in place
        return said if first is output else type(output)((said, *output[1:]))

    with channels_of(network) as channels:
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
    activation, axis = seen[0].detach(), axes[0]
    if activation.ndim not in (3, 4) or len(activation) != len(point.x):
        raise AuricleError(
            f'the layer "{name}" gives values of shape {tuple(activation.shape)}; choose one that gives a map '
            "[B, channels, time] or [B, channels, height, width], or tokens [B, tokens, channels], for example a "
            "convolution or a layer norm"
        )
    fits = point.x[0].numel() == point.x.shape[2 - activation.ndim :].numel()
    followed = None if fits and axis == 1 and not attends else _follow(point, name, module, axis)
    activation, gradient = activation.movedim(axis, 1), gradient.movedim(axis, 1)
    if followed is not None:
        activation, gradient = followed.drop(activation), followed.drop(gradient)
    return Inside(point, activation, gradient, score.detach(), followed)
