"""Zeroing: what does the model still hear when the most relevant, the loudest, or random samples are silenced?

The second manipulation experiment of Becker et al. (2018, Interpreting and Explaining Deep Neural Networks for
Classification of Audio Signals). Conventions: it is the network's *input* that is changed, and nothing else. The level
of a waveform (AudioNet's 95th percentile) is that of the whole clip and is not computed again; cells of a spectrogram
are set to what silence is there. Shares are per cent of the input that lies within the clip: padding does not count.
Relevance is that for the true class, the largest positive value first; equal values go in random order.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier, Level, Windows
from auricle.errors import AuricleError
from auricle.evaluation.clips import Example
from auricle.evaluation.manipulation.curve import Zeroing
from auricle.evaluation.manipulation.examples import Heard, heard
from auricle.frontends import Waveform
from auricle.frontends.grid import full_axes
from auricle.methods import Method, build
from auricle.methods.baselines import baseline_of
from auricle.methods.coalitions.method import CoalitionMethod
from auricle.methods.point import Point

STEPS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Per cent of the clip that is silenced."""
ROWS = 64
"""Inputs of one forward pass."""
EXPLAINED = 32
"""Windows that are explained in one pass."""


def zeroing(
    examples: Iterable[Example],
    *,
    method: str | Method = "lrp",
    steps: Sequence[float] = STEPS,
    level: Level = "features",
    draws: int = 5,
    seed: int = 0,
    group: str | None = None,
    on_step: Callable[[int], None] | None = None,
    failures: dict[str, str] | None = None,
) -> Zeroing:
    """Accuracy and probability of the true class while a growing share of the input is silenced, in three orders.

    ``examples`` are clips with rows that hold ``id`` and ``actual``, see `Examples`. ``steps`` are per cent. ``level``:
    the network's input (``features``), or ``waveform`` to silence samples before a spectrogram is made of them.
    ``draws`` random orders are averaged. ``group`` is the rows' column of speakers, whose clips are not independent.
    ``on_step`` is told how many clips are done. Clips that cannot be heard are put into ``failures``.
    """
    method = build(method) if isinstance(method, str) else method
    if isinstance(method, CoalitionMethod):
        raise AuricleError(f"{method.name} weighs parts, not single samples; use a method such as lrp, ig or gradient")
    if draws < 1:
        raise AuricleError(f"{draws} random orders cannot be averaged over; give at least 1")
    shares = _shares(steps)
    rows: list[dict[str, object]] = []
    failures = {} if failures is None else failures
    found: list[np.ndarray] = []
    right: list[np.ndarray] = []
    samples = level == "waveform"
    for batch in heard(examples, on_failure=lambda name, error: failures.update({name: str(error)})):
        probability, correct = _batch(batch, method, shares, level, draws, seed)
        samples = samples or (level == "features" and isinstance(batch.classifier.frontend, Waveform))
        rows += [dict(row) for row in batch.rows]
        found.append(probability)
        right.append(correct)
        if on_step is not None:
            on_step(len(batch.rows))
    if not rows:
        first = next(iter(failures.values()), "there are none")
        raise AuricleError(f"no clip could be heard: {first}")
    return Zeroing(
        shares=shares,
        probability=np.concatenate(found),
        correct=np.concatenate(right),
        rows=rows,
        group=group,
        failures=failures,
        settings={
            "method": method.name,
            "settings": method.settings(),
            "level": level,
            "input": "samples" if samples else "cells",
            "draws": draws,
            "seed": seed,
        },
    )


def _batch(
    batch: Heard, method: Method, shares: np.ndarray, level: Level, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of the true class, and whether it was said, ``[B, orders, shares]``."""
    classifier, (clips, width, n) = batch.classifier, batch.samples.shape
    samples = batch.samples.reshape(clips * width, n)
    targets = torch.zeros(clips * width, len(classifier.labels))
    targets[torch.arange(clips * width), torch.as_tensor(batch.actual).repeat_interleave(width)] = 1.0
    relevance = _relevance(classifier, method, samples, targets, level, seed).reshape(clips, -1)
    point = Point(classifier, samples, level)
    silence, _ = baseline_of("silence", point, seed)
    loudness = _loudness(point).reshape(clips, -1).double().cpu().numpy()
    inside = np.stack([_inside(classifier, windows, n, level) for windows in batch.windows]).reshape(clips, -1)
    places = _places(point)
    ranks, counts = [], []
    for clip, row in enumerate(batch.rows):
        # A clip's lots depend on nothing but its id, so that neither batch nor limit changes its curve.
        generator = np.random.default_rng([seed, zlib.crc32(str(row["id"]).encode())])
        within = np.flatnonzero(inside[clip])
        each = [_ranked(values[clip], within, generator) for values in (relevance, loudness)]
        each += [_ranked(None, within, generator, size=inside.shape[1]) for _ in range(draws)]
        ranks.append(np.stack(each).reshape(2 + draws, width, -1)[..., places])
        counts.append(np.rint(shares / 100 * len(within)))
    logits = _logits(point, silence[0], np.stack(ranks), np.stack(counts))
    return _read(classifier, logits, batch.actual)


def _relevance(
    classifier: Classifier, method: Method, samples: Tensor, targets: Tensor, level: Level, seed: int
) -> np.ndarray:
    """Of windows ``[B, n]``: maps ``[B, ...]``."""
    found = [
        method(classifier, some, weights, level=level, seed=seed).relevance.detach().double().cpu().numpy()
        for some, weights in zip(samples.split(EXPLAINED), targets.split(EXPLAINED), strict=True)
    ]
    return np.concatenate(found)


def _read(classifier: Classifier, logits: Tensor, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From logits ``[B, 2 + draws, shares, C]`` to figures ``[B, orders, shares]``; random orders as their mean."""
    probability = classifier.probabilities(logits).double().cpu().numpy()
    true = np.take_along_axis(probability, actual[:, None, None, None], axis=-1)[..., 0]
    correct = (logits.argmax(-1).cpu().numpy() == actual[:, None, None]).astype(np.float64)

    def of_orders(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values[:, :2], values[:, 2:].mean(1, keepdims=True)], axis=1)

    return of_orders(true), of_orders(correct)


