"""Features of recordings, kept on disk: computed once, then read back as fast as the disk can.

A store holds what one front-end and one length policy make of clips. It is keyed by the content of the sound, not by
file names, and only grows; a run that was killed leaves at most a row that nobody refers to. Reading takes the memory
of a batch, whatever the size of the store.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor

from auricle import frontends
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.datasets import Dataset
from auricle.errors import AuricleError
from auricle.files import make_folder

FORMAT = 2
"""Raised when features of the same settings come out differently than before."""


@dataclass(frozen=True, eq=False)
class Stored:
    """Where each clip's windows are: the first row and how many, per row of the data set (0 windows: a failure)."""

    first: np.ndarray
    count: np.ndarray
    content: list[str]
    """A hash of each row's sound; empty for a failure."""
    failures: dict[int, str]
    """Row numbers of the data set with the sentence that says why the clip cannot be heard."""


class FeatureStore:
    """Network inputs ``[rows, *shape]`` of float32 in one file, with an index beside it.

    ``samples=True`` keeps windows of samples ``[n]`` instead of features, for training that changes the sound.
    """

    def __init__(self, folder: Path, classifier: Classifier, *, samples: bool = False) -> None:
        seconds = classifier.length.seconds
        if seconds is None:
            raise AuricleError("features are kept for networks that hear a fixed length; give length.seconds")
        self._classifier, self.keeps_samples = classifier, samples
        # Windows of samples need no raster, on which the last one would end after the clip, in silence.
        self._hop = 1 if samples and classifier.length.pad == "none" else None
        self.folder = folder / self._key()
        self.shape = self._shape(round(seconds * classifier.sample_rate))
        self._row_bytes = 4 * int(np.prod(self.shape))
        self._file: Any = None

    def _key(self) -> str:
        classifier = self._classifier
        length = asdict(classifier.length)
        if classifier.length.pad != "random":
            del length["seed"]  # decides nothing
        settings = {
            "format": FORMAT,
            "samples": self.keeps_samples,
            "rate": classifier.sample_rate,
            "length": length,
            "frontend": None if self.keeps_samples else frontends.to_settings(classifier.frontend),
        }
        if self._hop is not None:
            settings["hop"] = self._hop
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:24]

    def _shape(self, n: int) -> tuple[int, ...]:
        if self.keeps_samples:
            return (n,)
        with torch.inference_mode():
            return tuple(self._classifier.frontend(torch.zeros(1, n)).shape[1:])

    # --- writing --------------------------------------------------------------------------------------------

    def prepare(self, dataset: Dataset, *, on_step: Callable[[], None] | None = None) -> Stored:
        """Make what is missing for the clips of a data set; one process at a time, the others wait.

        Raises `AuricleError` when the disk is full.
        """
        make_folder(self.folder)
        with FileLock(str(self.folder / "lock")):
            try:
                return self._prepare(dataset, on_step)
            except OSError as error:
                raise AuricleError(
                    f"the features could not be written to {self.folder} ({error.strerror or error}); free some space, "
                    "or set AURICLE_CACHE to another disk. What was written is kept"
                ) from error

    def _prepare(self, dataset: Dataset, on_step: Callable[[], None] | None) -> Stored:
        index = self.folder / "index.jsonl"
        by_file, by_content, rows = _read_index(index)
        data_file = self.folder / "rows.f32"
        if rows and (not data_file.exists() or data_file.stat().st_size < rows * self._row_bytes):
            index.unlink()  # the index knows more than there is, as after a power failure: begin anew
            by_file, by_content, rows = {}, {}, 0
        first, count = np.zeros(len(dataset), np.int64), np.zeros(len(dataset), np.int64)
        contents = [""] * len(dataset)
        failures: dict[int, str] = {}
        with open(data_file, "ab") as data, open(index, "a", encoding="utf-8") as lines:
            data.truncate(rows * self._row_bytes)  # what a killed run left unfinished
            for number, row in enumerate(dataset.rows()):
                try:
                    key = _file_key(dataset, row)
                    content = by_file.get(key) if key else None
                    if content is None:
                        clip = dataset.load(row)
                        content = _content(clip)
                        known = by_content.get(content)
                        if known is None:
                            made = self._features(clip)
                            data.write(made.tobytes())
                            data.flush()
                            known = (rows, len(made))
                            rows += len(made)
                        by_content[content] = known
                        if key:
                            by_file[key] = content
                        lines.write(json.dumps([key, content, *known]) + "\n")
                        lines.flush()
                    first[number], count[number] = by_content[content]
                    contents[number] = content
                except AuricleError as error:
                    failures[number] = " ".join(str(error).split())
                if on_step is not None:
                    on_step()
            os.fsync(data.fileno())
        return Stored(first, count, contents, failures)

    def _features(self, clip: Clip) -> np.ndarray:
        """``[windows, *shape]`` of one clip, exactly as the classifier hears it."""
        samples = self._classifier.windows(clip, hop=self._hop).samples.cpu().float()
        if self.keeps_samples:
            made = samples
        else:
            with torch.inference_mode():
                made = self._classifier.frontend(samples).contiguous()
        if tuple(made.shape[1:]) != self.shape:
            raise AuricleError(
                f"{clip.name} is {clip.seconds:.3g} s long and does not fill a window of "
                f"{self._classifier.length.seconds:g} s; take shorter windows, or let shorter clips be padded, with "
                "length.pad=end"
            )
        return made.numpy()

    # --- reading --------------------------------------------------------------------------------------------

    def read(self, rows: Sequence[int] | np.ndarray) -> Tensor:
        """``[len(rows), *shape]`` of float32."""
        if self._file is None:
            self._file = open(self.folder / "rows.f32", "rb", buffering=0)  # noqa: SIM115 - kept open between batches
        out = np.empty((len(rows), *self.shape), np.float32)
        for place, row in enumerate(rows):
            self._file.seek(int(row) * self._row_bytes)
            view = memoryview(out[place]).cast("B")
            while len(view):
                got = self._file.readinto(view)
                if not got:
                    raise AuricleError(f"{self.folder} is cut short; delete it, and the features are made again")
                view = view[got:]
        return torch.from_numpy(out)


def _read_index(path: Path) -> tuple[dict[str, str], dict[str, tuple[int, int]], int]:
    """The content of files, the rows of each content, and how many there are.

    A line that a killed run broke off is dropped.
    """
    by_file: dict[str, str] = {}
    by_content: dict[str, tuple[int, int]] = {}
    rows, whole = 0, 0
    if path.exists():
        with open(path, "rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                key, content, first, count = json.loads(line)
                whole += len(line)
                by_content[content] = (first, count)
                if key:
                    by_file[key] = content
                rows = max(rows, first + count)
        os.truncate(path, whole)
    return by_file, by_content, rows


def _file_key(dataset: Dataset, row: Any) -> str:
    """A file (or part) that was not touched since; empty for what is no file."""
    if dataset.sound_of is not None:
        return ""
    path = dataset.root / row["path"]
    try:
        found = path.stat()
    except OSError:
        return ""  # loading it says what is wrong
    return f"{path.resolve()}|{found.st_size}|{found.st_mtime_ns}|{row.get('start')}|{row.get('seconds')}"


def _content(clip: Clip) -> str:
    """A hash of the sound itself."""
    digest = hashlib.sha256(f"{clip.sample_rate} {clip.samples.shape}".encode())
    digest.update(np.ascontiguousarray(clip.samples).data)
    return digest.hexdigest()[:32]
