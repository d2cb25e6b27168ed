"""How much of a sound a network hears at once: padding, repeating, windows."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Length:
    """What to do with clips that are shorter or longer than the network wants.

    ``seconds`` is the wanted length (None: any). A shorter clip is padded with silence at its ``end``, on both
    sides (``centre``) or at a ``random`` offset drawn from ``seed`` and the clip itself. Or it is repeated: as often as
    it fits in whole, with silence after that (``repeat``), or until the last copy is cut off (``loop``). Or it stays as
    it is (``none``). A longer clip is cut to its beginning (``crop``), its ``centre``, or heard through consecutive
    windows, ``hop_seconds`` apart (``window``). The last of them is filled up with silence; with ``none``, ``repeat``
    and ``loop`` it begins earlier instead, and ends with the clip to within a hop of the front-end.
    """

    seconds: float | None = None
    pad: Literal["end", "centre", "random", "none", "repeat", "loop"] = "end"
    long: Literal["window", "crop", "centre"] = "window"
    hop_seconds: float | None = None
    seed: int = 0

    def windows(self, samples: Tensor, *, sample_rate: int, hop: int) -> Windows:
        """What is heard of samples ``[n]``; ``hop`` is the raster on which windows begin, in samples."""
        total = len(samples)
        wanted = total if self.seconds is None else round(self.seconds * sample_rate)
        if total < wanted and self.pad == "none":
            wanted = total
        if total <= wanted:
            copies = {"repeat": wanted // total, "loop": -(-wanted // total)}.get(self.pad, 1)
            return laid(samples, (-self._offset(wanted - total, samples),), wanted, copies)
        if self.long == "crop":
            return laid(samples, (0,), wanted)
        if self.long == "centre":
            return laid(samples, ((total - wanted) // 2,), wanted)
        apart = round((self.hop_seconds or wanted / sample_rate) * sample_rate)
        apart = max(apart - apart % hop, hop)  # so that the windows' frames fall on one common raster
        starts = [*range(0, total - wanted + apart, apart)]
        if self.pad in ("none", "repeat", "loop"):
            starts[-1] = -(-(total - wanted) // hop) * hop
        return laid(samples, tuple(starts), wanted)

    def count(self, seconds: float) -> int:
        """About how many windows a clip of so many seconds is heard through.

        >>> Length(seconds=1.0).count(3600.0), Length(seconds=1.0, long="crop").count(3600.0), Length().count(3600.0)
        (3600, 1, 1)
        """
        if self.seconds is None or self.long != "window" or seconds <= self.seconds:
            return 1
        return 1 + math.ceil(round((seconds - self.seconds) / (self.hop_seconds or self.seconds), 6))

    def _offset(self, spare: int, samples: Tensor) -> int:
        if self.pad == "random":
            # Each clip lies elsewhere, and always in the same place.
            generator = torch.Generator().manual_seed(zlib.crc32(samples.cpu().numpy().tobytes()) + self.seed)
            return int(torch.randint(0, spare + 1, (), generator=generator))
        return spare // 2 if self.pad == "centre" else 0


@dataclass(frozen=True, eq=False)
class Windows:
    """What the network hears of one clip: ``samples [W, n]`` and where each window starts, in samples.

    A negative start means that silence was padded before the clip; ``total`` is the clip's own length. ``copies`` of
    the clip follow one another in the (then only) window.
    """

    samples: Tensor
    starts: tuple[int, ...]
    total: int
    copies: int = 1

    def origins(self, window: int) -> tuple[int, ...]:
        """Where a window begins as seen from each copy of the clip, in samples."""
        return tuple(self.starts[window] - copy * self.total for copy in range(self.copies))

    def of(self, sounds: Tensor) -> Tensor:
        """Other sounds of the clip's length ``[K, n]`` as they would be heard: ``[K, W, n]``."""
        return _cut(sounds, self.starts, self.samples.shape[-1], self.copies)


def laid(samples: Tensor, starts: tuple[int, ...], wanted: int, copies: int = 1) -> Windows:
    """Windows of ``wanted`` samples of a clip ``[n]``, with silence where it is not."""
    return Windows(_cut(samples[None], starts, wanted, copies)[0], starts, len(samples), copies)


def _cut(sounds: Tensor, starts: tuple[int, ...], wanted: int, copies: int) -> Tensor:
    sounds = sounds.repeat(1, copies)
    before = max(-min(starts), 0)
    after = max(max(starts) + wanted - sounds.shape[-1], 0)
    padded = torch.nn.functional.pad(sounds, (before, after))
    return torch.stack([padded[:, s + before : s + before + wanted] for s in starts], dim=1)