def _logits(point: Point, silence: Tensor, ranks: np.ndarray, counts: np.ndarray) -> Tensor:
    """What the model says to every clip, order and share: the mean over windows ``[B, orders, shares, C]``.

    ``ranks [B, orders, W, K]`` count through a clip's windows together; ``counts [B, shares]``.
    """
    clips, orders, width, _ = ranks.shape
    x = point.x.reshape(clips, width, *point.x.shape[1:])
    cells = x.shape[2:-1] if point.level == "stft" else x.shape[2:]
    place = torch.as_tensor(ranks, device=x.device)
    upto = torch.as_tensor(counts, device=x.device)
    asked = np.stack(np.meshgrid(*map(np.arange, (clips, orders, counts.shape[1])), indexing="ij"), -1).reshape(-1, 3)
    said = []
    per_pass = max(ROWS // width, 1)
    with torch.inference_mode(), point.classifier.inference():
        for start in range(0, len(asked), per_pass):
            clip, order, step = torch.as_tensor(asked[start : start + per_pass], device=x.device).T
            gone = place[clip, order] < upto[clip, step][:, None, None]
            gone = gone.reshape(len(clip), width, *cells)
            gone = gone.unsqueeze(-1) if point.level == "stft" else gone
            rows = torch.where(gone, silence, x[clip])
            said.append(point.run(rows.flatten(0, 1)).unflatten(0, (len(clip), width)).mean(1))
    return torch.cat(said).reshape(clips, orders, counts.shape[1], -1)


def _ranked(
    values: np.ndarray | None, within: np.ndarray, generator: np.random.Generator, *, size: int = 0
) -> np.ndarray:
    """The place of each cell, 0 for the largest value; random without values; cells outside the clip come never."""
    order = generator.permutation(len(within))
    if values is not None:
        order = order[np.argsort(-values[within[order]], kind="stable")]  # equal values stay in their random order
    places = np.full(size if values is None else len(values), np.iinfo(np.int32).max, np.int32)
    places[within[order]] = np.arange(len(within), dtype=np.int32)
    return places


def _loudness(point: Point) -> Tensor:
    """How loud each cell of the map is; in a spectrogram its own value grows with its magnitude."""
    if point.level == "stft":
        return torch.view_as_complex(point.x.contiguous()).abs()
    values = point.to_map(point.x)
    return values.abs() if values.ndim == 2 else values


def _places(point: Point) -> np.ndarray:
    """For each value of the network's own layout, which cell of the map it is."""
    shape = point.x.shape[1:-1] if point.level == "stft" else point.x.shape[1:]
    numbers = torch.arange(int(np.prod(shape))).reshape(1, *shape)
    cells = numbers if point.level == "stft" else point.to_map(numbers)
    return np.argsort(cells.flatten().numpy())


def _inside(classifier: Classifier, heard: Windows, n: int, level: Level) -> np.ndarray:
    """Which cells of the maps of a clip's windows lie within the clip, ``[W, K]``, by their centres in time."""
    front = classifier.frontend
    axes = front.stft_axes(n) if level == "stft" else front.axes(n)
    if level == "waveform":
        axes = full_axes(n, classifier.sample_rate)
    seconds = axes.seconds_centres
    starts = np.array(heard.starts)[:, None] / classifier.sample_rate
    within = (seconds + starts >= 0) & (seconds + starts <= heard.total * heard.copies / classifier.sample_rate)
    return within if axes.hertz is None else np.repeat(within[:, None, :], axes.shape[0], 1).reshape(len(within), -1)


def _shares(steps: Sequence[float]) -> np.ndarray:
    shares = np.unique(np.asarray(list(steps), np.float64))
    if shares.size == 0 or not np.isfinite(shares).all() or shares[0] < 0 or shares[-1] > 100:
        raise AuricleError(f"steps {', '.join(f'{each:g}' for each in steps)} are not per cent; give 0 to 100")
    return shares if shares[0] == 0 else np.concatenate([[0.0], shares])


