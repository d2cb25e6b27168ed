"""Activation and context vectors of a layer over many clips, class by class, in memory that does not grow with them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier, Windows
from auricle.clip import Clip
from auricle.concepts.moments import Moments
from auricle.concepts.sampling import Reservoir, Sampling
from auricle.concepts.supply import supply
from auricle.errors import AuricleError
from auricle.methods import Method

AT_ONCE = 16
"""Windows in one pass."""

Labelled = tuple[Clip, str]


@dataclass(eq=False)
class Collected:
    """What was collected of one class.

    moments: of the vectors at all positions. a, c: drawn vectors ``[N, d]``. clips: how many gave some. source:
    for each vector the number of its clip, place: of its position among those of the clip's windows, ``[N]``.
    """

    label: str
    moments: Moments
    a: Tensor
    c: Tensor
    source: Tensor
    place: Tensor
    clips: int
    wrong: int = 0


@dataclass(eq=False)
class _Gathering:
    reservoir: Reservoir
    moments: Moments | None = None
    clips: int = 0
    wrong: int = 0


def collect(
    classifier: Classifier,
    clips: Iterable[Labelled],
    *,
    layer: str,
    method: Method,
    sampling: Sampling | None = None,
    labels: Iterable[str] | None = None,
    correct: bool = True,
    seed: int = 0,
    check_channels: Callable[[int], object] | None = None,
    on_clip: Callable[[Clip], None] | None = None,
    on_failure: Callable[[str, AuricleError], None] | None = None,
) -> dict[str, Collected]:
    """Vectors of every class, each clip explained for its own label, by label.

    clips: pairs of a clip and its label, read one after another. labels: the classes to collect (by default all that
    occur). correct: leave out clips that the classifier takes for something else. check_channels: told how many
    channels the layer has as soon as a clip was heard; may raise. Where ``on_failure`` is given, a clip that cannot be
    heard is told to it and left out. Raises `AuricleError` for a class without (correct) clips.
    """
    sampling = sampling or Sampling()
    wanted = list(dict.fromkeys(labels)) if labels is not None else None
    for label in wanted or []:
        classifier.target_index(label)
    found = {label: _Gathering(Reservoir(sampling.vectors)) for label in wanted or []}
    waiting: list[tuple[Clip, str, Windows]] = []

    def work() -> None:
        for clip, label, supplied, positions in _supplied(classifier, waiting, layer, method):
            if check_channels is not None:
                check_channels(supplied[0].shape[-1])
            into = found[label]
            _take(into, clip, supplied, positions, sampling, seed)
            if on_clip is not None:
                on_clip(clip)
        waiting.clear()

    for clip, label in clips:
        if wanted is None:
            classifier.target_index(label)
            found.setdefault(label, _Gathering(Reservoir(sampling.vectors)))
        elif label not in found:
            continue
        try:
            heard = classifier.windows(clip)
            right = not correct or classifier.recognises(
                classifier.prediction(classifier.logits(heard.samples)), label
            )
        except AuricleError as error:
            if on_failure is None:
                raise
            on_failure(clip.name, error)
            continue
        if not right:
            found[label].wrong += 1
            continue
        if waiting and heard.samples.shape[1] != waiting[0][2].samples.shape[1]:
            work()
        waiting.append((clip, label, heard))
        if sum(len(each.samples) for _, _, each in waiting) >= AT_ONCE:
            work()
    work()
    return {label: _finished(label, each, layer) for label, each in found.items()}


def _supplied(
    classifier: Classifier, waiting: list[tuple[Clip, str, Windows]], layer: str, method: Method
) -> Iterable[tuple[Clip, str, tuple[Tensor, Tensor], tuple[int, ...]]]:
    rows = [(place, window) for place, (_, _, heard) in enumerate(waiting) for window in heard.samples]
    parts: dict[int, list[tuple[Tensor, Tensor]]] = {}
    positions: tuple[int, ...] = ()
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        samples = torch.stack([window for _, window in some])
        weights = torch.zeros(len(some), len(classifier.labels))
        for row, (place, _) in enumerate(some):
            weights[row, classifier.target_index(waiting[place][1])] = 1.0
        batch = supply(classifier, samples, weights, layer=layer, method=method)
        positions = batch.positions
        for row, (place, _) in enumerate(some):
            parts.setdefault(place, []).append((batch.activation[row], batch.context[row]))
    for place, (clip, label, _) in enumerate(waiting):
        a, c = zip(*parts[place], strict=True)
        yield clip, label, (torch.stack(a), torch.stack(c)), positions


def _take(
    into: _Gathering,
    clip: Clip,
    vectors: tuple[Tensor, Tensor],
    positions: tuple[int, ...],
    sampling: Sampling,
    seed: int,
) -> None:
    a, c = (each.detach().cpu() for each in vectors)  # [W, L, d]
    generator = np.random.default_rng([seed, zlib.crc32(clip.content_hash.encode())])
    chosen = torch.as_tensor(sampling.choose((a * c).sum(-1), positions, generator))
    a, c = a.flatten(0, 1), c.flatten(0, 1)
    into.moments = (into.moments or Moments.empty(a.shape[1])).add(a, c)
    number = torch.full((len(chosen),), into.clips)
    into.clips += 1
    into.reservoir.offer(a[chosen], c[chosen], number, chosen, generator=generator)


def _finished(label: str, gathered: _Gathering, layer: str) -> Collected:
    if gathered.moments is None:
        wrong = f"; all {gathered.wrong} were taken for something else" if gathered.wrong else ""
        raise AuricleError(
            f'"{label}" has no clip that the model gets right{wrong}, so nothing can be learned of how it knows it; '
            "give more clips, leave the class out, or take wrong ones too"
        )
    a, c, source, place = gathered.reservoir.rows()
    return Collected(label, gathered.moments, a, c, source, place, gathered.clips, gathered.wrong)
