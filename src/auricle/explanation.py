"""The object that holds the answer: prediction, relevance on physical axes, components, checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from auricle.axes import Axes
from auricle.checks import Check
from auricle.classifier import Classifier, Level, Prediction
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.frontends import Waveform
from auricle.methods import Method
from auricle.methods.coalitions.contributions import Contributions
from auricle.methods.coalitions.listing import ComponentTable, component_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auricle.metrics import Scores
    from auricle.sonify import Masking, Sounds

@dataclass(frozen=True, eq=False)
class WindowPrediction:
    """One window of a clip that the network heard, in seconds of the clip (before 0 where silence was padded)."""

    start: float
    end: float
    prediction: Prediction
    target: str


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a classifier decided as it did about one clip.

    relevance: ``[F, T]``, or ``[N]`` on samples; positive values speak for the target, negative ones against it.
    axes: its bin edges in hertz and in the clip's own seconds; bins on padding lie beyond the clip.
    prediction: of the whole clip. windows: of each window that the network heard.
    checks: what the explanation says about itself (see ``auricle.checks``).
    contributions: of the clip's components, where the method removes parts of the sound; else None.
    """

    clip: Clip
    classifier: Classifier
    prediction: Prediction
    target: str
    method: Method
    level: Level
    relevance: np.ndarray
    axes: Axes
    windows: list[WindowPrediction]
    checks: list[Check]
    seed: int
    contributions: Contributions | None = None
    # Not an argument: an explanation made from another by `dataclasses.replace` must not show the other's map.
    _map: list[tuple[np.ndarray, Axes]] = field(default_factory=list, init=False, repr=False)

    def map(self) -> tuple[np.ndarray, Axes]:
        """Relevance on hertz × seconds ``[F, T]`` and its axes.

        For a raw-waveform network this is the relevance of the STFT through which its input is passed (virtual
        inspection layer, Vielhaben et al. 2024), whose total is the same.
        """
        if self.relevance.ndim == 2:
            return self.relevance, self.axes
        if not self._map:
            self._map.append(self._hertz_and_seconds())
        return self._map[0]

    def _hertz_and_seconds(self) -> tuple[np.ndarray, Axes]:
        raw = isinstance(self.classifier.frontend, Waveform)
        level: Level = "stft" if raw else "features"
        from auricle.road import explain

        if level in self.method.levels:
            again = explain(
                self.clip, self.classifier, method=self.method, target=self._asked, level=level, seed=self.seed
            )
            return again.relevance, again.axes
        return _by_energy(self)

    @property
    def masking(self) -> Masking:
        """How it becomes sound unless told: evidence is made into a mask, and what is a mask is taken as it is."""
        from auricle.sonify import Masking

        return Masking(shape="given") if self.method.gives_mask else Masking()

    @property
    def subject(self) -> str:
        """What is explained, in words: the target, or that each window is explained for its own prediction."""
        if len({window.target for window in self.windows}) > 1:
            return "each window's own prediction"
        return self.target

    @property
    def _asked(self) -> str:
        """The target as it was asked for, so that each window gets its own again."""
        same = {window.target for window in self.windows} == {self.target}
        return self.target if same else "predicted"

    def mask(self, masking: Masking | None = None) -> tuple[np.ndarray, Axes]:
        """How much of each STFT cell of the clip is kept, 0 to 1, at the model's sample rate."""
        from auricle.sonify import mask_on_grid

        return mask_on_grid(self.clip, self.classifier.frontend, *self.map(), masking or self.masking)

    def sounds(self, masking: Masking | None = None, *, full_band: bool = False) -> Sounds:
        """The clip's relevant part and the rest, as sound."""
        from auricle.sonify import sonify

        return sonify(
            self.clip,
            self.classifier.frontend,
            *self.map(),
            masking or self.masking,
            full_band=full_band,
            seed=self.seed,
        )

    def kept(self, masking: Masking | None = None, *, full_band: bool = False) -> Clip:
        """Only what mattered; ``full_band`` takes it from the original recording instead of the model's rate."""
        return self.sounds(masking, full_band=full_band).kept

    def removed(self, masking: Masking | None = None, *, full_band: bool = False) -> Clip:
        """Everything else."""
        return self.sounds(masking, full_band=full_band).removed

    def components(self, *, all_classes: bool = False) -> ComponentTable:
        """Name, weight and standard error of every component, in the clip's order; prints as a table.

        ``all_classes`` adds the weights for every class, which cost no further listening. Only methods that remove
        parts of the sound have components.
        """
        return component_table(self._contributions(), all_classes=all_classes)

    def listen(self, top: int = 3, mode: Literal["only", "without", "weighted"] = "only") -> Clip:
        """The most important components as sound, at the model's rate.

        ``only`` the ``top`` components with the largest positive weights, the clip ``without`` them, or ``weighted``:
        these components, each as loud as its weight's share of the largest.
        """
        from auricle.sonify.parts import listen

        return listen(self.clip, self._contributions(), top=top, mode=mode)

    def _contributions(self) -> Contributions:
        if self.contributions is None:
            raise AuricleError(
                f"{self.method.name} lays relevance on single cells and has no components; use a method that removes "
                "parts of the sound, such as kernel-shap, or kept() and removed()"
            )
        return self.contributions

    def measure(self, masking: Masking | None = None, **settings: Any) -> Scores:
        """How far the explanation can be trusted; see `auricle.metrics.measure`."""
        from auricle.metrics import measure

        return measure(self, masking=masking, **settings)

    def plot(self) -> Figure:
        """A matplotlib figure: waveform, spectrogram and relevance in hertz and seconds."""
        from auricle.report import plot

        return plot(self)

    def save(self, folder: str | Path, **settings: Any) -> Path:
        """Write the page, the numbers, the picture and the sounds; see `auricle.report.save`."""
        from auricle.report import save

        return save(self, Path(folder), **settings)

    def _repr_html_(self) -> str:
        from auricle.report import fragment

        return fragment(self)

    def __repr__(self) -> str:
        return (
            f"Explanation({self.clip.name}: {self.prediction.label} {self.prediction.probability:.2f}; "
            f"target {self.target}, {self.method.describe()})"
        )


def _by_energy(explanation: Explanation) -> tuple[np.ndarray, Axes]:
    """Relevance over time, shared among the frequencies of each moment by their energy."""
    front = explanation.classifier.frontend
    rate = explanation.classifier.sample_rate
    mono = np.array(explanation.clip.mono(rate))
    power = front.grid(torch.as_tensor(mono)).abs().square().numpy()
    axes = front.grid.axes(len(mono), rate)
    starts = np.clip(np.searchsorted(explanation.axes.seconds, axes.seconds[:-1]), 0, len(explanation.relevance))
    sums = np.concatenate([[0.0], np.cumsum(explanation.relevance, dtype=np.float64)])
    ends = np.clip(np.searchsorted(explanation.axes.seconds, axes.seconds[1:]), 0, len(explanation.relevance))
    moments = sums[ends] - sums[starts]
    total = power.sum(0, keepdims=True)
    shares = np.divide(power, total, out=np.full_like(power, 1 / len(power)), where=total > 0)
    return (shares * moments).astype(np.float32), axes
