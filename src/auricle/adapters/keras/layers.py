"""Keras layers as the torch modules that they are, on the very same weights.

Keras takes its layers apart: a bias is added after the convolution, a batch norm is four element-wise functions. Rules
for layers (LRP, Grad-CAM, concepts) want them whole. A twin is the torch module with views of the layer's weights, so
what the layer learns later, the twin has learned, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.adapters.keras.recurrent import gru, lstm
from auricle.adapters.keras.twins import Call, Twin, parameter_of

SECOND = "auricle_channels_second"
"""A tensor with its channels last may know itself with its channels second."""


def twin_of(layer: Any) -> Twin | None:
    """The torch module of a Keras layer, or None where Keras's own functions serve."""
    make = _TWINS.get(type(layer).__name__)
    if make is None or not type(layer).__module__.startswith("keras."):
        return None
    if not layer.built or getattr(layer, "quantization_mode", None) or getattr(layer, "lora_enabled", False):
        return None
    return make(layer)


def _with(module: nn.Module, **parameters: nn.Parameter | None) -> nn.Module:
    for name, parameter in parameters.items():
        setattr(module, name, parameter)
    return module.eval()


def _second(x: Tensor) -> Tensor:
    known: Tensor | None = getattr(x, SECOND, None)
    return x.movedim(-1, 1) if known is None else known


def _last(z: Tensor) -> Tensor:
    x = z.movedim(1, -1)
    setattr(x, SECOND, z)
    return x


# --- convolutions and dense layers --------------------------------------------------------------------------------


def _convolution(layer: Any) -> Twin | None:
    kernel = layer.kernel
    axes = len(kernel.shape) - 2
    depthwise = type(layer).__name__.startswith("Depthwise")
    classes = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
    inputs = kernel.shape[-2]
    groups = inputs if depthwise else layer.groups
    outputs = inputs * kernel.shape[-1] if depthwise else kernel.shape[-1]
    module = classes[axes - 1](
        inputs if depthwise else inputs * groups, outputs, tuple(kernel.shape[:axes]), stride=tuple(layer.strides),
        dilation=tuple(layer.dilation_rate), groups=groups, bias=layer.use_bias, device="meta",
    )  # fmt: skip

    def view(weight: Tensor) -> Tensor:
        if depthwise:
            weight = weight.flatten(-2).unsqueeze(-2)
        return weight.movedim((-1, -2), (0, 1))

    _with(module, weight=parameter_of(kernel, view), bias=parameter_of(layer.bias) if layer.use_bias else None)
    return module, _convolve


def _convolve(layer: Any, module: Any) -> Call:
    def call(inputs: Tensor, *_: Any, **__: Any) -> Any:
        first = layer.data_format == "channels_first"
        z = inputs if first else _second(inputs)
        pads = [_pad(layer.padding, *each) for each in zip(z.shape[2:], *_windows(module), strict=True)]
        if all(before == after for before, after in pads):
            module.padding = tuple(before for before, _ in pads)
        else:
            module.padding = (0,) * len(pads)
            z = F.pad(z, [each for pair in reversed(pads) for each in pair])
        z = module(z)
        return layer.activation(z if first else _last(z))

    return call


def _windows(module: Any) -> tuple[tuple[int, ...], ...]:
    return module.kernel_size, module.stride, module.dilation


