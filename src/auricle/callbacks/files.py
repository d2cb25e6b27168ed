"""To plain files: a PNG for each picture, a WAV for each sound, and one table of figures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from auricle.callbacks.sinks import Sink, as_mono, writable
from auricle.clip import Clip, write_sound

COLUMNS = ("epoch", "tag", "value")


class Files(Sink):
    """``folder/TAG/EPOCH.png`` and ``.wav`` (epochs in four digits), and ``folder/scalars.csv``, which grows."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = writable(Path(folder))
        self._table = self.folder / "scalars.csv"

    def image(self, tag: str, picture: np.ndarray, epoch: int) -> None:
        from PIL import Image

        Image.fromarray(picture).save(self._place(tag, epoch, "png"))

    def sound(self, tag: str, clip: Clip, epoch: int) -> None:
        write_sound(self._place(tag, epoch, "wav"), as_mono(clip), clip.sample_rate)

    def scalar(self, tag: str, value: float, epoch: int) -> None:
        new = not self._table.exists()
        with open(self._table, "a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if new:
                rows.writerow(COLUMNS)
            rows.writerow((epoch, tag, f"{value:.6g}"))

    def _place(self, tag: str, epoch: int, ending: str) -> Path:
        path = self.folder / tag / f"{epoch:04d}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
