"""The road for clips: heard, predicted, attributed, laid onto the clip's own seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.checks import checks_of
from auricle.classifier import Classifier, Level, Windows
from auricle.clip import Clip, load_clip
from auricle.errors import AuricleError
from auricle.explanation import Explanation, WindowPrediction
from auricle.frontends import Waveform
from auricle.frontends.grid import full_axes
from auricle.memory import memory_for
from auricle.methods import Attribution, Method
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.models import load_classifier
from auricle.naming import method_named
from auricle.repeats import folded

AT_ONCE = 32
"""Windows explained in one pass."""


def explain(
    clip: Clip | str | Path,
    classifier: Classifier | str,
    *,
    method: str | Method = "lrp",
    target: str = "predicted",
    level: Level | None = None,
    seed: int = 0,
) -> Explanation:
    """Why ``classifier`` decided as it did about ``clip``.

    method: a name (see ``auricle methods``) or a method with its settings. target: ``predicted``, a label, or ``A-B``
    for what speaks for A rather than B. level: where relevance is laid, ``features``, ``stft`` or ``waveform``; by
    default the features, or what the method was learnt for.

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
    level: Level | None = None,
    seed: int = 0,
) -> list[Explanation]:
    """Explanations of several clips in one batched pass, each for its own target."""
    if isinstance(classifier, str):
        classifier = load_classifier(classifier)
    if isinstance(method, str):
        method = method_named(method)
    method.check(classifier)
    level = level or method.level_for(classifier)
    loaded = [clip if isinstance(clip, Clip) else load_clip(clip) for clip in clips]
    asked = [targets] * len(loaded) if isinstance(targets, str) else list(targets)
    if len(asked) != len(loaded):
        raise AuricleError(f"{len(asked)} targets were given for {len(loaded)} clips; give one target per clip")
    heard = [classifier.windows(clip) for clip in loaded]
    with memory_for(loaded, classifier.name):
        logits = _logits(classifier, heard)
        weights = [classifier.target_weights(target, each) for target, each in zip(asked, logits, strict=True)]
        if isinstance(method, CoalitionMethod):
            if level != "features":
                raise AuricleError(f"{method.name} lays relevance on components, not on level={level}; leave level out")
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
    relevance, axes = on_one_axis(classifier, parts, heard, level)
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
    found = method.contributions(classifier, clip, weights, seed=seed, whole=mean[0])
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


def on_one_axis(
    classifier: Classifier, parts: Sequence[Attribution], heard: Windows, level: Level
) -> tuple[np.ndarray, Axes]:
    """The windows' relevance on the clip's own time axis; where windows overlap, their mean.

    Of a clip that was repeated, the sum over its copies.
    """
    front, length = classifier.frontend, heard.samples.shape[1]
    on_samples = level == "waveform" or (level == "features" and isinstance(front, Waveform))
    if on_samples:
        axes, hop = full_axes(length, classifier.sample_rate), 1
    else:
        axes = front.stft_axes(length) if level == "stft" else front.axes(length)
        hop = front.grid.hop
    maps = [part.relevance[0].detach().float().cpu().numpy() for part in parts]
    first = heard.starts[0]
    if heard.copies > 1:
        return folded(maps[0], axes, seconds=heard.total / classifier.sample_rate, copies=heard.copies)
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
