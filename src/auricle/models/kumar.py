"""The network that Listen-to-Interpret explains: Kumar's AudioSet features with a head for the task."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from auricle.errors import AuricleError

FEWEST_FRAMES = 128
"""Halved six times, the two are left that the last convolution of the trunk spans."""

LAYERS: tuple[tuple[int, int] | None, ...] = (
    *((1, 16), (16, 16), None),
    *((16, 32), (32, 32), None),
    *((32, 64), (64, 64), None),
    *((64, 128), (128, 128), None),
    *((128, 256), (256, 256), None),
    *((256, 512), None),
)
"""Channels before and after each 3 × 3 convolution; None is a pooling."""

TAPS = (11, 14, 16)
"""The layers whose maps Listen-to-Interpret reads: its blocks 4, 5 and 6, before their poolings."""


class KumarCNN(nn.Module):
    """``[B, 1, frames, 128] -> [B, classes]``: Kumar's weak-label CNN up to its 1024 channels, then L2I's head.

    The trunk (4.46 million parameters; Kumar et al. 2018) keeps its layers' names, ``layer1`` to ``layer18``, so that
    converted AudioSet weights fit. The head (Parekh et al. 2022) is a 1 × 1 convolution to ``width`` with ReLU, the
    maximum over the map, dropout and a linear layer: 4.74 million in all for ESC-50, 4.99 million for SONYC
    (``classes=8, width=512, dropout=0.15``). A clip needs 128 frames; longer ones may have any length.
    """

    architecture: ClassVar[str] = "kumar-cnn"

    def __init__(self, *, classes: int = 50, width: int = 256, dropout: float = 0.2) -> None:
        super().__init__()
        self.settings = {"classes": classes, "width": width, "dropout": dropout}
        self.trunk = nn.Sequential()
        for number, channels in enumerate(LAYERS, 1):
            layer = nn.MaxPool2d(2) if channels is None else _block(*channels, 3, padding=1)
            self.trunk.add_module(f"layer{number}", layer)
        self.trunk.add_module("layer18", _block(512, 1024, 2, padding=0))
        self.head = nn.Sequential(
            nn.Conv2d(1024, width, 1),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(width, classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        if features.shape[2] < FEWEST_FRAMES:
            raise AuricleError(
                f"kumar-cnn needs {FEWEST_FRAMES} frames and was given {features.shape[2]}; give a longer clip, or pad "
                "it by Length(seconds=…)"
            )
        return self.head(self.trunk(features))

    def maps(self, features: Tensor) -> list[Tensor]:
        """The maps that an interpreter reads, ``[B, channels, time, mel]``.

        Of 431 frames: 128 × 53 × 16, 256 × 26 × 8 and 512 × 13 × 4.

        >>> import torch
        >>> network = KumarCNN().eval()
        >>> [tuple(each.shape) for each in network.maps(torch.zeros(1, 1, 431, 128))]
        [(1, 128, 53, 16), (1, 256, 26, 8), (1, 512, 13, 4)]
        """
        found: list[Tensor] = []
        for number, layer in enumerate(self.trunk, 1):
            features = layer(features)
            if number in TAPS:
                found.append(features)
            if number == TAPS[-1]:
                break
        return found


def _block(before: int, width: int, kernel: int, *, padding: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, width, kernel, padding=padding), nn.BatchNorm2d(width), nn.ReLU())
