"""What a study measures on one explanation: the model listens to its regions, and to controls.

Conventions: ``p_…`` are probabilities of the truth, ``…_held`` the same with the level held at the original's own
reference; the metrics are of the explained class (of a contrast its first label), each beside the controls ``random``
(mean over the random regions), ``energy`` (the loudest cells) and ``everything``. What was not measured is None. What
is scored is what is heard: the sounds of `auricle.study.sounds` at the model's rate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from auricle.axes import Axes
from auricle.classifier import Classifier
from auricle.clip import Clip
from auricle.frontends.listening import listening_axes
from auricle.metrics.complexity import complexity, mean_mask, sparseness
from auricle.metrics.faithfulness import average_drop, average_gain, average_increase, faithfulness, fidelity_in
from auricle.metrics.hearing import Listener
from auricle.metrics.parts import refuse_values
from auricle.regions.base import Regions
from auricle.sonify.laying import Laying, within
from auricle.study.config import Evaluating, Sound
from auricle.study.curves import curve_areas
from auricle.study.sounds import controls, heard

OF_MASKS: dict[str, Callable[[np.ndarray], float]] = {"SPS": sparseness, "COMP": complexity, "MM": mean_mask}
HEARD = ("AI", "AD", "AG", "FF", "Fid-In")
CONTROLS = ("random", "energy", "everything")
CURVES = ("deletion", "insertion")
AT_ONCE = 2**21
"""Samples of all sounds of the explanations that are heard together, at most (unless a single one has more)."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One explanation to be scored: its regions and relevance ``[F, T]`` on ``axes``, what was asked, and the truth.

    target: a label or "A-B"; truth: the label whose probability is followed, None where it is not known to the model;
    curves: whether deletion and insertion are drawn.
    """

    regions: Regions
    relevance: np.ndarray
    axes: Axes
    target: str
    truth: str | None
    curves: bool = False


def score_regions(
    clip: Clip,
    classifier: Classifier,
    regions: Regions,
    relevance: np.ndarray,
    axes: Axes,
    truth: str | None,
    target: str,
    sound: Sound,
    evaluating: Evaluating,
    *,
    seed: int,
    curves: bool = False,
) -> dict[str, Any]:
    """The columns of ``evaluate`` that are heard: p_original, p_relevant, p_removed, p_random, p_randoms, and the same
    held; metrics and curves with their controls."""
    asked = Scored(regions, relevance, axes, target, truth, curves)
    return score_many(clip, classifier, [asked], sound, evaluating, seed=seed)[0]


def score_many(
    clip: Clip,
    classifier: Classifier,
    explanations: Sequence[Scored],
    sound: Sound,
    evaluating: Evaluating,
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """Explanations of one clip scored together: the same numbers as one by one, in fewer calls of the network."""
    refuse_values(classifier)
    ear = _Ear(clip, classifier, sound, metrics=evaluating.metrics, seed=seed)
    rows: list[dict[str, Any]] = []
    batch: list[tuple[Scored, _Parts | None]] = []
    for each in explanations:
        batch.append((each, None if each.regions.empty else ear.parts(each.regions)))
        held = sum(parts.sounds.numel() for _, parts in batch if parts is not None)
        if held >= AT_ONCE:
            rows += ear.answer(batch)
            batch = []
    rows += ear.answer(batch)
    for each, row in zip(explanations, rows, strict=True):
        found: dict[str, float] = {}
        if each.curves:
            found = curve_areas(
                ear.listener, each.relevance, each.axes, ear.index(each.target),
                steps=evaluating.steps, draws=sound.random, seed=seed,
            )  # fmt: skip
        row |= {name: found.get(name) for name in _with_controls(CURVES, CONTROLS[:2])}
    return rows


def empty_row() -> dict[str, Any]:
    """All columns, nothing measured.

    >>> [name for name in empty_row() if name.startswith("AD")]
    ['AD', 'AD random', 'AD energy', 'AD everything']
    """
    names = [f"p_{part}{level}" for level in ("", "_held") for part in ("original", "relevant", "removed", "random")]
    row: dict[str, Any] = dict.fromkeys(names)
    row |= {"p_randoms": [], "p_randoms_held": []}
    row |= dict.fromkeys(_with_controls((*HEARD, *OF_MASKS, "energy"), CONTROLS))
    return row | dict.fromkeys(_with_controls(CURVES, CONTROLS[:2]))


def _with_controls(names: Sequence[str], whose: Sequence[str]) -> list[str]:
    return [f"{name}{control}" for name in names for control in ("", *(f" {each}" for each in whose))]


@dataclass(frozen=True, eq=False)
class _Parts:
    """Sounds ``[2 K, n]`` of K masks ``[K, F, frames]``: the kept parts, then the removed ones.

    The first mask is the explanation's, then ``random`` controls, last (only for metrics) that of the energy.
    """

    masks: np.ndarray
    sounds: Tensor
    random: int

    @property
    def count(self) -> int:
        return len(self.masks)

    @property
    def to_hold(self) -> list[int]:
        """Those that are also heard at the original's level: relevant, random, and removed."""
        return [*range(1 + self.random), self.count]


