"""Which settings of regions suit a method: every point of a grid tried on clips that are not judged by afterwards.

A clip votes once, whatever its length. What the best point may have most of (``by``):

- ``faithfulness``: mean over clips of p(regions kept) − p(as much kept at random places of the clip), see
  `auricle.regions.faithful`. Keeping everything, or nothing, is worth 0.
- ``stability``: mean over clips of the overlap above chance of a clip's regions with those of its second map, see
  `auricle.regions.agreement`.
- ``ch``, ``ch_frequency``: the ratio of distances between and within classes, see `auricle.regions.separation`.

Where a method is worse than random places, nothing or everything would be the best that faithfulness can choose. So
only points are considered that find regions in at least half of the clips and cover at most half of the plane on the
average (`LARGEST`), if there are any; the interval of the score then says what the choice is worth.

Points are given up early (``prune``) by a race over clips, see `auricle.regions.racing`, where a point's score is a
mean over clips. The ratios are none, and hearing nothing they save nothing either: one clip's points share their work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from auricle.axes import Axes
from auricle.errors import AuricleError, nearest
from auricle.regions.agreement import agreement
from auricle.regions.base import RegionKind
from auricle.regions.candidates import Candidates, Grid, Search, candidates, grid_of, points_of
from auricle.regions.counting import columns_within
from auricle.regions.faithful import Hear, faithfulness
from auricle.regions.racing import clearly_worse, looks
from auricle.regions.separation import SeparationSums

By = Literal["ch", "ch_frequency", "faithfulness", "stability"]
SCORES: tuple[By, ...] = get_args(By)
LARGEST = 0.5
"""Regions that cover more of the plane than this do not say where."""
DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Tuned:
    """One clip to tune by: its ``relevance [F, T]`` on ``axes``, its class, and its length in ``seconds``.

    ``hear`` gives the probability of the explained class for masks on the same axes (for faithfulness); ``again`` is a
    second map ``[F, T]`` of the same clip under small noise (for stability).
    """

    relevance: np.ndarray
    axes: Axes
    label: Hashable
    seconds: float | None = None
    hear: Hear | None = None
    again: np.ndarray | None = None


def tune(
    maps: Sequence[Tuned],
    kind: RegionKind,
    search: Search,
    *,
    by: By = "faithfulness",
    prune: bool = True,
    all_must_have_regions: bool = False,
    controls: int = 2,
    seed: int = 0,
    grid: Grid = grid_of,
    on_step: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """One row for each point of the grid, in its order: its settings and what they are worth.

    ch, ch_frequency, inter, intra; faithfulness or stability if tuned by it (else None), with its 95 % bootstrap
    interval over clips, low and high; area: mean share of the clip's plane; clips: how many it was tried on, over which
    all the scores are; clips_without_regions (worth 0); pruned_after: clips after which it was given up, else None;
    chosen: the best of those that were not given up, of equals the one of smaller area, then the first.

    ``all_must_have_regions`` (AudibleXAI's ``region_tuning_mode``) gives up a point at its first clip without regions.
    ``on_step`` is told how many clips are done, of how many.
    """
    _check(maps, by)
    points = points_of(kind, search)
    order = _shuffled([each.label for each in maps], seed)
    racing = prune and by in ("faithfulness", "stability")
    pauses = looks(len(order)) if racing else []
    alive = list(range(len(points)))
    scores = np.full((len(points), len(order)), np.nan)
    given_up: dict[int, int] = {}
    tried: list[tuple[Hashable, Candidates]] = []
    for done, number in enumerate(order, start=1):
        clip = maps[number]
        found = candidates(clip.relevance, clip.axes, kind, points, alive, seconds=clip.seconds, grid=grid)
        tried.append((clip.label, found))
        if by == "faithfulness":
            worth = _heard(clip, found, controls, seed + number)
            scores[alive, done - 1] = [worth[found.which[point]] for point in alive]
        elif by == "stability":
            scores[alive, done - 1] = _agreed(clip, found, points, alive, kind, grid)
        lost = []
        if all_must_have_regions:
            lost = [point for point in alive if not found.distinct[found.which[point]].area]
        given_up |= dict.fromkeys(lost, done)
        alive = [point for point in alive if point not in given_up]
        if alive and done in pauses:
            able = _able(alive, [_areas(tried, point) for point in alive])
            worse = clearly_worse(scores[able, :done], shared=len(pauses))
            left = [point for point, is_worse in zip(able, worse, strict=True) if not is_worse]
            given_up |= {point: done for point in alive if point not in left}
            alive = left
        if on_step is not None:
            on_step(done, len(order))
        if not alive:
            raise AuricleError(
                f"all {len(points)} points of the grid leave one of {done} clips without regions; "
                "search among smaller clusters, or do without all_must_have_regions"
            )
    rows = _rows(points, tried, scores, given_up, by, seed)
    _choose(rows, _able(alive, [_areas(tried, point) for point in alive]), by)
    return rows


def chosen_kind(rows: Sequence[dict[str, Any]], kind: RegionKind) -> RegionKind:
    """The kind with the settings of the chosen row."""
    row = next(each for each in rows if each["chosen"])
    settings = {each.name: row[each.name] for each in dataclasses.fields(kind) if each.name in row}  # type: ignore[arg-type]
    return dataclasses.replace(kind, **settings)  # type: ignore[type-var]


def _check(maps: Sequence[Tuned], by: str) -> None:
    if by not in SCORES:
        raise AuricleError(f'regions cannot be tuned by "{by}"; {nearest(by, SCORES)}')
    if not maps:
        raise AuricleError("no clips were given to tune regions by; give some of a validation set")
    if by == "faithfulness" and any(each.hear is None for each in maps):
        raise AuricleError("to tune by faithfulness every clip needs hear, which asks the model about masks")
    if by == "stability" and any(each.again is None for each in maps):
        raise AuricleError("to tune by stability every clip needs again, its map under small noise")


def _shuffled(labels: Sequence[Hashable], seed: int) -> list[int]:
    """The numbers of clips in a random order in which the classes take turns."""
    turns: dict[Hashable, int] = {}
    keyed: list[tuple[int, int, int]] = []
    for number in np.random.default_rng(seed).permutation(len(labels)).tolist():
        turns[labels[number]] = turns.get(labels[number], -1) + 1
        keyed.append((turns[labels[number]], len(keyed), number))
    return [number for _, _, number in sorted(keyed)]


def _heard(clip: Tuned, found: Candidates, controls: int, seed: int) -> np.ndarray:
    """The faithfulness of each of the distinct regions."""
    assert clip.hear is not None
    within = columns_within(clip.axes, clip.seconds)
    worth = np.zeros(len(found.distinct))
    for first in range(0, len(worth), 64):  # masks are drawn a few at a time
        masks = [each.mask for each in found.distinct[first : first + 64]]
        heard = faithfulness(masks, clip.hear, within=within, controls=controls, seed=seed)
        worth[first : first + 64] = heard
    return worth


def _agreed(
    clip: Tuned, found: Candidates, points: Sequence[dict[str, Any]], alive: list[int], kind: RegionKind, grid: Grid
) -> list[float]:
    """The agreement of each point's regions with those of the clip's second map."""
    assert clip.again is not None
    again = candidates(clip.again, clip.axes, kind, points, alive, seconds=clip.seconds, grid=grid)
    within = columns_within(clip.axes, clip.seconds)
    known: dict[tuple[int, int], float] = {}
    for point in alive:
        pair = found.which[point], again.which[point]
        if pair not in known:
            one, other = found.distinct[pair[0]].mask, again.distinct[pair[1]].mask
            known[pair] = agreement(one[:, within], other[:, within])
    return [known[found.which[point], again.which[point]] for point in alive]


def _areas(tried: Sequence[tuple[Hashable, Candidates]], point: int) -> np.ndarray:
    """How much of each clip's plane the regions of a point cover, ``[n]``."""
    return np.array([found.distinct[found.which[point]].area for _, found in tried])


def _able(alive: list[int], areas: Sequence[np.ndarray]) -> list[int]:
    """The points whose regions say where, in at least half of the clips; all where none does."""
    able = [
        point
        for point, each in zip(alive, areas, strict=True)
        if each.mean() <= LARGEST and np.count_nonzero(each) * 2 >= len(each)
    ]
    return able or alive


def _rows(
    points: Sequence[dict[str, Any]],
    tried: Sequence[tuple[Hashable, Candidates]],
    scores: np.ndarray,
    given_up: dict[int, int],
    by: str,
    seed: int,
) -> list[dict[str, Any]]:
    known: dict[tuple[int, ...], dict[str, Any]] = {}
    rows = []
    for number, point in enumerate(points):
        clips = given_up.get(number, len(tried))
        same = tuple(found.which[number] for _, found in tried[:clips])
        if same not in known:
            separation = _separated(tried[:clips], number)
            areas = _areas(tried[:clips], number)
            empty = int(np.count_nonzero(areas == 0))
            known[same] = {
                **separation,
                "faithfulness": None,
                "stability": None,
                **_mean(scores[number, :clips], by, seed),
                "area": float(areas.mean()),
                "clips": clips,
                "clips_without_regions": empty,
            }
        rows.append({**point, **known[same], "pruned_after": given_up.get(number), "chosen": False})
    return rows


def _separated(tried: Sequence[tuple[Hashable, Candidates]], point: int) -> dict[str, Any]:
    """What the regions of one point are worth without the model."""
    sums = SeparationSums()
    for label, found in tried:
        sums.add(found.distinct[found.which[point]].counts, label)
    return dataclasses.asdict(sums.separation())


def _mean(scores: np.ndarray, by: str, seed: int) -> dict[str, float | None]:
    """The mean over clips of a score that has one, and its percentile interval (Efron 1979)."""
    if by not in ("faithfulness", "stability"):
        return {"low": None, "high": None}
    clips = len(scores)
    if clips == 1:
        return {by: float(scores[0]), "low": None, "high": None}
    drawn = np.random.default_rng(seed).integers(clips, size=(DRAWS, clips))
    low, high = np.quantile(scores[drawn].mean(axis=1), [0.025, 0.975])
    return {by: float(scores.mean()), "low": float(low), "high": float(high)}


def _choose(rows: list[dict[str, Any]], able: Sequence[int], by: str) -> None:
    """Mark the best row; say why where there is none."""
    known = [number for number in able if rows[number][by] is not None]
    if not known:
        reason = rows[able[0]]["reason"]
        raise AuricleError(f"regions cannot be tuned by {by}: {reason}; tune by faithfulness instead")
    best = min(known, key=lambda number: (-round(rows[number][by], 12), round(rows[number]["area"], 12), number))
    rows[best]["chosen"] = True
    for row in rows:
        del row["reason"]
