"""Where the spoken digits come from: recordings of the Free Spoken Digit Dataset and espeak-ng's voices.

Every sound is float32 ``[n]`` at 8 kHz, trimmed to the word, with a peak of 1.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import espeakng_loader
import numpy as np
import soundfile
import soxr

SAMPLE_RATE = 8000
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FSDD = Path("../shared/data/fsdd/recordings")
TEST_TAKES = range(5)
"""The takes that FSDD reserves for testing: 5 takes × 6 speakers × 10 digits = 300 recordings."""

ACCENTS = (
    "en-us", "en-us-nyc", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd",
    "en-029",
)  # fmt: skip
VARIANTS = (
    "m1", "m2", "m3", "m4", "m6", "m7", "m8", "f1", "f2", "f3", "f5", "croak", "whisper", "klatt",
    "klatt2", "klatt4", "klatt5", "klatt6", "Alex", "Andrea", "Annie", "Denis", "Diogo", "Gene", "Hugo",
    "Jacky", "Lee", "Mario", "Michael", "Mike", "Reed", "Storm", "adam", "announcer", "antonio", "aunty",
    "belinda", "benjamin", "boris", "caleb", "david", "ed", "edward", "grandma", "ian", "iven", "john",
    "kaukovalta", "marcelo", "max", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob",
    "sandro", "shelby", "steph", "victor", "zac",
)  # fmt: skip
UNSEEN_VARIANTS = (
    "m5", "f4", "klatt3", "whisperf", "Alicia", "Andy", "Marco", "linda", "grandpa", "robert", "travis",
)  # fmt: skip
"""Voices that training never hears, in any accent; the demo clips are spoken by some of them."""


@dataclass(frozen=True)
class Utterance:
    """One spoken digit: ``samples [n]``, ``digit`` 0 to 9, who spoke it, and which take it is."""

    samples: np.ndarray
    digit: int
    speaker: str
    take: int = 0


# --- FSDD ---------------------------------------------------------------------------------------------------


def recordings(folder: Path) -> list[tuple[Path, int, str, int]]:
    """FSDD's files with digit, speaker and take, read from ``{digit}_{speaker}_{take}.wav``."""
    found = []
    for path in sorted(folder.glob("*.wav")):
        digit, speaker, take = path.stem.split("_")
        found.append((path, int(digit), speaker, int(take)))
    if not found:
        raise SystemExit(
            f"{folder} holds no recordings; clone https://github.com/Jakobovski/free-spoken-digit-dataset "
            "and give its recordings folder with --fsdd"
        )
    return found


def fsdd(folder: Path) -> list[Utterance]:
    """All recordings, at a peak of 1."""
    utterances = []
    for path, digit, speaker, take in recordings(folder):
        samples, rate = soundfile.read(path, dtype="float32")
        assert rate == SAMPLE_RATE, f"{path} has {rate} Hz; FSDD has {SAMPLE_RATE} Hz"
        utterances.append(Utterance(samples / np.abs(samples).max(), digit, speaker, take))
    return utterances


# --- espeak-ng ----------------------------------------------------------------------------------------------

_SYNCHRONOUS, _UTF8 = 2, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """espeak-ng's C library, which exists once in a process; use `espeak()`."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._chunks: list[np.ndarray] = []
        self._callback = _Callback(self._collect)  # kept, or it would be collected while C still calls it
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.sample_rate <= 0:
            raise RuntimeError(f"espeak-ng could not start from {espeakng_loader.get_data_path()}")
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 32768)
        return 0

    def say(
        self,
        text: str,
        *,
        voice: str = "en-us",
        words_per_minute: int = 175,
        pitch: int = 50,
        pitch_range: int = 50,
    ) -> np.ndarray:
        """``text`` as samples ``[n]`` at ``self.sample_rate``; pitch and its range go from 0 to 100."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f'espeak-ng has no voice "{voice}"')
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))  # flutter and breath are drawn at random
        self._chunks = []
        encoded = text.encode()
        status = self._library.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded) + 1), 0, 1, 0, _UTF8, None, None
        )
        if status != 0 or not self._chunks:
            raise RuntimeError(f'espeak-ng\'s voice "{voice}" said nothing for "{text}" (status {status})')
        return np.concatenate(self._chunks)


@cache
def espeak() -> Espeak:
    return Espeak()


def trim(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Without what is 40 dB below the peak before and after the word, but for 10 ms."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    margin = round(0.01 * sample_rate)
    return samples[max(loud[0] - margin, 0) : loud[-1] + 1 + margin]


def synthetic(variants: Iterable[str], *, seed: int, accents: Iterable[str] = ACCENTS) -> list[Utterance]:
    """Every digit by every variant in every accent, each at its own pitch, range and speed."""
    rng, voice = np.random.default_rng(seed), espeak()
    utterances = []
    for accent in accents:
        for variant in variants:
            for digit, word in enumerate(DIGITS):
                spoken = voice.say(
                    word,
                    voice=f"{accent}+{variant}",
                    words_per_minute=int(rng.integers(110, 260)),
                    pitch=int(rng.integers(15, 85)),
                    pitch_range=int(rng.integers(10, 90)),
                )
                samples = soxr.resample(trim(spoken, voice.sample_rate), voice.sample_rate, SAMPLE_RATE)
                utterances.append(Utterance(samples / np.abs(samples).max(), digit, f"{accent}+{variant}"))
    return utterances
