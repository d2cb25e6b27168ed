"""Where the spoken digits come from: recordings of the Free Spoken Digit Dataset and espeak-ng's voices.

Every sound is float32 ``[n]`` at 8 kHz, trimmed to the word, with a peak of 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from auricle.datasets.fsdd import DIGITS
from auricle.datasets.voices import espeak, trim

SAMPLE_RATE = 8000
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
