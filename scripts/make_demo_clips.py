"""Make the demo clips and ``planted.json`` in ``src/auricle/demo``: ``python scripts/make_demo_clips.py``.

All are spoken by voices from `UNSEEN_VARIANTS`, which the bundled model never hears in training.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from scipy.signal import butter, sosfilt

import auricle.demo
from auricle.datasets.voices import espeak, trim

FOLDER = Path(auricle.demo.__file__).parent


@dataclass(frozen=True)
class Saying:
    """A digit as one voice says it; ``peak`` goes from 0 to 1, ``pitch`` from 0 to 100."""

    digit: str
    voice: str
    sample_rate: int
    peak: float
    words_per_minute: int
    pitch: int

    def samples(self) -> np.ndarray:
        """The word ``[n]``, without silence around it."""
        voice, rate = espeak(), self.words_per_minute
        said = voice.say(self.digit, voice=self.voice, words_per_minute=rate, pitch=self.pitch)
        samples = soxr.resample(trim(said, voice.sample_rate), voice.sample_rate, self.sample_rate)
        return self.peak * samples / np.abs(samples).max()


SEVEN = Saying("seven", "en-us+f4", 16000, peak=0.7, words_per_minute=140, pitch=55)
THREE = Saying("three", "en-gb-scotland+m5", 16000, peak=0.5, words_per_minute=130, pitch=40)
NINE = Saying("nine", "en-gb-x-rp+grandpa", 8000, peak=0.6, words_per_minute=130, pitch=40)
FIVE = Saying("five", "en+linda", 44100, peak=0.8, words_per_minute=150, pitch=50)
FOUR = Saying("four", "en-us+robert", 16000, peak=0.6, words_per_minute=175, pitch=45)


def with_pauses(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    return np.pad(samples, (round(0.12 * sample_rate), round(0.16 * sample_rate)))


def on_the_left(samples: np.ndarray) -> np.ndarray:
    """``[n] -> [n, 2]``: the right ear hears it 12 samples later and softer."""
    return np.stack([samples, 0.6 * np.pad(samples, (12, 0))[:-12]], axis=1)


def faded(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Without clicks at its ends."""
    ramp = np.sin(np.linspace(0, np.pi / 2, round(0.008 * sample_rate))) ** 2
    samples = samples.copy()
    samples[: len(ramp)] *= ramp
    samples[-len(ramp) :] *= ramp[::-1]
    return samples


def tone(seconds: tuple[float, float], hertz: float, sample_rate: int) -> np.ndarray:
    time = np.arange(round((seconds[1] - seconds[0]) * sample_rate)) / sample_rate
    return faded(np.sin(2 * np.pi * hertz * time), sample_rate)


def burst(seconds: tuple[float, float], hertz: tuple[float, float], sample_rate: int) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(round((seconds[1] - seconds[0]) * sample_rate))
    noise = sosfilt(butter(6, hertz, "bandpass", fs=sample_rate, output="sos"), noise)
    return faded(noise / np.abs(noise).max(), sample_rate)


def planted() -> tuple[np.ndarray, dict[str, object]]:
    """One second of a tone, then "four", then a burst of noise; and the truth about where they are."""
    rate, word = FOUR.sample_rate, FOUR.samples()
    tone_seconds, tone_hertz = (0.05, 0.30), 3000.0
    word_seconds = (0.38, math.ceil(1000 * (0.38 + len(word) / rate)) / 1000)
    burst_seconds, burst_hertz = (0.84, 0.96), (800.0, 2400.0)
    clip = np.zeros(rate)
    for sound, (start, _) in (
        (0.3 * tone(tone_seconds, tone_hertz, rate), tone_seconds),
        (word, word_seconds),
        (0.35 * burst(burst_seconds, burst_hertz, rate), burst_seconds),
    ):
        first = round(start * rate)
        clip[first : first + len(sound)] += sound
    truth: dict[str, object] = {
        "clip": "planted.wav",
        "says": FOUR.digit,
        "voice": FOUR.voice,
        "parts": [
            {"what": "tone", "seconds": tone_seconds, "hertz": (tone_hertz, tone_hertz)},
            {"what": "digit", "seconds": word_seconds, "hertz": None},
            {"what": "noise burst", "seconds": burst_seconds, "hertz": burst_hertz},
        ],
    }
    return clip, truth


def main() -> None:
    for saying in (SEVEN, THREE, NINE, FIVE):
        rate = saying.sample_rate
        samples = with_pauses(saying.samples(), rate)
        if saying is FIVE:
            samples = on_the_left(samples)
        soundfile.write(FOLDER / f"{saying.digit}.wav", samples, rate, subtype="PCM_16")
    clip, truth = planted()
    soundfile.write(FOLDER / "planted.wav", clip, FOUR.sample_rate, subtype="PCM_16")
    (FOLDER / "planted.json").write_text(json.dumps(truth, indent=2) + "\n")
    for path in auricle.demo.clips():
        info = soundfile.info(path)
        kind = f"{info.duration:.2f} s, {info.samplerate} Hz, {info.channels} channel(s)"
        print(f"{path.name}: {kind}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
