"""From explanations of any method to masks that can be compared: equal area for maps, controls beside them.

Conventions: masks and relevance are ``[F, frames]`` on the listening STFT of the clip at the model's rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.errors import AuricleError
from auricle.explanation import Explanation
from auricle.frontends.listening import listening_axes
from auricle.methods import Method
from auricle.metrics.controls import energy_mask, energy_threshold_mask, everything, random_masks
from auricle.metrics.equal_area import equal_area
from auricle.metrics.hearing import Listener
from auricle.road import explain_batch
from auricle.sonify.laying import lay, within
from auricle.sonify.masking import Masking, chosen

Kind = Literal["mask", "map", "control", "legacy"]
AREA = 0.15
"""Share of the plane that a calibrated map keeps where no learnt mask sets it."""
LOUD = 0.35
"""Of the loudest cell: the published energy mask."""
RANDOM, EVERYTHING, ENERGY, LOUDEST, ORACLE = "random", "all ones", "energy", f"energy > {LOUD:g} max", "oracle"
CONTROLS = (RANDOM, EVERYTHING, ENERGY, LOUDEST, ORACLE)


@dataclass(frozen=True, eq=False)
class Candidate:
    """What is heard and scored as one row: ``masks [K, F, frames]`` (K draws), and the ``relevance`` behind it."""

    name: str
    kind: Kind
    masks: np.ndarray
    relevance: np.ndarray | None = None


def explained(
    method: Method, clips: Sequence[Clip], labels: Sequence[str], classifier: Classifier, *, seed: int = 0
) -> list[Explanation | AuricleError]:
    """Explanations in one batch; where that is refused, one by one, so that a bad clip costs only itself."""
    try:
        return list(explain_batch(clips, classifier, method, labels, seed=seed))
    except AuricleError:
        found: list[Explanation | AuricleError] = []
        for clip, label in zip(clips, labels, strict=True):
            try:
                found += explain_batch([clip], classifier, method, [label], seed=seed)
            except AuricleError as error:
                found.append(error)
        return found


def relevance_of(explanation: Explanation, listener: Listener) -> np.ndarray:
    """A learnt mask as it is; of a map its positive part, smoothed as it is for listening (one cell)."""
    if explanation.method.gives_mask:
        return explanation.mask()[0][:, : listener.frames]
    from scipy.ndimage import gaussian_filter

    values, axes = within(np.asarray(explanation.map()[0], np.float64), explanation.map()[1], explanation.clip.seconds)
    smooth = chosen(gaussian_filter(values, Masking().blur, mode="nearest"), sign="positive")
    return _laid(smooth, axes, listener)


def published_mask(explanation: Explanation, listener: Listener) -> np.ndarray:
    """|R| / max |R| as a mask: how gradient maps entered the published tables."""
    values, axes = within(np.asarray(explanation.map()[0], np.float64), explanation.map()[1], explanation.clip.seconds)
    amounts = _laid(np.abs(values), axes, listener)
    return amounts / (amounts.max() or 1.0)


def _laid(values: np.ndarray, axes: Axes, listener: Listener) -> np.ndarray:
    rate, grid = listener.classifier.sample_rate, listener.grid
    onto = listening_axes(len(listener.samples), grid, rate)
    return lay(values, axes, onto, reach=grid.length / 2 / rate)[:, : listener.frames]


def candidates(
    explanations: Mapping[str, Explanation],
    listener: Listener,
    *,
    area: float | str | None = None,
    oracle: np.ndarray | None = None,
    legacy: bool = False,
    draws: int = 4,
    seed: int = 0,
) -> list[Candidate]:
    """Every explainer's mask, then the controls.

    ``area`` is the share of the plane that maps are calibrated to, or the name of the learnt mask that sets it, clip by
    clip; by default the first learnt mask, else 0.15. Random masks are the first mask rolled and mirrored, ``energy``
    has the same values where the sound is loudest. ``legacy`` adds each map as it was published, not calibrated.
    """
    relevance = {name: relevance_of(each, listener) for name, each in explanations.items()}
    learnt = [name for name, each in explanations.items() if each.method.gives_mask]
    share = _area(relevance, learnt, area)
    found = []
    for name, values in relevance.items():
        mask = values if name in learnt else equal_area(values, share)
        found.append(Candidate(name, "mask" if name in learnt else "map", mask[None], values))
    if legacy:
        for name, each in explanations.items():
            if name not in learnt:
                mask = published_mask(each, listener)
                found.append(Candidate(f"{name}, |R| / max", "legacy", mask[None], mask))
    first = next((each for each in found if each.name in learnt[:1]), found[0]).masks[0]
    power = listener.power
    loud = energy_threshold_mask(power, LOUD)
    controls = {
        RANDOM: (random_masks(first, draws=draws, seed=seed), None),
        EVERYTHING: (everything(first)[None], None),
        ENERGY: (energy_mask(first, power)[None], power),
        LOUDEST: (loud[None], loud),
    }
    if oracle is not None:
        controls[ORACLE] = (oracle[None], oracle)
    return found + [Candidate(name, "control", masks, own) for name, (masks, own) in controls.items()]


def _area(relevance: Mapping[str, np.ndarray], learnt: Sequence[str], area: float | str | None) -> float:
    if isinstance(area, float):
        return area
    setting = area or next(iter(learnt), None)
    if setting is None or setting not in relevance:  # none was learnt, or it failed on this clip
        return AREA
    values = relevance[setting]
    return max(float(values.mean()), 1.0 / values.size)  # an empty mask sets no area


def read_area(text: str | None, methods: Mapping[str, Method]) -> float | str | None:
    """``--area``: a share of the plane, or a method of the comparison that gives masks.

    >>> read_area("0.1", {})
    0.1
    """
    if text is None:
        return None
    try:
        share = float(text)
    except ValueError:
        learnt = [name for name, each in methods.items() if each.gives_mask]
        if text not in learnt:
            known = f"; those compared are {', '.join(learnt)}" if learnt else ", as 0.15"
            raise AuricleError(
                f'the area "{text}" is neither a share of the plane nor a method that gives masks{known}'
            ) from None
        return text
    if not 0.0 < share < 1.0:
        raise AuricleError(f"an area of {share:g} is no share of the plane; give a number between 0 and 1, as 0.15")
    return share
