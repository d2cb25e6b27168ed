"""One clip as one method explains it, time and again: what is drawn, compared and measured of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from auricle.callbacks.channels import channel_grid
from auricle.callbacks.drawing import Drawing
from auricle.callbacks.samples import Sample
from auricle.callbacks.scalars import faithfulness_of, in_events, similarity
from auricle.explanation import Explanation
from auricle.methods import ActivationMap, Method
from auricle.sonify import Sounds


@dataclass(eq=False)
class Watched:
    """A clip and a method, by the ``name`` that tags have, with the map of the last time and this epoch's figures."""

    sample: Sample
    name: str
    method: Method
    drawing: Drawing | None = None
    map: np.ndarray | None = None
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return f"{self.name}/{self.sample.clip.name}"

    @property
    def audible(self) -> bool:
        """Whether it says what is relevant, so that this can be heard; what a layer responds to does not."""
        return not isinstance(self.method, ActivationMap)

    def pictures(self, explanation: Explanation) -> dict[str, np.ndarray]:
        """By their tags; of a layer also one of all channels."""
        if self.drawing is None:
            self.drawing = Drawing(explanation, self.sample.label)
        found = {self.tag: self.drawing(explanation)}
        if isinstance(self.method, ActivationMap) and self.method.channel == "mean":
            channels = channel_grid(explanation.classifier, explanation.clip, self.method.layer)
            found[f"{self.name}-channels/{self.sample.clip.name}"] = channels
        return found

    def compare(self, explanation: Explanation) -> None:
        """With the map of the last time, and with where the cause is annotated."""
        values = np.nan_to_num(explanation.map()[0])
        self.figures = {**similarity(values, self.map), **in_events(explanation, self.sample)}
        self.map = values


@dataclass(frozen=True, eq=False)
class Shown:
    """What was shown, and is still to be heard by the network."""

    watched: Watched
    explanation: Explanation
    sounds: Sounds


def measure(shown: Sequence[Shown], *, seed: int) -> None:
    """Adds the figures for which the network hears parts of the clips, all together."""
    figures = faithfulness_of([(each.explanation, each.sounds) for each in shown], seed=seed)
    for each, found in zip(shown, figures, strict=True):
        each.watched.figures |= found


def means_of(watched: Iterable[Watched]) -> dict[str, float]:
    """Each figure's mean over the clips that have it, by tag."""
    found: dict[str, list[float]] = {}
    for each in watched:
        for figure, value in each.figures.items():
            found.setdefault(figure.format(each.name), []).append(value)
    return {tag: float(np.mean(values)) for tag, values in found.items()}
