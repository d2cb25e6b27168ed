"""Does relevance lie where somebody says that the event is? For any explanation, given annotated intervals.

Conventions: intervals are (start, end) in the clip's seconds; a frame belongs to an event if its centre lies in
``[start, end)`` (of a very short event, the frame nearest to its middle); its score is its positive relevance, summed
over hertz.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError
from auricle.metrics.controls import random_masks
from auricle.metrics.hearing import Listener
from auricle.sonify.laying import in_clip, within

if TYPE_CHECKING:
    from auricle.explanation import Explanation

Interval = tuple[float, float]


@dataclass(frozen=True)
class Events:
    """auc: how well relevance tells moments of events from others (ROC). hit: whether the top component, or the top
    frame where there are no components, overlaps an event. share: of the positive relevance within events.

    controls: the same three for relevance rolled to ``random`` places in time and for the clip's ``energy``.
    """

    auc: float
    hit: bool
    share: float
    controls: dict[str, dict[str, float]]


def events(
    explanation: Explanation, intervals: Sequence[Interval], *, draws: int = 8, seed: int = 0
) -> Events:
    """Event-annotation AUC (arXiv 2506.04391), hit and share of an explanation of any method.

    Relevance without any positive value counts as even: AUC ½, no hit, no share.
    """
    scores, axes = over_time(explanation)
    inside = frames_inside(axes.seconds_centres, intervals, explanation.clip.seconds)
    listener = Listener(explanation.classifier, explanation.clip)
    loudness = np.interp(axes.seconds_centres, *_loudness(listener))
    rolled = random_masks(scores[None], draws=draws, seed=seed)[:, 0]
    controls = {
        "auc": {
            "random": float(np.mean([event_auc(each, inside) for each in rolled])),
            "energy": event_auc(loudness, inside),
        },
        "hit": _hits_by_chance(explanation, inside, loudness, intervals),
        "share": {
            "random": float(np.mean([event_share(each, inside) for each in rolled])),
            "energy": event_share(loudness, inside),
        },
    }
    hit = _hit(explanation, scores, axes, intervals)
    return Events(event_auc(scores, inside), hit, event_share(scores, inside), controls)


def event_auc(scores: np.ndarray, inside: np.ndarray) -> float:
    """Area under the receiver operating characteristic of ``scores [T]`` against ``inside [T]``.

    >>> event_auc(np.array([0.1, 0.9, 0.4]), np.array([False, True, False]))
    1.0
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(inside, scores))


def event_share(scores: np.ndarray, inside: np.ndarray) -> float:
    """The share of ``scores [T]`` that lies ``inside [T]``; 0 where there is none.

    >>> event_share(np.array([1.0, 3.0]), np.array([False, True]))
    0.75
    """
    total = float(scores.sum())
    return float(scores[inside].sum()) / total if total > 0.0 else 0.0


def over_time(explanation: Explanation) -> tuple[np.ndarray, Axes]:
    """Positive relevance of each frame that lies within the clip, summed over hertz ``[T]``, and its axes."""
    values, axes = explanation.map()
    values, axes = within(np.asarray(values, dtype=np.float64), axes, explanation.clip.seconds)
    known = np.flatnonzero(in_clip(axes, explanation.clip.seconds))
    first, last = known[0], known[-1] + 1
    return np.maximum(values, 0.0).sum(0)[first:last], Axes(axes.seconds[first : last + 1], axes.hertz)


def frames_inside(centres: np.ndarray, intervals: Sequence[Interval], seconds: float) -> np.ndarray:
    """Which frames lie in an event, ``[T]``; some must, and some must not, or there is nothing to tell apart."""
    for start, end in intervals:
        if not 0.0 <= start < end <= seconds + 1e-6:
            raise AuricleError(
                f"the event from {start:g} to {end:g} s does not lie in a clip of {seconds:g} s; give start and end in "
                "the clip's seconds"
            )
    inside = np.zeros(len(centres), dtype=bool)
    for start, end in intervals:
        own = (centres >= start) & ((centres < end) | (end >= seconds - 1e-6))
        if not own.any():  # an event may be shorter than a frame
            own[np.abs(centres - (start + end) / 2).argmin()] = True
        inside |= own
    if not inside.any() or inside.all():
        which = "no event is" if not inside.any() else f"the {len(intervals)} events cover the whole clip as"
        raise AuricleError(
            f"{which} annotated, so relevance within and without events cannot be compared; annotate events that cover "
            "a part of the clip"
        )
    return inside


def _hit(explanation: Explanation, scores: np.ndarray, axes: Axes, intervals: Sequence[Interval]) -> bool:
    found = explanation.contributions
    if found is None:
        top = int(scores.argmax())
        return bool(scores[top] > 0.0) and _overlaps(axes.seconds[top], axes.seconds[top + 1], intervals)
    best = int(found.weights[:, 0].argmax())
    each = found.components.each[best]
    return bool(found.weights[best, 0] > 0.0) and _overlaps(each.start, each.end, intervals)


def _hits_by_chance(
    explanation: Explanation, inside: np.ndarray, loudness: np.ndarray, intervals: Sequence[Interval]
) -> dict[str, float]:
    """How often any component (or frame) overlaps an event, and whether the loudest one does."""
    found = explanation.contributions
    if found is None:
        return {"random": float(inside.mean()), "energy": float(inside[loudness.argmax()])}
    overlaps = [_overlaps(each.start, each.end, intervals) for each in found.components.each]
    return {"random": float(np.mean(overlaps)), "energy": float(overlaps[int(found.components.energies().argmax())])}


def _overlaps(start: float, end: float, intervals: Sequence[Interval]) -> bool:
    return any(min(end, stop) - max(start, begin) > 1e-9 for begin, stop in intervals)


def _loudness(listener: Listener) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and energy of the clip's own frames."""
    power = listener.power.sum(0)
    return np.arange(len(power)) * listener.grid.hop / listener.classifier.sample_rate, power
