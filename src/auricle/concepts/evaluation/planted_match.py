"""Which concept is which planted object, and how well: learned once a class, then scored clip by clip."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor

from auricle.concepts.evaluation.comparison import compare
from auricle.concepts.evaluation.intervals import interval
from auricle.concepts.evaluation.match_scores import MEASURES, SoundsOf, masked_sounds, scores
from auricle.concepts.evaluation.planted_clips import PlantedClip, object_masks
from auricle.errors import AuricleError, nearest
from auricle.frontends import Frontend
from auricle.metrics.bootstrap import Interval

Assignment = Mapping[str, Mapping[str, int]]
"""By class and object, the number of the concept that it was matched with."""


@dataclass(frozen=True, eq=False)
class PlantedMatch:
    """Scores of N clips, K concepts and J objects.

    labels: the class of each clip. objects: the names of all J. scores: every one of `MEASURES`, ``[N, K, J]``, NaN
    where a clip does not contain the object. assignment: the concept of each object of each class.
    """

    labels: tuple[str, ...]
    objects: tuple[str, ...]
    scores: dict[str, np.ndarray]
    assignment: Assignment

    def of_clips(self, measure: str) -> np.ndarray:
        """The mean over a clip's objects, each by the concept that it was matched with, ``[N]``."""
        return np.nanmean(self._matched(measure), axis=1)

    def chance(self, measure: str) -> np.ndarray:
        """What `of_clips` is expected to be if concepts were matched at random, one to one: the mean over concepts."""
        return np.nanmean(self._of(measure).mean(1), axis=1)

    def mean(self, measure: str, groups: Sequence[Hashable] | None = None, *, seed: int = 0) -> Interval:
        """The mean over clips with its bootstrap interval."""
        return interval(self.of_clips(measure), groups, seed=seed)

    def by_object(self, *, seed: int = 0) -> list[dict[str, Any]]:
        """One row a class and object: its concept, and every measure's `Interval` over the clips that contain it."""
        rows = []
        for label, concepts in self.assignment.items():
            mine = np.array(self.labels) == label
            for name, concept in concepts.items():
                columns = {measure: self._matched(measure)[mine, self.objects.index(name)] for measure in MEASURES}
                means = {measure: interval(values, seed=seed) for measure, values in columns.items()}
                rows.append({"class": label, "object": name, "concept": concept, **means})
        return rows

    def _of(self, measure: str) -> np.ndarray:
        if measure not in self.scores:
            raise AuricleError(f'a planted match has no measure "{measure}"; {nearest(measure, list(MEASURES))}')
        return self.scores[measure]

    def _matched(self, measure: str) -> np.ndarray:
        """``[N, J]``, NaN where a clip does not contain the object."""
        concept = np.array([[self.assignment[label].get(name, 0) for name in self.objects] for label in self.labels])
        return np.take_along_axis(self._of(measure), concept[:, None], axis=1)[:, 0]


def planted_match(
    clips: Sequence[PlantedClip],
    maps: Tensor,
    frontend: Frontend,
    *,
    sounds_of: SoundsOf | None = None,
    share: float = 0.8,
    assignment: Assignment | None = None,
) -> PlantedMatch:
    """How well concept k is object j, on clips whose objects are known.

    maps: ``[N, K, F, T]`` on the axes of the features, concept k of a class the same one in all of its clips.
    sounds_of: how concepts are heard, by default through the soft mask of `auricle.sonify.sonify`. share: the strongest
    cells that hold this share of a concept's positive relevance are where it is, for the IoU. assignment: one that
    was learned on other clips; else each class's is learned here, one to one, for the largest mean IoU over all of its
    clips (Kuhn 1955). Where there are more objects than concepts, silent concepts make up the number.
    """
    if len(clips) != len(maps) or not clips:
        raise AuricleError(f"{len(maps)} sets of maps were given for {len(clips)} clips; give one for each clip")
    objects = tuple(dict.fromkeys(name for clip in clips for name in clip.objects))
    count = max(maps.shape[1], len(objects))
    found = {measure: np.full((len(clips), count, len(objects)), np.nan) for measure in MEASURES}
    for row, (clip, mine) in enumerate(zip(clips, maps, strict=True)):
        masks, own = object_masks(clip, frontend), mine.detach().cpu().double().numpy()
        if own.shape[1:] != masks.shape[1:]:
            raise AuricleError(
                f"maps of shape {own.shape} do not lie on the {masks.shape[1:]} cells of the features of {clip.name}"
            )
        listen = sounds_of or partial(masked_sounds, frontend=frontend)
        sounds = _made_up(listen(clip.samples, own), count)
        stems, whole = clip.stems.cpu().numpy(), clip.samples.cpu().numpy()
        columns = [objects.index(name) for name in clip.objects]
        for measure, values in scores(_made_up(own, count), sounds, masks, stems, whole, share).items():
            found[measure][row][:, columns] = values
    labels = tuple(clip.label for clip in clips)
    if assignment is None:
        assignment = assigned(labels, objects, found["iou"])
    for clip in clips:
        for name in clip.objects:
            if not 0 <= assignment.get(clip.label, {}).get(name, -1) < count:
                raise AuricleError(
                    f'the assignment has no concept for "{name}" of {clip.label}, which {clip.name} contains; learn it '
                    "on clips with every object, and with as many concepts"
                )
    return PlantedMatch(labels, objects, found, assignment)


def assigned(labels: Sequence[str], objects: Sequence[str], fit: np.ndarray) -> Assignment:
    """The concept of every object that a class contains, for the largest mean of ``fit [N, K, J]`` over its clips."""
    from scipy.optimize import linear_sum_assignment

    chosen: dict[str, dict[str, int]] = {}
    for label in dict.fromkeys(labels):
        mine = fit[[each == label for each in labels]]
        there = np.flatnonzero(np.isfinite(mine).any((0, 1)))
        concepts, places = linear_sum_assignment(np.nanmean(mine[..., there], axis=0), maximize=True)
        pairs = {objects[there[j]]: int(k) for k, j in zip(concepts, places, strict=True)}
        chosen[label] = {name: pairs[name] for name in objects if name in pairs}
    return chosen


def match_table(
    matches: Mapping[str, PlantedMatch | Sequence[PlantedMatch]],
    subject: str,
    groups: Sequence[Hashable] | None = None,
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """``subject`` against other ways to concepts (a sequence: several draws) on the same clips, and against chance.

    One row a measure and method: measure, method, mean, low, high, clips, and the paired difference of the subject to
    it, difference, difference_low, difference_high. ``chance`` is the subject's own, of concepts matched at random.
    """
    drawn = {name: [each] if isinstance(each, PlantedMatch) else list(each) for name, each in matches.items()}
    rows = []
    for measure in MEASURES:
        values = {name: np.stack([one.of_clips(measure) for one in draws]) for name, draws in drawn.items()}
        if subject in drawn:
            values["chance"] = np.stack([one.chance(measure) for one in drawn[subject]])
        for row in compare(values, subject, groups, seed=seed):
            against = row.difference
            rows.append({
                "measure": measure, "method": row.name, **row.mean.to_dict(),
                "difference": None if against is None else against.mean,
                "difference_low": None if against is None else against.low,
                "difference_high": None if against is None else against.high,
            })  # fmt: skip
    return rows


def _made_up(values: np.ndarray, count: int) -> np.ndarray:
    """With zeros as further rows, up to ``count``."""
    return np.concatenate([values, np.zeros((count - len(values), *values.shape[1:]))])
