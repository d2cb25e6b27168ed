"""Sound: reading it, checking it, resampling it, writing it.

Conventions: samples are float32 in [-1, 1], ``[channels, n]``, at the recording's own rate, which is kept for
listening; a model hears ``clip.mono(sample_rate)``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from auricle.errors import AuricleError

LONGEST = 2**60
"""More samples than any file has: what a streamed file announces when it does not know its length."""

LOWEST_RATE = 1000
"""Below this rate (in hertz) a file cannot hold sound that a classifier could use."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A piece of sound: samples ``[channels, n]`` (float32), rate in hertz, a name, where it came from.

    ``start_seconds`` is where the clip begins in its recording (0 unless it is a section of a longer one).

    >>> clip = Clip(np.zeros((2, 8000), np.float32), sample_rate=8000, name="hush")
    >>> clip.seconds, clip.channels
    (1.0, 2)
    """

    samples: np.ndarray
    sample_rate: int
    name: str = "clip"
    source: str | None = None
    start_seconds: float = 0.0
    # Not an argument: a clip made from another by `dataclasses.replace` must not answer with the other's sound.
    _mono: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        samples = np.array(self.samples, dtype=np.float32, ndmin=2)
        if samples.ndim != 2:
            raise AuricleError(f"{self.name}: samples have shape {samples.shape}; give [channels, n] or [n]")
        if samples.shape[1] == 0:
            raise AuricleError(f"{self.name} holds no samples; record or export it again")
        if self.sample_rate < LOWEST_RATE:
            raise AuricleError(
                f"{self.name} has a sample rate of {self.sample_rate} Hz, too low for sound "
                f"(at least {LOWEST_RATE} Hz); if the header is wrong, rewrite it with the true rate"
            )
        if not np.isfinite(samples).all():
            bad = int((~np.isfinite(samples)).sum())
            raise AuricleError(
                f"{self.name} has {bad} sample{'s' if bad > 1 else ''} of NaN or infinity; repair or export it again"
            )
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        return self.samples.shape[0]

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / self.sample_rate

    @cached_property
    def content_hash(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the samples and their rate."""
        digest = hashlib.sha256(str((self.sample_rate, self.samples.shape)).encode())
        digest.update(np.ascontiguousarray(self.samples).tobytes())
        return digest.hexdigest()[:12]

    @property
    def peak(self) -> float:
        return float(np.abs(self.samples).max())

    def mono(self, sample_rate: int) -> np.ndarray:
        """Samples ``[n]`` (float32) at ``sample_rate``: the mean of the channels, resampled with soxr."""
        if sample_rate not in self._mono:
            mixed = self.samples.mean(axis=0)
            if sample_rate != self.sample_rate:
                import soxr

                mixed = soxr.resample(mixed, self.sample_rate, sample_rate)
                if len(mixed) == 0:
                    mixed = np.zeros(1, np.float32)
            mixed.setflags(write=False)
            self._mono[sample_rate] = mixed
        return self._mono[sample_rate]


def load_clip(path: str | Path, *, name: str | None = None) -> Clip:
    """Read any file that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF, …), whole, at its own rate.

    ``name`` defaults to the file name without its ending. Raises `AuricleError` for a file that is missing,
    empty, truncated or not audio.
    """
    path = Path(path)
    with _open(path) as file:
        announced = file.frames
        samples = _read(file, path, announced)
        if len(samples) < announced:
            raise AuricleError(
                f"{path} is truncated: its header announces {announced} samples, {len(samples)} can be read; "
                "copy or download it again"
            )
        rate = file.samplerate
    return Clip(samples.T, sample_rate=rate, name=name or _clip_name(path), source=str(path))


def load_part(path: str | Path, *, start: float, seconds: float, name: str | None = None) -> Clip:
    """``seconds`` of a sound file from ``start`` on (less where the file ends), without reading the rest."""
    path = Path(path)
    with _open(path) as file:
        first, rate = round(start * file.samplerate), file.samplerate
        if not 0 <= first < file.frames:
            raise AuricleError(
                f"{path} is {file.frames / rate:.3g} s long, so nothing in it begins at {start:g} s; "
                "correct the start, or copy the file again if it is cut short"
            )
        file.seek(first)
        samples = _read(file, path, round(seconds * rate))
    return Clip(samples.T, sample_rate=rate, name=name or _clip_name(path), source=str(path), start_seconds=start)


def duration(path: str | Path) -> float:
    """Length of a sound file in seconds, from its header."""
    with _open(Path(path)) as file:
        return file.frames / file.samplerate


def sections(path: str | Path, *, seconds: float, name: str | None = None) -> Iterator[Clip | AuricleError]:
    """Read a long recording as consecutive clips of ``seconds``, so that memory stays constant.

    A section that cannot be a clip (of NaN, say) comes as the error that says why, and reading goes on.
    """
    path = Path(path)
    name = name or _clip_name(path)
    with _open(path) as file:
        block, start = max(int(seconds * file.samplerate), 1), 0
        while start < file.frames:
            samples = _read(file, path, block)
            if len(samples) == 0:
                raise AuricleError(
                    f"{path} is truncated: its header announces {file.frames} samples, {start} can be read; "
                    "copy or download it again"
                )
            begin = start / file.samplerate
            try:
                clip = Clip(samples.T, file.samplerate, f"{name}-{round(begin, 3):g}s", str(path), start_seconds=begin)
            except AuricleError as error:
                yield error
            else:
                yield clip
            start += len(samples)


def write_sound(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write ``samples`` (``[n]`` or ``[channels, n]``, float) as a 32-bit float WAV: nothing can clip."""
    import soundfile

    soundfile.write(path, np.atleast_2d(samples).T, sample_rate, subtype="FLOAT", format="WAV")


def _clip_name(path: Path) -> str:
    """The file's name without ending, without line breaks and the like."""
    return "".join(letter if letter.isprintable() else "_" for letter in path.stem)


def _open(path: Path):  # type: ignore[no-untyped-def]
    import soundfile

    if str(path) != (shown := os.fsencode(path).decode("utf-8", "replace")):
        raise AuricleError(f"{shown} has a name that is not valid UTF-8; rename the file")
    if path.is_dir():
        raise AuricleError(f"{path} is a directory; give the sound files in it, for example {path}/*.wav")
    if not path.exists():
        raise AuricleError(f"{path} does not exist; check the path")
    if path.stat().st_size == 0:
        raise AuricleError(f"{path} is empty (0 bytes); copy or download it again")
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AuricleError(
            f"{path} cannot be read as sound ({_reason(error)}); convert it to WAV or FLAC, for example with ffmpeg"
        ) from error
    if file.frames > LONGEST:
        file.close()
        raise AuricleError(f"{path} does not say how long it is; write it anew, for example: ffmpeg -i FILE NEW.wav")
    if file.frames == 0:
        file.close()
        raise AuricleError(f"{path} holds no samples; record or export it again")
    return file


def _read(file, path: Path, frames: int) -> np.ndarray:  # type: ignore[no-untyped-def]
    import soundfile

    try:
        return file.read(frames, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AuricleError(
            f"{path} breaks off or is damaged ({_reason(error)}); copy or download it again"
        ) from error


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or str(error)
    return text.strip().rstrip(".")
