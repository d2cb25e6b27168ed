"""DRSA-audio's synthetic sounds: two classes of four concepts each, among distractors and noise.

After the data of github.com/sharckhai/drsa-audio, which its results page describes. A clip is one second at 16 kHz: one
to four concepts of its class (with probability 0.5, 0.2, 0.2, 0.1), distracting sinusoids, white noise, its peak
brought to 1. Where the published code slips, the slip is put right unless ``published`` is asked for:

================  ============================================  ====================================================
..                here                                          as published
================  ============================================  ====================================================
integer ranges    both ends included                            one more above the upper end
distractors       3 to 5 (of 5 the page speaks)                 3 to 6
their frequency   50 Hz and more from all that any concept of   50 Hz and more from the fundamentals of the clip's own
                  either class sounds; below 8 kHz              class; above 8 kHz they are folded back
their tremolo     half of them (as the code's comment says)     a third of them
class 1, melody   partials 1, 2 and 3 at 1, 1/2 and 1/4         the first partial twice, then the second
================  ============================================  ====================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SAMPLE_RATE = 16_000
N = SAMPLE_RATE
LABELS = ("class 1", "class 2")
CONCEPTS = ("rhythm", "envelope", "melody", "tremolo")
COUNT_SHARES = (0.5, 0.2, 0.2, 0.1)
"""How likely one, two, three and four concepts are."""
NOISE = 0.01
"""Standard deviation of the noise of the clean data; the noisy data has 0.8."""
FUNDAMENTALS = (
    ((100, 150), (500, 600), (800, 1000), (3500, 4000)),
    ((100, 150), (500, 600), (800, 1000), (4000, 4500)),
)
"""Hertz, by class and concept."""
SOUNDING = ((100, 150), (500, 600), (800, 3000), (3500, 4500))
"""All that any concept sounds, with the partials of one melody and the steps of the other."""
STEPS = (0, 200, 400, 600, 400, 200)
"""Hertz above the fundamental that the arpeggio of class 2 goes through."""
AWAY = 50
RAMP = 0.02
"""Share of a sawtooth's period (10 ms) in which its jump is smoothed."""

_T = np.arange(N) / N


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch:
    """Clips of one class: what each concept sounds ``stems [B, 4, N]``, the rest ``background [B, N]``; the sum of
    both has a peak of 1. ``present [B, 4]`` says which concepts there are, ``low`` and ``high [B, 4]`` between which
    hertz. ``distractors`` has the number and hertz ``[D, 2]`` of every distractor's clip and frequency.
    """

    stems: np.ndarray
    background: np.ndarray
    present: np.ndarray
    low: np.ndarray
    high: np.ndarray
    distractors: np.ndarray


def drsa_batch(
    label: int, count: int, generator: np.random.Generator, *, noise: float = NOISE, published: bool = False
) -> Batch:
    """``count`` clips of class 0 or 1.

    >>> drsa_batch(0, 3, np.random.default_rng(0)).stems.shape
    (3, 4, 16000)
    """
    draw = _Draw(generator, 1 if published else 0)
    present = _present(generator, count)
    stems = np.zeros((count, len(CONCEPTS), N))
    low, high = np.zeros((2, count, len(CONCEPTS)))
    for concept, makers in enumerate(_MAKERS):
        which = np.flatnonzero(present[:, concept])
        hertz = draw.whole(*FUNDAMENTALS[label][concept], len(which))
        sound, below, above = makers[label](draw, hertz, published)
        stems[which, concept], low[which, concept], high[which, concept] = sound, below, above
    background, distractors = _distractors(draw, label, count, published)
    background += noise * generator.normal(size=(count, N))
    peak = np.abs(stems.sum(1) + background).max(1)
    stems /= peak[:, None, None]
    background /= peak[:, None]
    return Batch(stems=stems, background=background, present=present, low=low, high=high, distractors=distractors)


class _Draw:
    """Random numbers as columns ``[n, 1]``, so that sounds ``[n, N]`` follow from them at once."""

    def __init__(self, generator: np.random.Generator, beyond: int) -> None:
        self.generator, self._beyond = generator, beyond

    def whole(self, low: int, high: int, n: int) -> np.ndarray:
        """Whole numbers, both ends included; as published, one more above a range's upper end."""
        beyond = self._beyond if high > low else 0
        return self.generator.integers(low, high + beyond, size=(n, 1), endpoint=True)

    def uniform(self, low: float, high: float, n: int) -> np.ndarray:
        return self.generator.uniform(low, high, size=(n, 1))

    def phase(self, n: int) -> np.ndarray:
        return self.uniform(0.0, 2 * np.pi, n)

    def tone(self, hertz: np.ndarray) -> np.ndarray:
        """Sinusoids of 0.6 to 1 in amplitude, ``[n, N]``."""
        return self.uniform(0.6, 1.0, len(hertz)) * np.sin(2 * np.pi * hertz * _T + self.phase(len(hertz)))


def tremolo(hertz: np.ndarray, phase: np.ndarray, shift: float) -> np.ndarray:
    """``max(sin + shift, 0) / (shift + 1)``: bursts for a shift of 0, a swelling without pauses for 1."""
    return np.maximum(np.sin(2 * np.pi * hertz * _T + phase) + shift, 0.0) / (shift + 1)


