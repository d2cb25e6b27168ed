"""What the tests compare with: peers, small networks, and the road from samples to a network without a front-end."""

from __future__ import annotations

import copy
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.classifier import Classifier
from auricle.frontends import Waveform
from auricle.methods import Attribution
from auricle.methods.lrp import Composite, propagate
from auricle.methods.point import Point
from auricle.methods.rules import Rule


def zennit_module() -> Any:
    """zennit, which names torchvision as a dependency but needs only two of its class names."""
    names = ("torchvision", "torchvision.models", "torchvision.models.resnet", "torchvision.models.vgg")
    stubs = {name: types.ModuleType(name) for name in names if name not in sys.modules}
    for name, stub in stubs.items():
        stub.__spec__, stub.__path__ = ModuleSpec(name, None), []
    if "torchvision.models.resnet" in stubs:
        for each in ("Bottleneck", "BasicBlock", "ResNet"):
            setattr(stubs["torchvision.models.resnet"], each, type(each, (nn.Module,), {}))
    sys.modules |= stubs
    try:
        return pytest.importorskip("zennit", reason="zennit is not installed; it is one of the oracles")
    finally:  # so that nobody else takes the stub for torchvision
        for name in stubs:
            sys.modules.pop(name, None)


def captum_module() -> Any:
    return pytest.importorskip("captum.attr", reason="captum is not installed; it is one of the oracles")


# --- networks -----------------------------------------------------------------------------------------------------


def on_samples(network: nn.Module, shape: Sequence[int], *, classes: int = 3, dtype: Any = torch.float64) -> Classifier:
    """A classifier whose samples, any numbers at all, reach ``network`` in ``shape``."""
    network = nn.Sequential(nn.Unflatten(1, tuple(shape)), network).to(dtype)
    front = Waveform(sample_rate=8000, channel=False)
    return Classifier(network, frontend=front, labels=[f"class{i}" for i in range(classes)])


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """A network with reproducible weights; batch norms get statistics as if they had been trained."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = make()
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_var is not None:
                nn.init.uniform_(module.running_var, 0.5, 2.0)
                nn.init.normal_(module.running_mean, 0.0, 0.3)
                if module.weight is not None:
                    nn.init.uniform_(module.weight, 0.5, 2.0)
                    nn.init.normal_(module.bias, 0.0, 0.3)
    return network.eval()


def without_biases(network: nn.Module) -> nn.Module:
    """A copy in which nothing but the input can carry relevance: no biases, no learned tokens or positions."""
    network = copy.deepcopy(network)
    for name, parameter in network.named_parameters():
        if "bias" in name or "token" in name or "position" in name:
            nn.init.zeros_(parameter)
    for module in network.modules():
        if getattr(module, "running_mean", None) is not None:
            nn.init.zeros_(module.running_mean)
    return network


class Residual(nn.Module):
    """Functional ReLUs, in-place sums, batch norm before and after the ReLU; no module tells that there is a skip."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 3, padding=1)
        self.stem_norm = nn.BatchNorm2d(6)
        self.first, self.second = nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.first_norm, self.second_norm = nn.BatchNorm2d(6), nn.BatchNorm2d(6)
        self.late_norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem_norm(self.stem(x)))
        y = F.relu(self.first_norm(self.first(x)), inplace=True)
        y = self.second_norm(self.second(y))
        y += x
        x = F.max_pool2d(self.late_norm(torch.relu_(y)), 2)
        return self.head(x.mean((2, 3)))


class Tokens(nn.Module):
    """``[B, n] -> [B, 1, T, F]``, as an audio transformer wants it, from plain samples."""

    def __init__(self, transformer: nn.Module, frames: int, bands: int) -> None:
        super().__init__()
        self.transformer, self.shape = transformer, (frames, bands)

    def forward(self, samples: Tensor) -> Tensor:
        return self.transformer(samples.unflatten(1, self.shape)).logits


def small_ast(classes: int = 3) -> nn.Module:
    """A two-layer Audio Spectrogram Transformer of ``transformers``, 24 frames of 16 bands."""
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    config = transformers.ASTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, patch_size=8,
        frequency_stride=4, time_stride=4, max_length=24, num_mel_bins=16, num_labels=classes,
    )  # fmt: skip
    network = transformers.ASTForAudioClassification(config)
    for parameter in network.parameters():  # the library begins with tokens and biases of zero
        nn.init.normal_(parameter, 0.0, 0.3)
    for name, parameter in network.named_parameters():
        if "layernorm" in name and name.endswith("weight"):
            nn.init.uniform_(parameter, 0.5, 1.5)
    return network


# --- relevance ----------------------------------------------------------------------------------------------------


def noise(*shape: int, seed: int = 0, signed: bool = True, dtype: Any = torch.float64) -> Tensor:
    values = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)
    return values if signed else values.abs()


def relevance_of(classifier: Classifier, samples: Tensor, weights: Tensor, composite: Composite | Rule) -> Tensor:
    """LRP by a composite, or with one rule for every call; ``[B, n]``."""
    return lrp(classifier, samples, weights, composite).relevance


def lrp(classifier: Classifier, samples: Tensor, weights: Tensor, composite: Composite | Rule) -> Attribution:
    if not isinstance(composite, Composite):
        composite = Composite(composite, composite)
    with torch.enable_grad(), classifier.inference():
        return propagate(Point(classifier, samples, "features"), weights, composite)


def zennit_relevance(classifier: Classifier, samples: Tensor, weights: Tensor, composite: Any) -> Tensor:
    """What zennit says, for the same network."""
    x = samples.clone().requires_grad_()
    with composite.context(classifier.network) as network:
        logits = network(x)
        (relevance,) = torch.autograd.grad(logits, x, logits.detach() * weights)
    return relevance


def difference(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference relative to the largest value."""
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())
