"""The grids of a study: methods on the same clips, regions class by class, and what mistakes look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from auricle.axes import Axes
from auricle.regions.ranges import FrequencyRange
from auricle.report.study.chosen import CLASSES, Chosen
from auricle.report.study.frequencies import range_text
from auricle.report.study.hearing import Listener
from auricle.report.study.mosaic import Cell, Drawn, Row, mosaic
from auricle.report.study.tiles import Tile, small
from auricle.study.tables.classes import ClassAverage

Tiles = Mapping[str, Mapping[tuple[str, str], Tile]]
"""By method, then by id and what was asked."""
Clips = Mapping[str, Mapping[str, Any]]
"""Rows of ``predict`` by id."""
Ranges = Mapping[str, Sequence[FrequencyRange]]
"""The frequencies that matter to a class, by its name."""
MOST_RANGES = 3
FREQUENCIES = "Beside a class: the frequencies that its regions cover most often."


def saliencies(tiles: Tiles, clips: Clips, chosen: Chosen, listen: Listener) -> Drawn:
    """One clip of each of some classes; its sound, and what every method finds in it."""
    plain = {method: {key: replace(tile, boxes=()) for key, tile in found.items()} for method, found in tiles.items()}
    return mosaic(
        "overview_saliencies",
        "What every method finds in the same clips",
        "One clip a row: t is its true class, p what the model predicts, with its probability. Orange speaks for p, "
        "blue against it; each map is scaled to its own strongest cell.",
        [_side_by_side(id, plain, clips, listen) for id in chosen.examples],
        heads=["sound", *tiles],
        bars=("relevance", "sound"),
    )


def saliency_regions_of_all(tiles: Tiles, clips: Clips, chosen: Chosen, listen: Listener) -> Drawn:
    """A clip of every class with the regions that follow from each method's relevance."""
    return mosaic(
        "overview_saliency_regions",
        "Regions that follow from every method, one clip a class",
        "The first right clip of each class: t is its true class, p what the model predicts, with its probability. "
        "Boxes frame the regions: what lies in them was played to the model alone.",
        [_side_by_side(ids[0], tiles, clips, listen) for ids in chosen.right.values()],
        heads=["sound", *tiles],
        bars=("relevance", "sound"),
    )


def saliency_regions(
    method: str,
    tiles: Mapping[tuple[str, str], Tile],
    clips: Clips,
    chosen: Chosen,
    averages: Mapping[str, ClassAverage],
    ranges: Ranges,
) -> Drawn:
    """Right clips of every class with their regions, and first how often each place is within a region."""
    rows = []
    known = any(each.occupancy is not None for each in averages.values())
    for label, ids in chosen.right.items():
        cells: list[Cell | None] = [_occupancy(averages.get(label))] if known else []
        for id in ids:
            tile = tiles.get((id, "predicted"))
            cells.append(
                None
                if tile is None
                else Cell(tile, f"{clips[id]['probability']:.2f}", clips[id]["key"], f"{id}, {label}")
            )
        rows.append(Row(label, tuple(cells), note=_note(averages.get(label), ranges)))
    most = max((len(row.cells) for row in rows), default=1)
    return mosaic(
        f"overview_saliency_regions_{method}",
        f"{method}: relevance and regions of right predictions",
        ("First column: how often each place lies in a region, over all right clips of the class. " if known else "")
        + "Each clip has the probability of its class above it; boxes frame its regions. "
        + (FREQUENCIES if ranges else ""),
        rows,
        heads=["all clips", *([""] * (most - 1))] if known else (),
        bars=("relevance", "share") if known else ("relevance",),
    )