class _Ear:
    """A classifier's ear for one clip: what all its explanations share is heard once."""

    def __init__(self, clip: Clip, classifier: Classifier, sound: Sound, *, metrics: bool, seed: int) -> None:
        self.clip, self.classifier, self.metrics, self.seed = clip, classifier, metrics, seed
        # The model hears its own rate, whatever is written for people.
        self.sound = sound.model_copy(update={"full_band": False})
        self.listener = Listener(classifier, clip, rephase=sound.style == "reconstruction", seed=seed)
        onto = listening_axes(len(self.listener.samples), self.listener.grid, classifier.sample_rate)
        self.onto = Axes(onto.seconds[: self.listener.frames + 1], onto.hertz)
        self._layings: dict[tuple[bytes, bytes], Laying] = {}

    @cached_property
    def _both(self) -> np.ndarray:
        samples = self.listener.samples
        return self.listener.to_sounds(torch.stack([samples, torch.zeros_like(samples)])).probabilities

    @property
    def whole(self) -> np.ndarray:
        """Probabilities ``[C]`` of the clip itself."""
        return self._both[0]

    @property
    def silence(self) -> np.ndarray:
        """Probabilities ``[C]`` of silence, which is left when everything is taken away."""
        return self._both[1]

    @cached_property
    def loudest_first(self) -> np.ndarray:
        return np.argsort(-self.listener.power, axis=None, kind="stable")

    @cached_property
    def _of_everything(self) -> dict[str, float]:
        """The metrics of a mask of ones, which all explanations of the clip have in common."""
        ones = np.ones((len(self.listener.spectrum), self.listener.frames), np.float32)
        return {f"{name} everything": float(of(ones)) for name, of in OF_MASKS.items()}

    def index(self, target: str) -> int:
        """The class that a target asks about: of a contrast its first label."""
        weights = self.classifier.target_weights(target, torch.zeros(1, len(self.classifier.labels)))
        return int(weights[0].argmax())

    def parts(self, regions: Regions) -> _Parts:
        """Everything that is to be heard of one explanation."""
        each = [regions, *controls(self.clip, regions, self.sound, seed=self.seed)]
        masks, kept, removed = self._by_mask(each) if self.sound.style == "mask" else self._as_written(each)
        if self.metrics:
            loudest = self._of_energy(masks[0])[None]
            energy = self.listener.sounds(loudest)
            without = self.listener.samples - energy
            if self.listener.rephase:
                without = self.listener.sounds(1.0 - loudest)
            masks = np.concatenate([masks, loudest])
            kept, removed = torch.cat([kept, energy]), torch.cat([removed, without])
        return _Parts(masks, torch.cat([kept, removed]), len(each) - 1)

    def _by_mask(self, each: list[Regions]) -> tuple[np.ndarray, Tensor, Tensor]:
        """Masks on the STFT in one batch, as `sonify_regions` lays them one by one."""
        inside = [within(one.mask, one.axes, self.clip.seconds) for one in each]
        masks = np.stack([self._laying(axes)(mask) for mask, axes in inside])
        kept = self.listener.sounds(masks)
        return masks, kept, self.listener.samples - kept

    def _laying(self, axes: Axes) -> Laying:
        """Found once for all maps of the clip that have the same axes."""
        assert axes.hertz is not None
        key = (axes.seconds.tobytes(), axes.hertz.tobytes())
        if key not in self._layings:
            reach = self.listener.grid.length / 2 / self.classifier.sample_rate
            self._layings[key] = Laying(axes, self.onto, reach=reach)
        return self._layings[key]

    def _as_written(self, each: list[Regions]) -> tuple[np.ndarray, Tensor, Tensor]:
        made = [heard(self.clip, self.classifier, one, self.sound, seed=self.seed) for one in each]
        masks = np.stack([one.mask[:, : self.listener.frames] for one in made])
        kept, removed = (
            torch.stack([torch.tensor(part.samples[0]) for part in parts]).to(self.listener.samples)
            for parts in ([one.kept for one in made], [one.removed for one in made])
        )
        return masks, kept, removed

    def _of_energy(self, mask: np.ndarray) -> np.ndarray:
        """As `energy_mask`, whose order is the same for all masks of a clip."""
        placed = np.empty_like(mask).ravel()
        placed[self.loudest_first] = np.sort(mask, axis=None)[::-1]
        return placed.reshape(mask.shape)

    def answer(self, batch: Sequence[tuple[Scored, _Parts | None]]) -> list[dict[str, Any]]:
        """A row for each explanation of a batch, all of whose sounds are heard together."""
        present = [parts for _, parts in batch if parts is not None]
        if present:
            own = self.listener.to_sounds(torch.cat([parts.sounds for parts in present]))
            if self.listener.normalises:
                again = self.listener.to_sounds(
                    torch.cat([parts.sounds[parts.to_hold] for parts in present]), held=True
                ).probabilities
        rows, first, first_held = [], 0, 0
        for each, parts in batch:
            row = empty_row()
            truth = None if each.truth is None else self.classifier.target_index(each.truth)
            if truth is not None:
                row["p_original"] = row["p_original_held"] = float(self.whole[truth])
            if parts is not None:
                at = slice(first, first + 2 * parts.count)
                said = own.probabilities[at]
                same = said[parts.to_hold]  # where no level is set, held is own
                if self.listener.normalises:
                    same = again[first_held : first_held + len(parts.to_hold)]
                if truth is not None:
                    row |= _followed(said[parts.to_hold][:, truth], "") | _followed(same[:, truth], "_held")
                if self.metrics:
                    row |= self._metrics(parts, said, own.energy[at], self.index(each.target))
                first, first_held = at.stop, first_held + len(parts.to_hold)
            rows.append(row)
        return rows

    def _metrics(self, parts: _Parts, said: np.ndarray, energy: np.ndarray, c: int) -> dict[str, float | None]:
        p, k = self.whole, parts.count
        kept, removed = said[:k], said[k:]
        whose = {"": slice(0, 1), " random": slice(1, k - 1), " energy": slice(k - 1, k)}
        row: dict[str, float | None] = {}
        values = {
            "AI": average_increase(p, kept, c=c),
            "AD": average_drop(p, kept, c=c),
            "AG": average_gain(p, kept, c=c),
            "FF": faithfulness(p, removed, c=c),
            "Fid-In": fidelity_in(p, kept, c=c, multi_label=self.classifier.multi_label),
            "energy": energy[:k],
            # The energy's mask has the values of the first.
            **{name: np.array([*map(of, parts.masks[:-1])]) for name, of in OF_MASKS.items()},
        }
        for name, each in values.items():
            each = np.append(each, each[0]) if name in OF_MASKS else each
            row |= {f"{name}{who}": float(np.mean(each[at])) if len(each[at]) else None for who, at in whose.items()}
        # The whole sound is the original, and without it there is silence.
        multi = self.classifier.multi_label
        return row | {
            "AI everything": 0.0,
            "AD everything": 0.0,
            "AG everything": 0.0,
            "FF everything": float(faithfulness(p, self.silence, c=c)),
            "Fid-In everything": float(fidelity_in(p, p, c=c, multi_label=multi)),
            "energy everything": 1.0,
            **self._of_everything,
        }


def _followed(p: np.ndarray, level: str) -> dict[str, Any]:
    """Columns of the probabilities of relevant, random and removed sounds, in this order."""
    randoms = [float(each) for each in p[1:-1]]
    return {
        f"p_relevant{level}": float(p[0]),
        f"p_removed{level}": float(p[-1]),
        f"p_random{level}": float(np.mean(randoms)) if randoms else None,
        f"p_randoms{level}": randoms,
    }
