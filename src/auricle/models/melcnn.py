"""The VGG-like CNN of DRSA-audio on log-mel spectrograms, in any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from auricle.errors import AuricleError


class MelCNN(nn.Module):
    """``[B, 1, bands, frames] -> [B, classes]``: stages of 3 × 3 convolutions and max-pooling, then dense layers.

    Each stage is ``block_depth`` times convolution, batch norm (if ``batch_norm``) and ReLU, then max-pooling by its
    entry in ``pools`` (bands, frames). Each entry of ``dense`` is a layer with batch norm (if ``dense_batch_norm``),
    ReLU and dropout. The default is the final GTZAN network, 418,922 parameters; `GTZAN_6S` and `TOY` are the
    settings of the other two published ones. Layers are numbered as there: ``features.0``, ``classifier.0`` ….
    """

    architecture: ClassVar[str] = "mel-cnn"

    def __init__(
        self,
        *,
        classes: int = 10,
        bands: int = 128,
        frames: int = 128,
        filters: Sequence[int] = (32, 32, 64, 64, 128),
        pools: Sequence[Sequence[int]] = ((2, 2),) * 5,
        block_depth: int = 1,
        batch_norm: bool = False,
        dense: Sequence[int] = (128, 128),
        dense_batch_norm: bool = False,
        dropout: float = 0.4,
    ) -> None:
        super().__init__()
        if len(filters) != len(pools):
            raise AuricleError(
                f"a mel-cnn has one pooling for each stage, but {len(filters)} filters and {len(pools)} pools were "
                "given; give as many of both"
            )
        self.settings = {
            "classes": classes,
            "bands": bands,
            "frames": frames,
            "filters": list(filters),
            "pools": [list(pool) for pool in pools],
            "block_depth": block_depth,
            "batch_norm": batch_norm,
            "dense": list(dense),
            "dense_batch_norm": dense_batch_norm,
            "dropout": dropout,
        }
        layers: list[nn.Module] = []
        before = 1
        for width, (down, along) in zip(filters, pools, strict=True):
            for _ in range(block_depth):
                layers.append(nn.Conv2d(before, width, 3, padding=1))
                layers += [nn.BatchNorm2d(width), nn.ReLU()] if batch_norm else [nn.ReLU()]
                before = width
            layers.append(nn.MaxPool2d((down, along)))
            bands, frames = bands // down, frames // along
        if bands < 1 or frames < 1:
            raise AuricleError(
                f"a mel-cnn with these pools leaves {bands} bands and {frames} frames; pool less or give larger maps"
            )
        self.features = nn.Sequential(*layers)
        layers, before = [], before * bands * frames
        for width in dense:
            layers.append(nn.Linear(before, width))
            layers += [nn.BatchNorm1d(width), nn.ReLU()] if dense_batch_norm else [nn.ReLU()]
            layers += [nn.Dropout(dropout)] if dropout else []
            before = width
        self.classifier = nn.Sequential(*layers, nn.Linear(before, classes))

    def forward(self, features: Tensor) -> Tensor:
        return self.classifier(self.features(features).flatten(1))


GTZAN_6S = {
    "frames": 256,
    "filters": [64, 64, 100, 128, 128],
    "pools": [[2, 4], [2, 2], [2, 2], [2, 2], [2, 2]],
    "block_depth": 2,
    "batch_norm": True,
    "dense": [100, 100],
    "dense_batch_norm": True,
    "dropout": 0.3,
}
"""The larger GTZAN network, for six seconds: ten convolutions with batch norm."""

TOY = {"classes": 2, "bands": 64, "frames": 64, "filters": [8, 8, 16, 16, 16], "dense": [64, 64], "dropout": 0.0}
"""The network of the synthetic sounds; the width of its dense layers was not published and is ours."""