def mispredictions(
    method: str, tiles: Mapping[tuple[str, str], Tile], clips: Clips, chosen: Chosen, listen: Listener
) -> Drawn:
    """Wrong clips by the class that was predicted (p), each with the true one (t), relevance laid over the sound."""
    rows = []
    for label, ids in chosen.wrong.items():
        cells: list[Cell | None] = []
        for id in ids:
            tile, clip = tiles.get((id, "predicted")), clips[id]
            if tile is None:
                continue
            title = f"t={clip['actual']} {_probability(clip['probability_actual'])}, p {clip['probability']:.2f}"
            told = f"{id}: {clip['actual']} heard as {label}"
            cells.append(Cell(replace(tile, level=_level(id, tile.axes, listen)), title, clip["key"], told))
        if cells:
            rows.append(
                Row(f"p={label}", tuple(cells), note=f"{len(cells)} clip{'' if len(cells) == 1 else 's'} drawn")
            )
    return mosaic(
        f"overview_mispredictions_{method}",
        f"{method}: what misled the model",
        "One row for each class that was predicted wrongly (p=); each clip says what it truly is (t=), "
        "the probability of that, and of p. "
        "Orange speaks for p.",
        rows,
        bars=("relevance", "sound"),
    )


def classes(method: str, averages: Mapping[str, ClassAverage], order: Sequence[str], ranges: Ranges) -> Drawn:
    """Mean relevance, how often a place is within a region, and relevance over frequency and time, by class."""
    rows = []
    known = any(each.occupancy is not None for each in averages.values())
    for label in [each for each in order if each in averages][:CLASSES]:
        each = averages[label]
        mean, axes = small(each.mean, each.axes, float(each.axes.seconds[-1]))
        peak = float(abs(mean).max()) or 1.0
        cells: list[Cell | None] = [
            Cell(Tile(axes, relevance=mean / peak)),
            *([_occupancy(each)] if known else []),
            Cell(Tile(axes, over_frequency=each.hertz_profile)),
            Cell(Tile(axes, over_time=each.seconds_profile)),
        ]
        rows.append(Row(label, tuple(cells), note=_note(each, ranges)))
    return mosaic(
        f"classes_{method}",
        f"{method}: what each class is recognised by on average",
        "Every right clip counts alike, aligned at its beginning; a moment's mean is over the clips that "
        "are long enough to reach it. Each curve is drawn as a share of its largest amount. "
        + (FREQUENCIES if ranges else ""),
        rows,
        heads=[
            "mean relevance",
            *(["in a region"] if known else []),
            "relevance over frequency",
            "relevance over time",
        ],
        bars=("relevance", "share") if known else ("relevance",),
    )


def _side_by_side(id: str, tiles: Tiles, clips: Clips, listen: Listener) -> Row:
    clip = clips[id]
    found = {method: mine.get((id, "predicted")) for method, mine in tiles.items()}
    first = next((tile for tile in found.values() if tile is not None), None)
    cells: list[Cell | None] = [None]
    if first is not None:
        cells = [Cell(Tile(first.axes, level=_level(id, first.axes, listen)), "", clip["key"], f"{id}, the sound")]
    for method, tile in found.items():
        cells.append(None if tile is None else Cell(tile, "", clip["key"], f"{id}, {method}"))
    said = f"p={clip['predicted']} {clip['probability']:.2f}"
    return Row(f"t={clip['actual']}", tuple(cells), note=said)


def _level(id: str, axes: Axes, listen: Listener) -> Any:
    sound = listen(id)
    return None if sound is None else sound.onto(axes)


def _occupancy(average: ClassAverage | None) -> Cell | None:
    if average is None or average.occupancy is None:
        return None
    share, axes = small(average.occupancy, average.axes, float(average.axes.seconds[-1]))
    return Cell(Tile(axes, share=share))


def _note(average: ClassAverage | None, ranges: Ranges) -> str:
    """How many clips a class has, and the frequencies that matter to it."""
    if average is None:
        return ""
    found = [range_text(each.low, each.high) for each in ranges.get(average.label, ())]
    shown = found if len(found) <= MOST_RANGES else [*found[: MOST_RANGES - 1], f"… {len(found) - 2} more ranges"]
    return "\n".join([f"{average.clips} clip{'' if average.clips == 1 else 's'}", *shown])


def _probability(value: float) -> str:
    return f"{value:.2f}" if value >= 0.005 else "<0.01"