Sounds = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Sounds ``[n, N]``, and the hertz they lie between, ``[n]`` each."""


def _grouped_bursts(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    """Bursts at 16 Hz in groups of four: half of every half second is silent, from a gap between bursts on."""
    phase = draw.phase(len(hertz))
    gap = (phase + 2 * np.pi * draw.generator.integers(1, 7, size=phase.shape)) / (16 / 2)
    on = np.sin(2 * np.pi * 2 * _T + gap) >= 0
    return tremolo(np.array(16), phase, 0.0) * draw.tone(hertz) * on, *_around(hertz, 64)


def _slow_pulses(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    pulses = tremolo(draw.whole(4, 5, len(hertz)), draw.phase(len(hertz)), 0.0)
    return pulses * draw.tone(hertz), *_around(hertz, 25)


def _rising(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    place = _sawtooth(draw, len(hertz))
    return place * np.minimum((1 - place) / RAMP, 1.0) * draw.tone(hertz), *_around(hertz, 60)


def _falling(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    place = _sawtooth(draw, len(hertz))
    return (1 - place) * np.minimum(place / RAMP, 1.0) * draw.tone(hertz), *_around(hertz, 60)


def _sawtooth(draw: _Draw, n: int) -> np.ndarray:
    """Where in its period a sawtooth of 2 Hz is, 0 to 1; its jumps are not at the ends of the clip."""
    return (2 * _T + draw.uniform(0.5, 2 * np.pi - 0.5, n) / (2 * np.pi)) % 1.0


def _chord(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    envelope = tremolo(draw.whole(3, 6, len(hertz)), draw.phase(len(hertz)), 0.75)
    strength = draw.uniform(0.6, 1.0, len(hertz))
    partials = (1, 1, 2) if published else (1, 2, 3)
    sound = np.zeros((len(hertz), N))
    for gain, partial in zip((1.0, 0.5, 0.25), partials, strict=True):
        sound += gain * strength * np.sin(2 * np.pi * partial * hertz * _T + draw.phase(len(hertz)))
    return envelope * sound, hertz[:, 0] - 25.0, max(partials) * hertz[:, 0] + 25.0


def _arpeggio(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    """Twelve bursts at 16 Hz from one of the first eight on (fewer at the clip's end), each with a pitch of its own."""
    phase = draw.phase(len(hertz))
    first = draw.generator.integers(0, 8, size=phase.shape)
    burst = np.floor(16 * _T + phase / (2 * np.pi)).astype(int)  # [n, N]: which burst sounds
    count = int(burst.max(initial=0)) + 1
    strengths, phases = (
        draw.generator.uniform(0.6, 1.0, (len(hertz), count)),
        draw.generator.uniform(0.0, 2 * np.pi, (len(hertz), count)),
    )
    rows = np.arange(len(hertz))[:, None]
    pitch = hertz + np.array(STEPS)[burst % len(STEPS)]
    tones = strengths[rows, burst] * np.sin(2 * np.pi * pitch * _T + phases[rows, burst])
    on = (burst >= first) & (burst < first + 12)
    return tremolo(np.array(16), phase, 0.0) * tones * on, hertz[:, 0] - 64.0, hertz[:, 0] + max(STEPS) + 64.0


def _fast_tremolo(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    return draw.tone(hertz) * tremolo(np.array(20), draw.phase(len(hertz)), 1.0), *_around(hertz, 25)


def _slow_tremolo(draw: _Draw, hertz: np.ndarray, published: bool) -> Sounds:
    return draw.tone(hertz) * tremolo(np.array(10), draw.phase(len(hertz)), 1.0), *_around(hertz, 25)


_MAKERS = (
    (_grouped_bursts, _slow_pulses),
    (_rising, _falling),
    (_chord, _arpeggio),
    (_fast_tremolo, _slow_tremolo),
)
"""By concept and class."""


def _around(hertz: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    return hertz[:, 0] - reach, hertz[:, 0] + reach


def _present(generator: np.random.Generator, count: int) -> np.ndarray:
    """How many concepts, and then which, ``[B, 4]``."""
    wanted = generator.choice(np.arange(1, 5), size=count, p=COUNT_SHARES)
    return generator.permuted(np.arange(4) < wanted[:, None], axis=1)


def _distractors(draw: _Draw, label: int, count: int, published: bool) -> tuple[np.ndarray, np.ndarray]:
    """Sums of distractors ``[B, N]``, and clip and hertz of each ``[D, 2]``."""
    generator = draw.generator
    clip = np.repeat(np.arange(count), draw.whole(3, 5, count)[:, 0])
    bands = [(low, high + 1) for low, high in FUNDAMENTALS[label]] if published else list(SOUNDING)
    top = np.inf if published else N / 2
    hertz = np.full(len(clip), -1.0)
    while (wrong := np.flatnonzero(hertz < 0)).size:
        drawn = np.maximum(np.floor(generator.exponential(2000.0, wrong.size)), 1.0)
        near = np.any([(drawn >= low - AWAY) & (drawn <= high + AWAY) for low, high in bands], axis=0)
        hertz[wrong] = np.where(near | (drawn >= top), -1.0, drawn)
    n = len(clip)
    sound = draw.uniform(0.1, 1.0, n) * np.sin(2 * np.pi * hertz[:, None] * _T + draw.phase(n))
    trembling = np.flatnonzero(generator.random(n) < (1 / 3 if published else 1 / 2))
    sound[trembling] *= tremolo(draw.whole(40, 100, len(trembling)), draw.phase(len(trembling)), 2.0)
    sums = np.add.reduceat(sound, np.flatnonzero(np.diff(clip, prepend=-1)))
    return sums, np.stack([clip, hertz], axis=1)
