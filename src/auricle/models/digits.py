"""The network of the bundled model: a small CNN that hears English digits in log-mel spectrograms."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class DigitsCNN(nn.Module):
    """``[B, 1, bands, T] -> [B, classes]``: convolution, batch norm, ReLU, pooling, four times; a linear head.

    A last convolution spans all bands, because where a sound is in frequency matters and where it is in time
    does not; the mean over time then makes any clip length work.
    """

    architecture: ClassVar[str] = "digits-cnn"

    def __init__(
        self, *, classes: int = 10, channels: tuple[int, ...] = (16, 32, 80, 160), bands: int = 64
    ) -> None:
        super().__init__()
        self.settings = {"classes": classes, "channels": list(channels), "bands": bands}
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
        height = bands >> len(channels)
        layers += [nn.Conv2d(before, before, (height, 1), bias=False), nn.BatchNorm2d(before), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(before, classes)

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.dropout(self.pool(self.features(features))))
