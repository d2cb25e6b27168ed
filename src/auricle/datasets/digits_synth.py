"""Spoken digits without a download: 60 synthetic speakers in AudioMNIST's own layout and metadata format.

The speakers are fixed: each has a voice, an accent, a pitch and a pace of their own, the same in every corpus. What the
seed decides is how each take differs: its pitch, pace, level and background noise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auricle.datasets.dataset import About, Dataset
from auricle.datasets.fsdd import DIGITS
from auricle.datasets.sixteen_bits import sixteen_bits
from auricle.datasets.source import Source
from auricle.datasets.voices import espeak, said_afresh, trim
from auricle.errors import AuricleError
from auricle.files import write_whole

SAMPLE_RATE = 48_000
"""As AudioMNIST's; the voices themselves have no sound above 11 kHz."""
LONGEST = 0.98
"""Seconds: a recording fits 8,000 samples at 8 kHz with room for the resampler."""
FEMALE = (12, 26, 28, 36, 43, 47, 52, 56, 57, 58, 59, 60)
"""The numbers of the female speakers, as in AudioMNIST."""
TAKES = 50
"""As many as AudioMNIST has of each digit by each speaker."""

FEMALE_VOICES = "f1 f2 f3 f4 f5 steph aunty Annie belinda linda Andrea Alicia".split()
MALE_VOICES = (
    "m2 m3 m5 m6 m7 m8 Mike Andy sandro iven max edward klatt5 klatt6 kaukovalta Alex Diogo adam benjamin Hugo miguel "
    "Reed Denis Gene"
).split()
"""espeak-ng's variants that speak with a clear pitch, a woman's (160 Hz and more) or a man's (up to 130 Hz)."""
ACCENTS = {
    "en-us": "American",
    "en-us-nyc": "New York",
    "en": "British",
    "en-gb-scotland": "Scottish",
    "en-gb-x-rp": "Received Pronunciation",
    "en-gb-x-gbclan": "Lancastrian",
    "en-gb-x-gbcwmd": "West Midlands",
    "en-029": "Caribbean",
}
"""espeak-ng's accents of English."""

META = "audioMNIST_meta.txt"
RECORD = "digits-synth.json"

ABOUT = About(
    title="Synthetic spoken digits in AudioMNIST's layout (digits-synth)",
    licence="none needed: made on this machine by espeak-ng, a program under GPL-3.0-or-later",
    homepage="https://github.com/espeak-ng/espeak-ng",
    citation="espeak-ng contributors: eSpeak NG text-to-speech; layout after Becker et al., AudioMNIST, 2018",
)


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """A synthetic speaker: number, gender, espeak-ng's voice, and the middle of their pitch and pace."""

    number: int
    gender: str
    accent: str
    voice: str
    pitch: int
    pitch_range: int
    words_per_minute: int

    @property
    def name(self) -> str:
        """The number as it is written in folders and file names.

        >>> speaker(7).name
        '07'
        """
        return f"{self.number:02d}"


