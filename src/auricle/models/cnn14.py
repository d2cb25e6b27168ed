"""CNN14 of PANNs, with the layers' names of its published weights."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn

from auricle.errors import AuricleError, nearest

Head = Literal["panns", "linear"]
HEADS: tuple[Head, ...] = ("panns", "linear")
FEWEST_FRAMES = 32
"""Halved five times, one is left."""
WIDTHS = (64, 128, 256, 512, 1024, 2048)


class ConvBlock(nn.Module):
    """``[B, before, T, F] -> [B, width, T, F]``: twice a 3 × 3 convolution, batch norm and ReLU."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        maps = self.relu(self.bn1(self.conv1(maps)))
        return self.relu(self.bn2(self.conv2(maps)))


class Cnn14(nn.Module):
    """``[B, 1, frames, bands] -> [B, classes]``, for clips of any length from 32 frames (Kong et al. 2020).

    Six blocks of two convolutions, all but the last followed by 2 × 2 mean-pooling; the mean over bands; over time the
    maximum plus the mean. With the ``panns`` head (a dense layer of 2048, then the classes) and the 527 classes of
    AudioSet there are 80,753,615 parameters. The ``linear`` head is the classes alone, as SpeechBrain trains it on
    ESC-50: 75.58 million with 80 bands and 50 classes, 75.48 of them before the head.
    """

    architecture: ClassVar[str] = "cnn14"

    def __init__(self, *, classes: int = 527, bands: int = 64, head: Head = "panns") -> None:
        super().__init__()
        if head not in HEADS:
            raise AuricleError(f'cnn14 has no head "{head}"; {nearest(str(head), HEADS)}')
        self.settings = {"classes": classes, "bands": bands, "head": head}
        # On [B, bands, T]; with an empty fourth axis PyTorch 2.13 gets the gradient wrong on CPUs.
        self.bn0 = nn.BatchNorm1d(bands)
        for number, (before, width) in enumerate(zip((1, *WIDTHS), WIDTHS, strict=False), 1):
            self.add_module(f"conv_block{number}", ConvBlock(before, width))
        self.pool = nn.AvgPool2d(2)
        self.dropout = nn.Dropout(0.2)
        self.dense_dropout = nn.Dropout(0.5)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(WIDTHS[-1], 2048) if head == "panns" else None
        self.fc_audioset = nn.Linear(2048, classes)

    def forward(self, features: Tensor) -> Tensor:
        if features.shape[2] < FEWEST_FRAMES:
            raise AuricleError(
                f"cnn14 needs {FEWEST_FRAMES} frames and was given {features.shape[2]}; give a longer clip, or pad it "
                "by Length(seconds=…)"
            )
        maps = self.bn0(features.squeeze(1).transpose(1, 2)).transpose(1, 2).unsqueeze(1)
        for number in range(1, len(WIDTHS) + 1):
            maps = self.get_submodule(f"conv_block{number}")(maps)
            maps = self.dropout(maps if number == len(WIDTHS) else self.pool(maps))
        over_time = maps.mean(dim=3)
        embedding = over_time.amax(dim=2) + over_time.mean(dim=2)
        if self.fc1 is not None:
            embedding = self.dense_dropout(self.relu(self.fc1(self.dense_dropout(embedding))))
        return self.fc_audioset(embedding)
