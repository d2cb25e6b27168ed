"""Everything measured on one explanation, beside what a mask that knows nothing would reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from auricle.errors import AuricleError
from auricle.methods.baselines import Baseline
from auricle.metrics.complexity import complexity, mean_mask, sparseness
from auricle.metrics.controls import energy_mask, everything, random_masks
from auricle.metrics.curves import Curve
from auricle.metrics.faithfulness import (
    average_drop,
    average_gain,
    average_increase,
    faithfulness,
    fidelity_in,
)
from auricle.metrics.heard_curves import CURVE_DRAWS, heard_curves
from auricle.metrics.hearing import Listener
from auricle.metrics.of_parts import measure_events, measure_parts
from auricle.metrics.parts import class_of, refuse_values
from auricle.metrics.scores import Row, Scores, row
from auricle.metrics.sentence import sentence
from auricle.sonify import Masking, mask_on_grid, sonify
from auricle.sonify.masking import with_floor

if TYPE_CHECKING:
    from auricle.explanation import Explanation


def measure(
    explanation: Explanation,
    *,
    masking: Masking | None = None,
    steps: int = 20,
    draws: int = 8,
    seed: int = 0,
    legacy: bool = False,
    curves: bool = True,
    repeats: int | None = None,
    baselines: Baseline | bool | None = None,
    events: Sequence[tuple[float, float]] | None = None,
) -> Scores:
    """AI, AD, AG, FF, Fid-In, SPS, COMP, mean mask, energy and both curves, each with its controls.

    An explanation with components also gets component flipping and adding, their ΔAUC and "top-k same", for a few
    coalitions that the method did not ask about; and U_n and rank agreement over ``repeats``, which by default are
    measured (5 times) only if nothing has to be heard for it. ``baselines`` compares what absent parts leave behind
    (True: silence, noise and mean), by default only those that the explanation has anyway. ``events`` are annotated
    (start, end) in seconds, for the event metrics of any explanation.

    The network hears every part through the windows in which it heard the clip; its logits are averaged over them.
    What is measured is what a person hears with this ``masking`` (before loudness matching); the controls are masks
    on the STFT, with invented phases for ``griffin-lim``, and the curves weigh the STFT for every style. The class is
    the target (for a contrast its first label). ``draws`` random masks are averaged over, ``steps`` is the resolution
    of the curves, ``legacy`` gives the published AD.
    """
    masking = masking or explanation.masking
    refuse_values(explanation.classifier)
    if draws < 1:
        raise AuricleError(f"{draws} random masks cannot be averaged over; give draws of at least 1")
    classifier, clip = explanation.classifier, explanation.clip
    listener = Listener(classifier, clip, rephase=masking.style == "griffin-lim", seed=seed)
    mask = mask_on_grid(clip, classifier.frontend, *explanation.map(), masking)[0][:, : listener.frames]
    masks = {
        "explanation": mask[None],
        "random": random_masks(mask, draws=draws, seed=seed),
        "energy": energy_mask(mask, listener.power)[None],
        "everything": everything(mask)[None],
    }
    p, c = listener.whole(), class_of(explanation)
    heard = _hear(listener, {name: with_floor(group, masking) for name, group in masks.items()})
    if masking.style in ("bandpass", "audible-heatmap"):
        # Filters and envelopes are near their masks on the STFT, but not the same: up to 0.15 in probability.
        heard["explanation"] = _as_listened_to(listener, explanation, masking)
    if not listener.rephase:
        # The whole sound is the original: the rounding of its STFT must not count as an increase.
        heard["everything"] = replace(heard["everything"], kept=p[None])

    metrics = {
        name: _faithfulness(p, part.kept, part.removed, c, legacy=legacy, multi_label=classifier.multi_label)
        for name, part in heard.items()
    }
    rows = [_row(name, {whose: each[name] for whose, each in metrics.items()}) for name in metrics["explanation"]]
    lines = {}
    if curves:
        lines = _curves(explanation, c, masking=masking, steps=steps, draws=draws, seed=seed)
    rows += [_row(name, {whose: curve.auc for whose, curve in each.items()}) for name, each in lines.items()]
    for name, function in (("SPS", sparseness), ("COMP", complexity), ("MM", mean_mask)):
        # A control has the same values elsewhere, so only the mask of ones differs.
        own, whole = function(mask), function(masks["everything"])
        rows.append(_row(name, {"explanation": own, "random": own, "energy": own, "everything": whole}))
    rows.append(_row("energy", {name: part.energy for name, part in heard.items()}))

    parts = measure_parts(
        explanation, steps=steps, draws=draws, seed=seed, legacy=legacy, curves=curves, asked_repeats=repeats,
        baselines=baselines,
    )  # fmt: skip
    rows += parts.rows
    if events is not None:
        rows += measure_events(explanation, events, draws=draws, seed=seed)
        parts.details["events"] = [[float(start), float(end)] for start, end in events]

    told = {"original": float(p[c])}
    for name, part in heard.items():
        whose = "" if name == "explanation" else f"{name} "
        told[f"{whose}kept"] = float(part.kept[:, c].mean())
        told[f"{whose}removed"] = float(part.removed[:, c].mean())
    told |= parts.probabilities
    kept = heard["explanation"].kept[0]
    text = sentence(
        label=classifier.labels[c],
        said=classifier.labels[int(p.argmax())],
        heard=classifier.labels[int(kept.argmax())],
        heard_probability=float(kept.max()),
        area=mean_mask(mask),
        original=told["original"],
        kept=told["kept"],
        random=told["random kept"],
        named=metrics["explanation"]["Fid-In"] > 0.5,
        against=masking.sign == "negative",
    )
    if parts.sentence is not None and masking.sign == "positive":
        text = parts.sentence
    settings: dict[str, Any] = {
        "class": classifier.labels[c],
        "masking": masking.settings(),
        "steps": steps if curves else None,
        "draws": draws,
        "curve_draws": min(draws, CURVE_DRAWS) if curves else None,
        "seed": seed,
        "legacy": legacy,
    }
    return Scores(rows, lines | parts.curves, text, told, settings, parts.details)


@dataclass(frozen=True, eq=False)
class _Heard:
    """Probabilities ``[K, C]`` of the kept and the removed parts of K masks, and the mean energy kept."""

    kept: np.ndarray
    removed: np.ndarray
    energy: float


def _hear(listener: Listener, gains: dict[str, np.ndarray]) -> dict[str, _Heard]:
    """All groups' kept and removed parts, in one batch."""
    answers = listener(part for gain in gains.values() for part in (*gain, *(1.0 - gain)))
    heard, start = {}, 0
    for name, gain in gains.items():
        middle, end = start + len(gain), start + 2 * len(gain)
        probabilities = answers.probabilities
        energy = float(answers.energy[start:middle].mean())
        heard[name] = _Heard(probabilities[start:middle], probabilities[middle:end], energy)
        start = end
    return heard


