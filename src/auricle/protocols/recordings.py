"""What scenes are made of: a model's test clips at its rate, with their labels and, where known, their stems."""

from __future__ import annotations

from typing import Any

import numpy as np

from auricle.errors import AuricleError
from auricle.evaluation.tested import Choice


class Recordings:
    """The test clips of a model as mono sounds ``[n]`` at its rate, with their labels."""

    def __init__(self, choice: Choice) -> None:
        self.rate = choice.classifier.sample_rate
        self.dataset = choice.dataset
        self.numbers = [int(number) for number in choice.numbers]
        values, ids = choice.dataset.column(choice.task), choice.dataset.column("id")
        self.labels = {n: _labels(values[n]) for n in self.numbers}
        self.ids = {n: str(ids[n]) for n in self.numbers}

    def sound(self, number: int) -> np.ndarray:
        return np.array(self.dataset.load(number).mono(self.rate))

    def of_other_class(self, number: int, generator: np.random.Generator) -> int:
        """A clip that has none of this one's labels."""
        others = [n for n in self.alone() if not set(self.labels[n]) & set(self.labels[number])]
        if not others:
            raise AuricleError(f"{self.dataset.name} has no clip of another class than {self.ids[number]} to mix with")
        return int(generator.choice(others))

    def alone(self) -> list[int]:
        """Clips with exactly one label."""
        return [n for n in self.numbers if len(self.labels[n]) == 1]


def own_sources(
    recordings: Recordings, number: int, sound: np.ndarray, target: np.ndarray
) -> dict[str, np.ndarray]:
    """A recording's own labels with their sounds as they are in a mixture, where it is the ``target``.

    Of a recording with several labels these are its stems, if its corpus has any.
    """
    labels = recordings.labels[number]
    if len(labels) == 1:
        return {labels[0]: target}
    level = float(np.vdot(target, sound) / np.vdot(sound, sound))
    return {label: level * stem for label, stem in known_sources(recordings, number, len(sound)).items()}


def known_sources(recordings: Recordings, number: int, n: int) -> dict[str, np.ndarray]:
    """The stems of a clip by their kinds, where its corpus has any and they are labels."""
    row = recordings.dataset.row(number)
    if not (row.get("causes") and row.get("stems")):
        return {}
    from auricle.datasets.planted import causes

    found: dict[str, np.ndarray] = {}
    for cause in causes(recordings.dataset, row):
        sound = np.array(cause.sound.mono(recordings.rate))[:n]
        sound = np.pad(sound, (0, n - len(sound)))
        found[cause.kind] = found.get(cause.kind, np.zeros(n, np.float32)) + sound
    return found


def _labels(value: Any) -> tuple[str, ...]:
    """The labels of a row: one, several, or none where they are not known."""
    if isinstance(value, list | tuple):
        return tuple(value)
    return () if value is None else (value,)