def speaker(number: int) -> Speaker:
    """The speaker of a number from 1 to 60, always the same.

    >>> speaker(12).gender, speaker(13).gender
    ('female', 'male')
    """
    female = number in FEMALE
    voices = FEMALE_VOICES if female else MALE_VOICES
    # How many of this gender come before; where the voices begin again, they meet other accents.
    before = sum((other in FEMALE) == female for other in range(1, number))
    generator = np.random.default_rng(number)
    return Speaker(
        number=number,
        gender="female" if female else "male",
        accent=list(ACCENTS)[(before + 3 * (before // len(voices))) % len(ACCENTS)],
        voice=voices[before % len(voices)],
        pitch=int(generator.integers(38, 62)),
        pitch_range=int(generator.integers(30, 70)),
        words_per_minute=int(generator.integers(150, 205)),
    )


def speakers_of(count: int) -> list[Speaker]:
    """So many speakers, sorted by number; a fifth of them (of any five) is female, as of all 60.

    >>> [each.number for each in speakers_of(5)]
    [1, 2, 3, 4, 12]
    """
    if not 1 <= count <= 60:
        raise AuricleError(f"digits-synth has 60 speakers; {count} were asked for")
    males = [number for number in range(1, 61) if number not in FEMALE]
    turns = [number for four in range(12) for number in (*males[4 * four : 4 * four + 4], FEMALE[four])]
    return [speaker(number) for number in sorted(turns[:count])]


def make_digits_synth(
    folder: Path,
    *,
    takes: int = 2,
    seed: int = 0,
    speakers: int = 60,
    on_step: Callable[[int, int], None] | None = None,
) -> None:
    """Write ``takes`` of each digit by each speaker to ``folder/data``, and AudioMNIST's metadata beside them.

    Files that are there already are kept, so an interrupted corpus is completed and one with more takes extended, to
    the same bytes as in one go. ``on_step(done, total)`` is called after each clip. Raises `AuricleError` where
    espeak-ng is not installed, and for a folder that holds a corpus of another seed.
    """
    if not 1 <= takes <= TAKES:
        raise AuricleError(f"digits-synth makes 1 to {TAKES} takes of each digit; {takes} were asked for")
    chosen = speakers_of(speakers)
    espeak()  # where it is not installed, that is told before anything is written
    _claim(folder, seed)
    write_whole(folder / "data" / META, _metadata(chosen).encode())
    total, done = len(chosen) * len(DIGITS) * takes, 0
    for who in chosen:
        places = {
            (take, digit): folder / "data" / who.name / f"{digit}_{who.name}_{take}.wav"
            for take in range(takes)
            for digit in range(len(DIGITS))
        }
        missing = [key for key, path in places.items() if not _is_whole(path)]
        # What a voice said before is heard in what it says next, so the first takes are said again.
        spoken = recordings(who, max(missing)[0] + 1, seed=seed) if missing else {}
        for key, path in places.items():
            if key in missing:
                write_whole(path, sixteen_bits(spoken[key], SAMPLE_RATE))
            done += 1
            if on_step is not None:
                on_step(done, total)


def recordings(who: Speaker, takes: int, *, seed: int = 0) -> dict[tuple[int, int], np.ndarray]:
    """The first takes of all digits by a speaker: (take, digit) → 16-bit samples ``[n]``, shorter than a second."""
    sayings, generators = [], {}
    for take in range(takes):
        for digit, word in enumerate(DIGITS):
            generator = generators[take, digit] = np.random.default_rng([seed, who.number, digit, take])
            sayings.append({
                "text": word,
                "voice": f"{who.accent}+{who.voice}",
                "words_per_minute": round(who.words_per_minute * np.exp(generator.uniform(-0.12, 0.12))),
                "pitch": round(who.pitch + generator.uniform(-6, 6)),
                "pitch_range": round(who.pitch_range + generator.uniform(-12, 12)),
            })  # fmt: skip
    said, rate = said_afresh(sayings)
    return {
        key: _recorded(trim(samples, rate), rate, generator)
        for (key, generator), samples in zip(generators.items(), said, strict=True)
    }


def _recorded(word: np.ndarray, rate: int, generator: np.random.Generator) -> np.ndarray:
    """A word as a microphone might have heard it: a pause before and after, noise, at some level."""
    import soxr

    samples = soxr.resample(word, rate, SAMPLE_RATE)
    pauses = generator.uniform(0.0, 0.1, size=2)
    room = LONGEST - len(samples) / SAMPLE_RATE
    before, after = (pauses * min(1.0, room / pauses.sum()) * SAMPLE_RATE).astype(int)
    samples = np.pad(samples, (before, after))
    samples = samples + _noise(generator, samples)
    peak = 10 ** (generator.uniform(-20.0, -2.0) / 20)
    return np.round(32767 * peak * samples / np.abs(samples).max()).astype(np.int16)


def open_digits_synth(folder: Path) -> Dataset:
    """The corpus as a data set: AudioMNIST's tasks (digit and gender), columns and published folds."""
    from auricle.datasets.audiomnist import open_audiomnist

    return open_audiomnist(folder, name="digits-synth", about=ABOUT)


def _noise(generator: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    """Noise of a random colour, 25 to 50 dB below the speech."""
    spectrum = np.fft.rfft(generator.normal(size=len(speech)))
    hertz = np.fft.rfftfreq(len(speech), 1 / SAMPLE_RATE)
    noise = np.fft.irfft(spectrum * np.maximum(hertz, 50.0) ** -generator.uniform(0.0, 1.0), len(speech))
    level = 10 ** (-generator.uniform(25.0, 50.0) / 20) * np.sqrt(np.mean(speech**2))
    return level * noise / np.sqrt(np.mean(noise**2))


def _claim(folder: Path, seed: int) -> None:
    """Remember the seed, so that takes of two seeds are never mixed."""
    path = folder / RECORD
    if path.exists():
        other = json.loads(path.read_text(encoding="utf-8")).get("seed")
        if other != seed:
            raise AuricleError(f"{folder} holds digits-synth of seed {other}, not {seed}; choose another folder")
    write_whole(path, (json.dumps({"made by": "auricle", "name": "digits-synth", "seed": seed}) + "\n").encode())


def _metadata(speakers: Sequence[Speaker]) -> str:
    """What AudioMNIST tells of each speaker. A synthetic one has no age: 1234 stands there, as in AudioMNIST itself."""
    told = {
        who.name: {
            "accent": ACCENTS[who.accent],
            "age": "1234",
            "gender": who.gender,
            "native speaker": "yes",
            "origin": f"synthetic, espeak-ng, {who.accent}+{who.voice}",
            "recordingdate": "",
            "recordingroom": "",
        }
        for who in speakers
    }
    return json.dumps(told, indent=4) + "\n"


def _is_whole(path: Path) -> bool:
    """Whether a recording is there, and as long as its header says."""
    if not path.exists() or path.stat().st_size <= 44:
        return False
    with path.open("rb") as file:
        announced = int.from_bytes(file.read(8)[4:], "little") + 8
    return announced == path.stat().st_size


SOURCE = Source(
    name="digits-synth",
    about=ABOUT,
    layout="data/{speaker}/{digit}_{speaker}_{take}.wav, data/audioMNIST_meta.txt",
    open=open_digits_synth,
    make=make_digits_synth,
)
