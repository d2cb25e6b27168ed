"""AudibleXAI's small CNN on spectrograms in decibels."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class AudibleXAICNN(nn.Module):
    """``[B, 1, bands, frames] -> [B, classes]``: three 2 × 2 convolutions, each with ReLU, batch norm and pooling.

    The flattened maps go through one dense layer of 64. Counted with the batch norms' statistics there are 1,854,778
    numbers for ten classes on the mel map of 128 × 251 (1,854,258 for two), and 3,820,858 (3,820,338) on the linear
    one of 257 × 251. The batch norms are Keras's: ε = 0.001, a tenth of each batch goes into the statistics.
    """

    architecture: ClassVar[str] = "audiblexai-cnn"

    def __init__(self, *, classes: int = 10, bands: int = 128, frames: int = 251) -> None:
        super().__init__()
        self.settings = {"classes": classes, "bands": bands, "frames": frames}
        layers: list[nn.Module] = []
        before = 1
        for width in (16, 32, 64):
            layers += [nn.Conv2d(before, width, 2), nn.ReLU(), nn.BatchNorm2d(width, eps=1e-3), nn.MaxPool2d(2)]
            before, bands, frames = width, (bands - 1) // 2, (frames - 1) // 2
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(before * bands * frames, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, classes)
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.classifier(self.features(features))
