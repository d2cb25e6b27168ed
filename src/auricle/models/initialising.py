"""The weights that training starts from: as published where they were, else as PyTorch draws them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from auricle.models.alexnet import AlexNet
from auricle.models.ast import AST
from auricle.models.audiblexai import AudibleXAICNN
from auricle.models.audionet import AudioNet
from auricle.models.cnn14 import Cnn14
from auricle.models.yamnet import Yamnet

Weighted = nn.Conv1d | nn.Conv2d | nn.Linear


def initialise(network: nn.Module, seed: int, *, published: bool = True) -> nn.Module:
    """Draw the network's first weights anew from ``seed`` and return it; the global random state stays as it was.

    An architecture with a published initialiser gets that one (unless ``published`` is False), any other network
    PyTorch's defaults. The draw happens
    on the CPU, so it is the same for every device.

    >>> first, again = (initialise(nn.Linear(4, 2), 7).weight for _ in range(2))
    >>> bool((first == again).all())
    True
    """
    places = [(each, each.device) for each in (*network.parameters(), *network.buffers())]
    network.cpu()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed)
        for module in network.modules():
            reset = getattr(module, "reset_parameters", None)
            if callable(reset):
                reset()
        initialiser = INITIALISERS.get(type(network))
        if published and initialiser is not None:
            initialiser(network)
    for value, device in places:
        value.data = value.data.to(device)
    return network


def _alexnet(network: nn.Module) -> None:
    """Caffe's Gaussians for the grouped original (Becker et al. 2018); Keras's default for the batch-norm variant."""
    if network.settings["variant"] == "batch-norm":  # type: ignore[index]
        return _glorot(network)
    for number, layer in enumerate(_weighted(network), 1):
        nn.init.normal_(layer.weight, std=0.005 if number in (6, 7) else 0.01)
        _fill_bias(layer, 0.0 if number in (1, 3, 8) else 0.1)
    return None


def _audionet(network: nn.Module) -> None:
    """Gaussian with standard deviation 0.1, biases 0 (Becker et al. 2018)."""
    for layer in _weighted(network):
        nn.init.normal_(layer.weight, std=0.1)
        _fill_bias(layer, 0.0)


def _glorot(network: nn.Module) -> None:
    """Glorot's uniform distribution, biases 0: Keras's default and PANNs' choice (Glorot & Bengio 2010)."""
    for layer in _weighted(network):
        nn.init.xavier_uniform_(layer.weight)
        _fill_bias(layer, 0.0)


def _ast(network: nn.Module) -> None:
    """Gaussians of the width that its settings say, also of tokens and positions; biases 0 (Touvron et al. 2021)."""
    width: float = network.settings["initial"]  # type: ignore[index, assignment]
    for name, value in network.named_parameters():
        if value.ndim > 1:
            nn.init.trunc_normal_(value, std=width)
        elif name.endswith("bias"):
            nn.init.zeros_(value)


def _weighted(network: nn.Module) -> list[Weighted]:
    return [module for module in network.modules() if isinstance(module, Weighted)]


def _fill_bias(layer: Weighted, value: float) -> None:
    if layer.bias is not None:
        nn.init.constant_(layer.bias, value)


INITIALISERS: dict[type[nn.Module], Callable[[nn.Module], None]] = {
    AlexNet: _alexnet,
    AudioNet: _audionet,
    AudibleXAICNN: _glorot,
    Cnn14: _glorot,
    Yamnet: _glorot,
    AST: _ast,
}
"""Whose initialiser was published; `DigitsCNN`, `MelCNN` and `KumarCNN` begin as PyTorch's layers do."""
