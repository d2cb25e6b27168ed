"""YAMNet's layout: a MobileNet of depthwise separable convolutions on log-mel patches."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from auricle.errors import AuricleError, nearest

Pooling = Literal["scores", "logits"]
POOLINGS: tuple[Pooling, ...] = ("scores", "logits")

SEPARABLE = (
    *((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)),
    *((1, 512),) * 5,
    *((2, 1024), (1, 1024)),
)
"""Stride and channels of ``layer2`` to ``layer14``; ``layer1`` is an ordinary convolution to 32, stride 2."""


class Yamnet(nn.Module):
    """``[B, P, 96, 64] -> [B, classes]``: P patches of 96 frames × 64 bands of every clip, heard one by one.

    Every convolution has TensorFlow's "same" padding, no bias, a batch norm with an offset and without a scale
    (ε = 0.0001) and ReLU; then the mean over the map and a linear layer. For AudioSet's 521 classes that is 3,751,369
    numbers with the batch norms' statistics. Classes are not exclusive. With ``scores``, the clip's probability is the
    mean of its patches' probabilities, and what is returned is its logit; with ``logits`` the logits are averaged,
    which is linear, so that relevance still sums to the score when a clip has several patches.
    """

    architecture: ClassVar[str] = "yamnet"

    def __init__(self, *, classes: int = 521, pooling: Pooling = "scores") -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise AuricleError(f'yamnet has no pooling "{pooling}"; {nearest(str(pooling), POOLINGS)}')
        self.settings = {"classes": classes, "pooling": pooling}
        self.pooling = pooling
        self.features = nn.Sequential()
        self.features.add_module("layer1", nn.Sequential(*_convolution(1, 32, 3, stride=2)))
        before = 32
        for number, (stride, width) in enumerate(SEPARABLE, 2):
            depthwise = _convolution(before, before, 3, stride=stride, groups=before)
            layer = nn.Sequential(*depthwise, *_convolution(before, width, 1))
            self.features.add_module(f"layer{number}", layer)
            before = width
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(before, classes)

    def forward(self, patches: Tensor) -> Tensor:
        each = self.head(self.pool(self.features(patches.flatten(0, 1).unsqueeze(1))))
        logits = each.unflatten(0, patches.shape[:2])
        if patches.shape[1] == 1:
            return logits[:, 0]
        return logits.mean(1) if self.pooling == "logits" else _logit_of_mean(logits)


class CentredBatchNorm(nn.BatchNorm2d):
    """A batch norm that shifts and does not scale; 1 % of each batch goes into the statistics, as in Keras."""

    def __init__(self, width: int) -> None:
        super().__init__(width, eps=1e-4, momentum=0.01)
        self.register_parameter("weight", None)

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        nn.init.zeros_(self.bias)


def _convolution(before: int, width: int, kernel: int, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    # TensorFlow pads a map of even size before stride 2 at its end only; all of YAMNet's are even: 96 and 64, halved.
    same = [nn.ZeroPad2d((0, 1, 0, 1))] if stride == 2 else []
    padding = 0 if same else kernel // 2
    conv = nn.Conv2d(before, width, kernel, stride, padding, groups=groups, bias=False)
    return [*same, conv, CentredBatchNorm(width), nn.ReLU()]


def _logit_of_mean(logits: Tensor) -> Tensor:
    """``[B, P, C] -> [B, C]``: the logit of the mean of the probabilities, exact where they are near 0 or 1."""
    return torch.logsumexp(F.logsigmoid(logits), 1) - torch.logsumexp(F.logsigmoid(-logits), 1)
