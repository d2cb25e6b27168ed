"""The network of the bundled model: a small CNN that hears English digits in log-mel spectrograms."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class DigitsCNN(nn.Module):
    """``[B, 1, 64, T] -> [B, classes]``: four blocks of convolution, batch norm, ReLU, then pooling and a linear head.

    The head pools by the mean over time and frequency, so any clip length works.
    """

    architecture: ClassVar[str] = "digits-cnn"

    def __init__(self, *, classes: int = 10, channels: tuple[int, ...] = (24, 48, 96, 128)) -> None:
        super().__init__()
        self.settings = {"classes": classes, "channels": list(channels)}
        layers: list[nn.Module] = []
        before = 1
        for width in channels:
            layers += [
                nn.Conv2d(before, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
            before = width
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(before, classes)

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.dropout(self.pool(self.features(features))))
