"""The two AlexNets of AudioMNIST, for 227 × 227 spectrograms."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn

from auricle.errors import AuricleError, nearest

Variant = Literal["batch-norm", "grouped"]
VARIANTS: tuple[Variant, ...] = ("batch-norm", "grouped")


class AlexNet(nn.Module):
    """``[B, 1, 227, 227] -> [B, classes]``: five convolutions, three max-poolings, dense layers of 1024.

    ``batch-norm`` follows every convolution's ReLU with a batch norm and has no groups (the Keras port): 14,227,530
    parameters and batch-norm statistics for ten classes, 14,219,330 for two. ``grouped`` is the Caffe original of
    Becker et al. 2018, with two groups in the second, fourth and fifth convolution and no norm: 12,808,906 and
    12,800,706 parameters.
    """

    architecture: ClassVar[str] = "alexnet"

    def __init__(self, *, classes: int = 10, variant: Variant = "batch-norm") -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise AuricleError(f'alexnet has no variant "{variant}"; {nearest(str(variant), VARIANTS)}')
        self.settings = {"classes": classes, "variant": variant}
        norm = variant == "batch-norm"
        groups = 1 if norm else 2
        self.features = nn.Sequential(
            *_block(1, 96, 11, stride=4, padding=0, norm=norm),
            nn.MaxPool2d(3, 2),
            *_block(96, 256, 5, padding=2, groups=groups, norm=norm),
            nn.MaxPool2d(3, 2),
            *_block(256, 384, 3, padding=1, norm=norm),
            *_block(384, 384, 3, padding=1, groups=groups, norm=norm),
            *_block(384, 256, 3, padding=1, groups=groups, norm=norm),
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


def _block(
    before: int, width: int, kernel: int, *, stride: int = 1, padding: int, groups: int = 1, norm: bool
) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.Conv2d(before, width, kernel, stride, padding, groups=groups), nn.ReLU()]
    return [*layers, nn.BatchNorm2d(width)] if norm else layers