def _as_listened_to(listener: Listener, explanation: Explanation, masking: Masking) -> _Heard:
    front = explanation.classifier.frontend
    sounds = sonify(explanation.clip, front, *explanation.map(), replace(masking, match_loudness=False))
    parts = torch.stack([torch.tensor(part.samples[0]) for part in (sounds.kept, sounds.removed)])
    answers = listener.to_sounds(parts)
    return _Heard(answers.probabilities[:1], answers.probabilities[1:], float(answers.energy[0]))


def _faithfulness(
    p: np.ndarray, o: np.ndarray, q: np.ndarray, c: int, *, legacy: bool, multi_label: bool
) -> dict[str, float]:
    """Each metric's mean over the masks of a group, ``o`` and ``q`` ``[K, C]``."""
    each = {
        "AI": average_increase(p, o, c=c),
        "AD": average_drop(p, o, c=c, legacy=legacy, multi_label=multi_label),
        "AG": average_gain(p, o, c=c),
        "FF": faithfulness(p, q, c=c),
        "Fid-In": fidelity_in(p, o, c=c, multi_label=multi_label),
    }
    return {name: float(np.mean(values)) for name, values in each.items()}


def _row(name: str, values: dict[str, float]) -> Row:
    return row(name, values["explanation"], {key: each for key, each in values.items() if key != "explanation"})


def _curves(
    explanation: Explanation, c: int, *, masking: Masking, steps: int, draws: int, seed: int
) -> dict[str, dict[str, Curve]]:
    """Deletion and insertion by relevance of the chosen sign."""
    listener = Listener(explanation.classifier, explanation.clip)
    values, axes = explanation.map()
    if masking.sign != "positive":
        values = np.abs(values) if masking.sign == "both" else -values
    seconds = explanation.clip.seconds
    return heard_curves(listener, values, axes, c, seconds=seconds, steps=steps, draws=draws, seed=seed)
