"""Clips explained together, each for its own label by that label's concepts, and brought down to a few numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from auricle.classifier import Classifier, Level, Windows
from auricle.clip import Clip
from auricle.concepts.concepts import Concepts
from auricle.concepts.gallery.map_statistics import MapStatistics, map_statistics
from auricle.concepts.removing import without_each
from auricle.concepts.subspaces import Subspaces
from auricle.concepts.two_step import take_apart
from auricle.frontends import Waveform
from auricle.methods import Attribution
from auricle.road import on_one_axis

AT_ONCE = 16
"""Windows in one pass."""


@dataclass(frozen=True, eq=False)
class Heard:
    """A clip, its label, and what the network hears of it."""

    clip: Clip
    label: str
    windows: Windows


@dataclass(frozen=True, eq=False)
class ClipShares:
    """A clip in the shares of its label's K concepts, the residual last where there is one.

    predicted: what the classifier takes it for, right: whether it knows it as its label. relevance: Σ R_k at the layer,
    removed: the fall of the label's logit without the concept, strength: ‖V_kᵀ a‖, mean over positions; all ``[K]`` and
    means over windows. negative: Σ max(-R_k, 0) / Σ |R_k| over the layer's positions, ``[K]``. maps: of each. across:
    for the concepts of every class their shares of this clip's relevance, still explained for its own label.
    """

    heard: Heard
    predicted: str
    right: bool
    relevance: np.ndarray
    strength: np.ndarray
    negative: np.ndarray
    removed: np.ndarray
    maps: tuple[MapStatistics, ...]
    across: dict[str, np.ndarray]


@dataclass(eq=False)
class _Parts:
    """What the windows of a clip gave, one after another."""

    shares: list[Tensor] = field(default_factory=list)
    totals: list[Tensor] = field(default_factory=list)
    strength: list[Tensor] = field(default_factory=list)
    falling: list[Tensor] = field(default_factory=list)
    negative: list[Tensor] = field(default_factory=list)
    absolute: list[Tensor] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)
    meeting: list[Tensor] = field(default_factory=list)


def clip_shares(classifier: Classifier, concepts: Concepts, clips: Sequence[Heard]) -> Iterator[ClipShares]:
    """The shares of clips whose windows are equally long and whose labels have as many concepts."""
    level: Level = "stft" if isinstance(classifier.frontend, Waveform) else "features"
    rows = [(number, window) for number, each in enumerate(clips) for window in each.windows.samples]
    parts = [_Parts() for _ in clips]
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        _listen(classifier, concepts, clips, some, parts, level)
    meeting = torch.stack([torch.stack(each.meeting).mean(0) for each in parts])
    across = {label: shares_of(_relevance(concepts[label], meeting)) for label in concepts}
    for row, (each, found) in enumerate(zip(clips, parts, strict=True)):
        yield _summed_up(
            classifier, each, found, level, across={label: shares[row] for label, shares in across.items()}
        )


def shares_of(relevance: np.ndarray) -> np.ndarray:
    """R_k / Σ_j |R_j| along the last axis, between -1 and 1: it stays finite where concepts cancel; 0 of nothing.

    >>> shares_of(np.array([3.0, -1.0])).tolist()
    [0.75, -0.25]
    """
    whole = np.abs(relevance).sum(-1, keepdims=True)
    return np.divide(relevance, whole, out=np.zeros_like(relevance), where=whole > 0)


def _listen(
    classifier: Classifier,
    concepts: Concepts,
    clips: Sequence[Heard],
    rows: Sequence[tuple[int, Tensor]],
    parts: Sequence[_Parts],
    level: Level,
) -> None:
    samples = torch.stack([window for _, window in rows])
    labels = [clips[number].label for number, _ in rows]
    targets = [classifier.target_index(label) for label in labels]
    own = [concepts[label] for label in labels]
    weights = torch.zeros(len(rows), len(classifier.labels))
    weights[range(len(rows)), targets] = 1.0
    found = take_apart(
        classifier, samples, weights, own, layer=concepts.layer, method=concepts.method, level=level
    )
    logits, without = without_each(classifier, samples, own, layer=concepts.layer)
    activation = found.activation.detach()
    meeting = torch.einsum("bli,blj->bij", activation, found.context.detach()).cpu()  # R_k of any subspaces follow
    latent = found.latent.detach().flatten(2).cpu()
    for row, (number, _) in enumerate(rows):
        into = parts[number]
        into.shares.append(found.shares[row].detach().cpu())
        into.totals.append(latent[row].sum(1))
        into.negative.append((-latent[row]).clamp(min=0).sum(1))
        into.absolute.append(latent[row].abs().sum(1))
        into.strength.append(_strength(own[row], activation[row]).mean(0).cpu())
        into.falling.append((logits[row, targets[row]] - without[row, :, targets[row]]).cpu())
        into.logits.append(logits[row].cpu())
        into.meeting.append(meeting[row])


def _strength(subspaces: Subspaces, activation: Tensor) -> Tensor:
    """``[L, d]`` to ``[L, K]``, the residual last."""
    strength = subspaces.strength(activation)
    if not subspaces.has_residual:
        return strength
    rest = activation - activation @ subspaces.dual.to(activation) @ subspaces.basis.T.to(activation)
    return torch.cat([strength, rest.norm(dim=-1, keepdim=True)], -1)


def _summed_up(
    classifier: Classifier, heard: Heard, parts: _Parts, level: Level, across: dict[str, np.ndarray]
) -> ClipShares:
    maps = []
    for k in range(len(parts.totals[0])):
        pairs = zip(parts.shares, parts.logits, strict=True)
        each = [Attribution(shares[k][None], logits[None]) for shares, logits in pairs]
        relevance, axes = on_one_axis(classifier, each, heard.windows, level)
        maps.append(map_statistics(relevance, axes, heard.clip.seconds))
    negative, absolute = (_mean(values) for values in (parts.negative, parts.absolute))
    prediction = classifier.prediction(torch.stack(parts.logits))
    return ClipShares(
        heard=heard,
        predicted=prediction.label,
        right=classifier.recognises(prediction, heard.label),
        relevance=_mean(parts.totals),
        strength=_mean(parts.strength),
        negative=np.divide(negative, absolute, out=np.zeros_like(negative), where=absolute > 0),
        removed=_mean(parts.falling),
        maps=tuple(maps),
        across=across,
    )


def _relevance(subspaces: Subspaces, meeting: Tensor) -> np.ndarray:
    """R_k ``[N, K]`` = tr(V_kᵀ M U_k) of ``meeting`` M = Σ a cᵀ ``[N, d, d]``, the residual last."""
    basis, dual = subspaces.basis.to(meeting), subspaces.dual.to(meeting)
    directions = (meeting @ basis * dual).sum(1).double()  # [N, m]
    found = [each.sum(1) for each in directions.split(list(subspaces.sizes), 1)]
    if subspaces.has_residual:
        found.append(meeting.diagonal(dim1=1, dim2=2).double().sum(1) - directions.sum(1))
    return torch.stack(found, 1).numpy()


def _mean(values: Sequence[Tensor]) -> np.ndarray:
    return torch.stack(list(values)).double().mean(0).numpy()
