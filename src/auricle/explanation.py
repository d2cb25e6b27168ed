"""The road for clips: prediction, relevance on physical axes, and the object that holds the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.checks import Check, checks_of
from auricle.classifier import Classifier, Level, Prediction, Windows
from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError
from auricle.frontends import Waveform
from auricle.frontends.grid import full_axes
from auricle.methods import Attribution, Method, build
from auricle.methods.coalitions.contributions import Contributions
from auricle.methods.coalitions.listing import ComponentTable, component_table
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.models import load_classifier

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from auricle.metrics import Scores
    from auricle.sonify import Masking, Sounds

AT_ONCE = 32
"""Windows explained in one pass."""


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
    _map: list[tuple[np.ndarray, Axes]] = field(default_factory=list, repr=False)

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
        if level in self.method.levels:
            again = explain(
                self.clip, self.classifier, method=self.method, target=self._asked, level=level, seed=self.seed
            )
            return again.relevance, again.axes
        return _by_energy(self)

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

        return mask_on_grid(self.clip, self.classifier.frontend, *self.map(), masking)

    def sounds(self, masking: Masking | None = None, *, full_band: bool = False) -> Sounds:
        """The clip's relevant part and the rest, as sound."""
        from auricle.sonify import sonify

        return sonify(
            self.clip, self.classifier.frontend, *self.map(), masking, full_band=full_band, seed=self.seed
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


def explain(
    clip: Clip | str | Path,
    classifier: Classifier | str,
    *,
    method: str | Method = "lrp",
    target: str = "predicted",
    level: Level = "features",
    seed: int = 0,
) -> Explanation:
    """Why ``classifier`` decided as it did about ``clip``.

    method: a name (see ``auricle methods``) or a method with its settings. target: ``predicted``, a label, or ``A-B``
    for what speaks for A rather than B. level: where relevance is laid, ``features``, ``stft`` or ``waveform``.

    >>> import auricle, auricle.demo
    >>> explanation = auricle.explain(auricle.demo.clips()[0], "digits")
    >>> explanation.relevance.shape == explanation.axes.shape
    True
    """
    return explain_batch([clip], classifier, method, target, level=level, seed=seed)[0]


def explain_batch(
    clips: Sequence[Clip | str | Path],
    classifier: Classifier | str,
    method: str | Method = "lrp",
    targets: str | Sequence[str] = "predicted",
    *,
    level: Level = "features",
    seed: int = 0,
) -> list[Explanation]:
    """Explanations of several clips in one batched pass, each for its own target."""
    if isinstance(classifier, str):
        classifier = load_classifier(classifier)
    if isinstance(method, str):
        method = build(method)
    method.check(classifier)
    loaded = [clip if isinstance(clip, Clip) else load_clip(clip) for clip in clips]
    asked = [targets] * len(loaded) if isinstance(targets, str) else list(targets)
    if len(asked) != len(loaded):
        raise AuricleError(f"{len(asked)} targets were given for {len(loaded)} clips; give one target per clip")
    heard = [classifier.windows(clip) for clip in loaded]
    logits = _logits(classifier, heard)
    weights = [classifier.target_weights(target, each) for target, each in zip(asked, logits, strict=True)]
    if isinstance(method, CoalitionMethod):
        return [
            _of_components(clip, classifier, method, seed, windows, clip_logits, target)
            for clip, windows, clip_logits, target in zip(loaded, heard, logits, asked, strict=True)
        ]
    found = _attributions(classifier, method, heard, weights, level, seed)
    return [
        _explanation(clip, classifier, method, level, seed, windows, clip_logits, target, parts)
        for clip, windows, clip_logits, target, parts in zip(loaded, heard, logits, asked, found, strict=True)
    ]


def _batches(heard: Sequence[Windows]) -> list[list[tuple[int, int]]]:
    """Windows (clip, window) of equal length, at most `AT_ONCE` together."""
    by_length: dict[int, list[tuple[int, int]]] = {}
    for clip, windows in enumerate(heard):
        rows = by_length.setdefault(windows.samples.shape[1], [])
        rows += [(clip, window) for window in range(len(windows.samples))]
    return [rows[i : i + AT_ONCE] for rows in by_length.values() for i in range(0, len(rows), AT_ONCE)]


def _logits(classifier: Classifier, heard: Sequence[Windows]) -> list[Tensor]:
    found: list[list[Tensor]] = [[] for _ in heard]
    for rows in _batches(heard):
        logits = classifier.logits(torch.stack([heard[c].samples[w] for c, w in rows]))
        for (c, _), row in zip(rows, logits, strict=True):
            found[c].append(row)
    return [torch.stack(rows) for rows in found]


def _attributions(
    classifier: Classifier,
    method: Method,
    heard: Sequence[Windows],
    weights: Sequence[Tensor],
    level: Level,
    seed: int,
) -> list[list[Attribution]]:
    found: list[list[Attribution]] = [[] for _ in heard]
    for rows in _batches(heard):
        samples = torch.stack([heard[c].samples[w] for c, w in rows])
        batch = method(classifier, samples, torch.stack([weights[c][w] for c, w in rows]), level=level, seed=seed)
        for index, (c, _) in enumerate(rows):
            found[c].append(batch.row(index))
    return found


def _explanation(
    clip: Clip,
    classifier: Classifier,
    method: Method,
    level: Level,
    seed: int,
    heard: Windows,
    logits: Tensor,
    asked: str,
    parts: Sequence[Attribution],
) -> Explanation:
    prediction = classifier.prediction(logits)
    each = [classifier.prediction(row[None]) for row in logits]
    own = asked == "predicted" and "predicted" not in classifier.labels
    rate, length = classifier.sample_rate, heard.samples.shape[1]
    windows = [
        WindowPrediction(start / rate, (start + length) / rate, one, one.label if own else asked)
        for start, one in zip(heard.starts, each, strict=True)
    ]
    relevance, axes = _on_one_axis(classifier, parts, heard, level)
    return Explanation(
        clip=clip,
        classifier=classifier,
        prediction=prediction,
        target=prediction.label if own else asked,
        method=method,
        level=level,
        relevance=relevance,
        axes=axes,
        windows=windows,
        checks=checks_of(parts, relevance, axes, clip.seconds),
        seed=seed,
    )


def _of_components(
    clip: Clip,
    classifier: Classifier,
    method: CoalitionMethod,
    seed: int,
    heard: Windows,
    logits: Tensor,
    asked: str,
) -> Explanation:
    """Components are of the whole clip, and so is what is explained: the mean over its windows."""
    mean = logits.mean(0, keepdim=True)
    weights = classifier.target_weights(asked, mean)[0]
    found = method.contributions(classifier, clip, weights, seed=seed)
    prediction = classifier.prediction(logits)
    own = asked == "predicted" and "predicted" not in classifier.labels
    target = prediction.label if own else asked
    rate, length = classifier.sample_rate, heard.samples.shape[1]
    part = found.attribution()
    relevance, axes = part.relevance[0].float().numpy(), found.components.axes
    return Explanation(
        clip=clip,
        classifier=classifier,
        prediction=prediction,
        target=target,
        method=method,
        level="stft",
        relevance=relevance,
        axes=axes,
        windows=[
            WindowPrediction(start / rate, (start + length) / rate, classifier.prediction(row[None]), target)
            for start, row in zip(heard.starts, logits, strict=True)
        ],
        checks=[*checks_of([part], relevance, axes, clip.seconds), *found.checks],
        seed=seed,
        contributions=found,
    )


def _on_one_axis(
    classifier: Classifier, parts: Sequence[Attribution], heard: Windows, level: Level
) -> tuple[np.ndarray, Axes]:
    """The windows' relevance on the clip's own time axis; where windows overlap, their mean."""
    front, length = classifier.frontend, heard.samples.shape[1]
    on_samples = level == "waveform" or (level == "features" and isinstance(front, Waveform))
    if on_samples:
        axes, hop = full_axes(length, classifier.sample_rate), 1
    else:
        axes = front.stft_axes(length) if level == "stft" else front.axes(length)
        hop = front.grid.hop
    maps = [part.relevance[0].detach().float().cpu().numpy() for part in parts]
    first = heard.starts[0]
    if len(maps) == 1:
        return maps[0], axes.shifted(first / classifier.sample_rate)
    width = (heard.starts[-1] - first) // hop + maps[0].shape[-1]
    total = np.zeros((*maps[0].shape[:-1], width), np.float32)
    count = np.zeros(width, np.float32)
    for start, values in zip(heard.starts, maps, strict=True):
        place = slice((start - first) // hop, (start - first) // hop + values.shape[-1])
        total[..., place] += values
        count[place] += 1
    step = hop / classifier.sample_rate
    seconds = axes.seconds[0] + step * np.arange(width + 1)
    gaps = np.maximum(count, 1)
    return total / gaps, Axes(seconds, axes.hertz).shifted(first / classifier.sample_rate)


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
