"""AudioNet, AudioMNIST's network on the raw waveform."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class AudioNet(nn.Module):
    """``[B, 1, 8000] -> [B, classes]``: six 1-D convolutions with ReLU and max-pooling, three dense layers.

    There is no non-linearity between the dense layers (Becker et al. 2018); 17,107,162 parameters for ten classes,
    17,103,058 for two. ``first_pool`` is the width of the first pooling: 2 in the paper and the Keras port, 3 in the
    Caffe original; both move by 2 and leave 4,000 samples, 16,000 values before the dense layers.
    """

    architecture: ClassVar[str] = "audionet"

    def __init__(self, *, classes: int = 10, first_pool: int = 2) -> None:
        super().__init__()
        self.settings = {"classes": classes, "first_pool": first_pool}
        layers: list[nn.Module] = []
        before, pool = 1, first_pool
        for width in (100, 64, 128, 128, 128, 128):
            # Caffe rounds up how many windows there are; where they fit exactly this changes nothing.
            layers += [nn.Conv1d(before, width, 3, padding=1), nn.ReLU(), nn.MaxPool1d(pool, 2, ceil_mode=True)]
            before, pool = width, 2
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
