"""What can be said of one clip by hearing it once: is it readable, whole, silent, clipped; which sound is it?"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auricle.datasets.dataset import Dataset, Row
from auricle.errors import AuricleError

BLOCK = 2**17
"""Frames read at once, so that memory does not grow with the length of a recording."""
RUN = 3
"""So many samples at full scale in a row are clipped; a single one may just be the peak."""
SILENT_DB = -80.0
"""A clip whose peak is below is silent."""
UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)
"""What a header announces that was written before the length was known."""


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """A clip as it was heard; ``problem`` says why it cannot be used, and then the others may be missing.

    ``clipped`` counts samples in runs at full scale, ``bad`` samples that are NaN or infinite. ``truncated`` says that
    the file announces more than it holds. ``sound`` is a hash of rate and samples: the same for the same sound,
    whatever the file is called.
    """

    id: str
    path: str
    problem: str = ""
    rate: int | None = None
    channels: int | None = None
    seconds: float | None = None
    peak: float | None = None
    rms_db: float | None = None
    clipped: int | None = None
    silent: bool | None = None
    bad: int | None = None
    truncated: bool | None = None
    sound: str | None = None


def hear(dataset: Dataset, row: Row) -> ClipFacts:
    """One clip of a data set, heard block by block; a broken file is a fact and never an exception."""
    told = str(row["path"])
    path = dataset.root / told
    try:
        if dataset.sound_of is not None:
            clip = dataset.sound_of(row)
            return _measured(str(row["id"]), told, clip.sample_rate, iter([clip.samples.T]), truncated=False)
        if not path.exists():
            return ClipFacts(id=str(row["id"]), path=told, problem="missing: there is no such file")
        return _heard_file(dataset, row, path)
    except AuricleError as error:
        return ClipFacts(id=str(row["id"]), path=told, problem=_without_path(str(error), path))
    except Exception as error:  # whatever a damaged file makes a decoder do
        return ClipFacts(id=str(row["id"]), path=told, problem=f"{type(error).__name__}: {error}")


def _heard_file(dataset: Dataset, row: Row, path: Path) -> ClipFacts:
    from auricle.clip import _open

    with _open(path) as file:
        rate, announced = file.samplerate, file.frames
        frames = announced
        if row.get("seconds") is not None:
            first = round((row.get("start") or 0.0) * rate)
            frames = min(round(row["seconds"] * rate), announced - first)
            if frames <= 0:
                raise AuricleError(f"it ends at {announced / rate:.3g} s, before this clip begins")
            file.seek(first)
        full = _full_scale(file.subtype)
        read = _Reading(file, frames)
        facts = _measured(str(row["id"]), str(row["path"]), rate, read.blocks(), truncated=False, full=full)
        # libsndfile believes the size of a cut WAV file rather than its header, so the header is asked again.
        cut = read.done < frames or lacks_bytes(path)
        return ClipFacts(**{**facts.__dict__, "truncated": cut, "problem": facts.problem or read.problem})


class _Reading:
    """Blocks ``[n, channels]`` of an open file, and how far reading went."""

    def __init__(self, file, frames: int) -> None:  # type: ignore[no-untyped-def]
        self._file, self._frames, self.done, self.problem = file, frames, 0, ""

    def blocks(self) -> Iterator[np.ndarray]:
        import soundfile

        while self.done < self._frames:
            try:
                block = self._file.read(min(BLOCK, self._frames - self.done), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                seconds = self.done / self._file.samplerate
                self.problem = f"damaged after {seconds:.3g} s ({error.error_string.strip().rstrip('.')})"
                return
            if len(block) == 0:
                return
            self.done += len(block)
            yield block


def _measured(
    identity: str, path: str, rate: int, blocks: Iterator[np.ndarray], *, truncated: bool, full: float = 0.9999
) -> ClipFacts:
    digest, frames, channels = hashlib.blake2b(digest_size=16), 0, 0
    peak = energy = 0.0
    bad, runs = 0, _Runs(full)
    for block in blocks:
        if frames == 0:
            channels = block.shape[1]
            digest.update(f"{rate} {channels}".encode())
        frames += len(block)
        digest.update(np.ascontiguousarray(block).tobytes())
        finite = np.isfinite(block)
        if not finite.all():
            bad += int((~finite).sum())
            block = np.where(finite, block, 0.0)
        peak = max(peak, float(np.abs(block).max()))
        energy += float(np.square(block, dtype=np.float64).sum())
        runs.add(block)
    if frames == 0:
        return ClipFacts(id=identity, path=path, problem="no samples can be read")
    rms = math.sqrt(energy / (frames * channels))
    return ClipFacts(
        id=identity,
        path=path,
        problem=f"{bad} samples are NaN or infinite" if bad else "",
        rate=rate,
        channels=channels,
        seconds=frames / rate,
        peak=peak,
        rms_db=20 * math.log10(rms) if rms > 0 else -math.inf,
        clipped=runs.count,
        silent=bool(bad == 0 and peak < 10 ** (SILENT_DB / 20)),
        bad=bad,
        truncated=truncated,
        sound=digest.hexdigest(),
    )


class _Runs:
    """Counts samples in runs of at least `RUN` at full scale, also across blocks."""

    def __init__(self, full: float) -> None:
        self._full, self._closed = full, 0
        self._open: np.ndarray | None = None
        """Length of the run that each channel's block ended in."""

    @property
    def count(self) -> int:
        return self._closed + (0 if self._open is None else sum(int(each) for each in self._open if each >= RUN))

    def add(self, block: np.ndarray) -> None:
        if self._open is None:
            self._open = np.zeros(block.shape[1], int)
        loud = np.abs(block) >= self._full
        if not loud.any():
            self._closed, self._open = self.count, np.zeros_like(self._open)
            return
        for channel in range(block.shape[1]):
            edges = np.flatnonzero(np.diff(loud[:, channel].astype(np.int8), prepend=0, append=0))
            starts, ends = edges[::2], edges[1::2]
            lengths = ends - starts
            before = self._open[channel]
            if before and not (len(starts) and starts[0] == 0):
                lengths, ends = np.r_[before, lengths], np.r_[0, ends]
            elif before:
                lengths[0] += before
            last = bool(len(ends) and ends[-1] == len(block))
            self._open[channel] = lengths[-1] if last else 0
            done = lengths[:-1] if last else lengths
            self._closed += int(done[done >= RUN].sum())


def _full_scale(subtype: str) -> float:
    """The magnitude from which a sample is at full scale: of 8 bits the highest is 127 of 128."""
    return 0.992 if subtype in ("PCM_U8", "PCM_S8") else 0.98 if subtype in ("ULAW", "ALAW") else 0.9999


def lacks_bytes(path: Path) -> bool:
    """Whether a WAV or AIFF file ends before its header says; of other files only the decoder can tell."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        order, sound = {b"RIFF": ("little", b"data"), b"FORM": ("big", b"SSND")}.get(head[:4], ("", b""))
        if not order or len(head) < 12 or head[8:] not in (b"WAVE", b"AIFF", b"AIFC"):
            return False
        while len(chunk := file.read(8)) == 8:
            length = int.from_bytes(chunk[4:], order)  # type: ignore[arg-type]
            if chunk[:4] == sound:
                return length not in UNKNOWN_LENGTHS and file.tell() + length > size
            file.seek(length + length % 2, 1)
    return False


def _without_path(sentence: str, path: Path) -> str:
    """The table has a column for the path."""
    return sentence.removeprefix(f"{path} ").removeprefix(f"{path}: ")
