"""AudioNet, AudioMNIST's network on the raw waveform."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class AudioNet(nn.Module):
    """``[B, 1, 8000] -> [B, classes]``: six 1-D convolutions with ReLU and max-pooling, three dense layers.

    There is no non-linearity between the dense layers (Becker et al. 2018); 17,107,162 parameters for ten classes.
    """

    architecture: ClassVar[str] = "audionet"

    def __init__(self, *, classes: int = 10) -> None:
        super().__init__()
        self.settings = {"classes": classes}
        layers: list[nn.Module] = []
        before = 1
        for width in (100, 64, 128, 128, 128, 128):
            layers += [nn.Conv1d(before, width, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2)]
            before = width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(16000, 1024),
            nn.Dropout(0.5),
            nn.Linear(1024, 512),
            nn.Dropout(0.5),
            nn.Linear(512, classes),
        )

    def forward(self, samples: Tensor) -> Tensor:
        return self.classifier(self.features(samples))
