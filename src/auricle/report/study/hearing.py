"""Clips of a study as they are drawn and heard: levels on the front-end's own grid, the outline of the waveform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.report.picture import FLOOR_DB, stripes, within
from auricle.study.models import open_model
from auricle.study.plan import Plan


@dataclass(frozen=True, eq=False)
class Heard:
    """A clip: ``level [F, T]`` of its sound on ``axes``, 0 (80 dB below the loudest) to 1, and its outline."""

    clip: Clip
    level: np.ndarray
    axes: Axes
    lowest: np.ndarray
    highest: np.ndarray
    nyquist: float

    def onto(self, axes: Axes) -> np.ndarray:
        """Its level on a map's axes ``[F, T]``."""
        return np.clip(self.axes.resample(self.level, axes), 0.0, 1.0)


@dataclass(eq=False)
class Ear:
    """Loads clips of a study by their ids; ``None`` is told where a recording is no longer there."""

    plan: Plan
    _opened: tuple[str, Classifier] | None = None
    _numbers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = self.plan.subject.dataset.column("id")
        for part in self.plan.subject.parts:
            for number in part.numbers:
                self._numbers[str(ids[int(number)])] = int(number), part.model

    def __call__(self, id: str) -> Heard | None:
        number, model = self._numbers[id]
        try:
            clip = self.plan.subject.dataset.load(number)
        except Exception:  # the study has its relevance; only its sound cannot be shown
            return None
        if self._opened is None or self._opened[0] != model:
            self._opened = model, open_model(model, "cpu")
        return heard(clip, self._opened[1])


Listener = Callable[[str], Heard | None]


def heard(clip: Clip, classifier: Classifier) -> Heard:
    """A clip as its classifier's front-end takes it apart."""
    import torch

    frontend = classifier.frontend
    samples = clip.mono(classifier.sample_rate)
    with torch.inference_mode():
        power = frontend.grid(torch.tensor(samples, dtype=torch.float32)).abs().square().numpy()
    power, axes = within(power, frontend.grid.axes(len(samples), frontend.sample_rate), clip.seconds)
    loudest = float(power.max(initial=0.0)) or 1.0
    decibels = 10 * np.log10(np.maximum(power / loudest, 10 ** (FLOOR_DB / 10)))
    lowest, highest = stripes(samples)
    return Heard(clip, 1 - decibels / FLOOR_DB, axes, lowest, highest, classifier.sample_rate / 2)
