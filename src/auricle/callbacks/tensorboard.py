"""To TensorBoard: images, audio and scalars of one run, with a slider over the epochs."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from auricle.callbacks.sinks import Sink, as_mono, writable
from auricle.clip import Clip
from auricle.errors import AuricleError


class TensorBoard(Sink):
    """Writes into a folder of logs, or through a ``SummaryWriter`` that there is already (and stays open)."""

    def __init__(self, to: str | Path | Any) -> None:
        self._own = isinstance(to, str | Path)
        self.writer = _writer(Path(to)) if isinstance(to, str | Path) else to

    def image(self, tag: str, picture: np.ndarray, epoch: int) -> None:
        file = _file_of(self.writer)
        if file is None:
            self.writer.add_image(tag, picture, epoch, dataformats="HWC")
            return
        from tensorboard.compat.proto.summary_pb2 import Summary

        high, wide, _ = picture.shape
        shown = Summary.Image(height=high, width=wide, colorspace=3, encoded_image_string=_png(picture))
        file.add_summary(Summary(value=[Summary.Value(tag=tag, image=shown)]), epoch)

    def sound(self, tag: str, clip: Clip, epoch: int) -> None:
        self.writer.add_audio(tag, as_mono(clip)[None], epoch, sample_rate=clip.sample_rate)

    def scalar(self, tag: str, value: float, epoch: int) -> None:
        self.writer.add_scalar(tag, value, epoch)

    def flush(self) -> None:
        self.writer.flush()

    def close(self) -> None:
        if self._own:
            self.writer.close()


def _writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise AuricleError(
            "writing for TensorBoard needs tensorboard; install it with: pip install 'auricle[train]'"
        ) from error
    return SummaryWriter(str(writable(folder)))


def _file_of(writer: Any) -> Any:
    """What takes a picture that is a PNG already; None for writers of another make, and closed ones."""
    torch_own = sys.modules.get("torch.utils.tensorboard.writer")
    file = getattr(writer, "file_writer", None)
    return file if torch_own is not None and isinstance(file, torch_own.FileWriter) else None


def _png(picture: np.ndarray) -> bytes:
    """In 256 colours: ``add_image`` would take four times as long, and its file be three times as large."""
    from PIL import Image

    file = BytesIO()
    few = Image.fromarray(picture).quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(file, format="PNG", compress_level=1)
    return file.getvalue()