def _pad(padding: str, size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Zeros before and after one axis, as TensorFlow and Keras count them."""
    reach = dilation * (kernel - 1)
    if padding == "causal":
        return reach, 0
    if padding != "same":
        return 0, 0
    total = max((-(-size // stride) - 1) * stride + reach + 1 - size, 0)
    return total // 2, total - total // 2


def _dense(layer: Any) -> Twin | None:
    kernel = layer.kernel
    module = nn.Linear(kernel.shape[0], kernel.shape[1], bias=layer.bias is not None, device="meta")
    bias = None if layer.bias is None else parameter_of(layer.bias)
    _with(module, weight=parameter_of(kernel, torch.t), bias=bias)

    def run(layer: Any, module: nn.Module) -> Call:
        return lambda inputs, *_, **__: layer.activation(module(inputs))

    return module, run


def _einsum_dense(layer: Any) -> Twin | None:
    """``abc,cde->abde``: the kernel's first axes are the input's last ones, all others are outputs."""
    given, _, result = layer.equation.replace(" ", "").partition("->")
    inputs, _, weights = given.partition(",")
    count = len([letter for letter in weights if letter in inputs])
    kept, made = inputs[: len(inputs) - count].replace("...", ""), weights[count:]
    whole = inputs[len(inputs) - count :] == weights[:count] and result.replace("...", "") == kept + made
    sizes = tuple(layer.kernel.shape[count:])
    if not whole or not count or not made or (layer.bias is not None and tuple(layer.bias.shape) != sizes):
        return None

    def view(kernel: Tensor) -> Tensor:
        return kernel.flatten(count).flatten(0, count - 1).T

    weight = parameter_of(layer.kernel, view)
    module = nn.Linear(weight.shape[1], weight.shape[0], bias=layer.bias is not None, device="meta")
    _with(module, weight=weight, bias=None if layer.bias is None else parameter_of(layer.bias, torch.flatten))

    def run(layer: Any, module: nn.Module) -> Call:
        def call(inputs: Tensor, *_: Any, **__: Any) -> Any:
            y = module(inputs if count == 1 else inputs.flatten(-count))
            y = y if len(sizes) == 1 else y.unflatten(-1, sizes)
            return y if layer.activation is None else layer.activation(y)

        return call

    return module, run


# --- norms --------------------------------------------------------------------------------------------------------


def _batch_norm(layer: Any) -> Twin | None:
    axes = layer.input_spec.ndim
    axis = layer.axis % axes
    if axes > 5 or axis not in (1, axes - 1) or getattr(layer, "renorm", False):
        return None
    classes = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
    channels = layer.moving_mean.shape[0]
    place = layer.moving_mean.value.device
    module = classes[axes](channels, eps=layer.epsilon, affine=layer.scale or layer.center, device=place)
    if layer.scale:
        _with(module, weight=parameter_of(layer.gamma))
    if layer.center:
        _with(module, bias=parameter_of(layer.beta))
    module.running_mean, module.running_var = layer.moving_mean.value.detach(), layer.moving_variance.value.detach()
    return module.eval(), _on_channels(axis == 1)


def _group_norm(layer: Any) -> Twin | None:
    axes = layer.input_spec.ndim
    channels = layer.input_spec.axes[layer.axis]
    if layer.axis % axes not in (1, axes - 1):
        return None
    groups = channels if layer.groups == -1 else layer.groups
    given = layer.gamma if layer.scale else layer.beta if layer.center else None
    place = None if given is None else given.value.device
    module = nn.GroupNorm(groups, channels, eps=layer.epsilon, affine=given is not None, device=place)
    if layer.scale:
        _with(module, weight=parameter_of(layer.gamma))
    if layer.center:
        _with(module, bias=parameter_of(layer.beta))
    return module.eval(), _on_channels(layer.axis % axes == 1)


def _on_channels(first: bool) -> Callable[[Any, nn.Module], Call]:
    def run(layer: Any, module: nn.Module) -> Call:
        def call(inputs: Tensor, *_: Any, **__: Any) -> Tensor:
            return module(inputs) if first or inputs.ndim == 2 else _last(module(_second(inputs)))

        return call

    return run


def _layer_norm(layer: Any) -> Twin | None:
    given = layer.gamma if layer.gamma is not None else layer.beta
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if given is None or layer.gamma is None or layer.rms_scaling or not _trailing(axes):
        return None
    module = nn.LayerNorm(tuple(given.shape), eps=layer.epsilon, bias=layer.beta is not None)
    _with(module, weight=parameter_of(layer.gamma))
    if layer.beta is not None:
        _with(module, bias=parameter_of(layer.beta))

    def run(layer: Any, module: nn.Module) -> Call:
        return lambda inputs, *_, **__: module(inputs)

    return module, run


def _trailing(axes: Any) -> bool:
    return list(axes) == list(range(-len(axes), 0))


_TWINS: dict[str, Callable[[Any], Twin | None]] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"), _convolution),
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    "BatchNormalization": _batch_norm,
    "GroupNormalization": _group_norm,
    "LayerNormalization": _layer_norm,
    "LSTM": lstm,
    "GRU": gru,
}
