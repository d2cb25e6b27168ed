"""The AlexNet of AudioMNIST, for 227 × 227 spectrograms."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class AlexNet(nn.Module):
    """``[B, 1, 227, 227] -> [B, classes]``, with batch norm after every convolution's ReLU.

    The variant of AudioMNIST's AlexNet (Becker et al. 2018) that has no groups and dense layers of 1024:
    14,227,530 parameters and batch-norm statistics for ten classes.
    """

    architecture: ClassVar[str] = "alexnet"

    def __init__(self, *, classes: int = 10) -> None:
        super().__init__()
        self.settings = {"classes": classes}
        self.features = nn.Sequential(
            *_block(1, 96, 11, stride=4, padding=0),
            nn.MaxPool2d(3, 2),
            *_block(96, 256, 5, padding=2),
            nn.MaxPool2d(3, 2),
            *_block(256, 384, 3, padding=1),
            *_block(384, 384, 3, padding=1),
            *_block(384, 256, 3, padding=1),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(9216, 1024),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(1024, 1024),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(1024, classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.classifier(self.features(features))


def _block(before: int, width: int, kernel: int, *, stride: int = 1, padding: int) -> list[nn.Module]:
    return [nn.Conv2d(before, width, kernel, stride, padding), nn.ReLU(), nn.BatchNorm2d(width)]
