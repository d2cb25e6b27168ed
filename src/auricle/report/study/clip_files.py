"""What a clip's page loads when it is opened: its maps, regions, sounds and scores by every method.

Written block by block, so that memory holds the clips of one block. What all explanations of a clip have in common, as
axes and the names of scores, is written once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.axes import Axes
from auricle.report.colours import shade
from auricle.report.embedded import as_heard
from auricle.report.picture import within
from auricle.report.study.explained import Explained, shard
from auricle.report.study.hearing import Ear, Heard
from auricle.report.study.packing import packed_edges, packed_levels, packed_relevance, png, put, squeezed
from auricle.report.study.tiles import relevance_tile
from auricle.study.config import Sound
from auricle.study.plan import Plan
from auricle.study.sounds import controls, flac_bytes
from auricle.study.stages.regions import regions_of
from auricle.study.store import Store

if TYPE_CHECKING:
    from auricle.clip import Clip

THUMB = (40, 84)
LEVELS = 15
"""Steps of relevance to either side in a thumbnail."""


def write_clips(store: Store, plan: Plan, folder: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Write ``clips/KEY.js`` and thumbnails of every clip below ``folder``.

    Tells for each method of each clip whose predicted class was explained: the clip's id, the method, and the numbers
    that the table of clips shows.
    """
    ear = Ear(plan)
    for name in store.names("predict"):
        part = name.rsplit("/", 1)[1]
        clips = {row["id"]: row for row in store.read_table(name).to_pylist()}
        facts = store.facts_of(name)
        heard: dict[str, Heard | None] = {id: ear(id) for id in clips}
        shared = {id: Shared() for id in clips}
        found: dict[str, list[dict[str, Any]]] = {id: [] for id in clips}
        sounding: dict[str, dict[str, Any]] = {}
        for number, method in enumerate(plan.methods):
            if not store.exists(f"explain/{method}/{part}"):
                continue
            sounds, scores = _sounds(store, method, part), _scores(store, method, part)
            for each in shard(store, method, part):
                id, asked = each.row["id"], each.row["asked"]
                if id not in clips:
                    continue
                clip, score = clips[id], scores.get((id, asked), {})
                mine = sounds.get((id, asked), [])
                if mine:
                    sounding.setdefault(id, mine[0])
                told = _explanation(method, each, clip["seconds"], shared[id])
                told["random_left_out"] = _left_out(each, heard[id], plan.config.sound, seed=plan.config.seed)
                told |= _listed(mine)
                told["truth"] = score.get("truth")
                told["scores"] = shared[id].values(score)
                found[id].append(told)
                if asked == "predicted":
                    thumbnail = _thumbnail(each, clip["seconds"])
                    store.write(f"{folder}/thumbs/{number}/{clip['key']}.png", thumbnail)
                    yield id, method, {**score, "area": _area(each)}
        for id, clip in clips.items():
            original = _original(store, clip, heard[id], sounding.get(id))
            store.write(
                f"{folder}/clips/{clip['key']}.js",
                put(clip["key"], _clip(clip, facts, heard[id], original, found[id], shared[id])),
            )


@dataclass(eq=False)
class Shared:
    """What several explanations of a clip have in common: ``grids`` of edges and ``names`` of scores, told by place."""

    grids: list[list[Any]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def grid(self, axes: Axes) -> int:
        """The place of these axes among the grids."""
        assert axes.hertz is not None
        edges = [packed_edges(axes.hertz), packed_edges(axes.seconds)]
        if edges not in self.grids:
            self.grids.append(edges)
        return self.grids.index(edges)

    def values(self, score: Mapping[str, Any]) -> list[float | None]:
        """Numbers in the order of the names; those that nobody had before come last."""
        numbers = {name: value for name, value in score.items() if isinstance(value, float | int)}
        self.names += [name for name in numbers if name not in self.names]
        return [numbers.get(name) for name in self.names]


def _clip(
    clip: Mapping[str, Any], facts: Mapping[str, Any], heard: Heard | None, original: dict[str, Any] | None,
    found: list[dict[str, Any]], shared: Shared,
) -> dict[str, Any]:  # fmt: skip
    labels = facts.get("labels") or []
    order = np.argsort(-np.array(clip["probabilities"]), kind="stable")
    return {
        **{
            name: clip[name]
            for name in ("id", "key", "group", "actual", "predicted", "correct", "probability", "seconds")
        },
        "probability_actual": clip["probability_actual"],
        "sample_rate": clip["sample_rate"],
        "probabilities": [
            [labels[place] if place < len(labels) else str(place), clip["probabilities"][place]] for place in order
        ],
        "original": original,
        "drawing": _drawing(heard, clip["seconds"]),
        "grids": shared.grids,
        "names": shared.names,
        "explanations": found,
    }


def _drawing(heard: Heard | None, seconds: float) -> dict[str, Any] | None:
    if heard is None:
        return None
    axes = heard.axes
    assert axes.hertz is not None
    peak = max(float(np.abs(heard.lowest).max()), float(np.abs(heard.highest).max())) or 1.0
    return {
        "seconds": seconds,
        "start": heard.clip.start_seconds,
        "top": heard.nyquist,
        "wave": [squeezed(np.round(each / peak * 127).astype(np.int8)) for each in (heard.lowest, heard.highest)],
        "hertz": packed_edges(axes.hertz),
        "times": packed_edges(axes.seconds),
        "levels": packed_levels(heard.level),
    }


def _explanation(method: str, each: Explained, seconds: float, shared: Shared) -> dict[str, Any]:
    values, axes = within(np.nan_to_num(each.relevance), each.axes, seconds)
    strongest = float(np.abs(values).max(initial=0.0))
    shares = values / strongest if strongest > 0 else values
    regions = each.regions
    return {
        "method": method,
        "asked": each.row["asked"],
        "target": each.row["target"],
        "strongest": strongest,
        "grid": shared.grid(axes),
        "values": packed_relevance(shares),
        "warnings": each.row["warnings"] or [],
        "boxes": [] if regions is None else [
            [box[name] for name in ("low", "high", "start", "end")] for box in regions["boxes"] or []
        ],
        "empty": None if regions is None else bool(regions["empty"]),
        "area": _area(each),
    }  # fmt: skip


def _area(each: Explained) -> float | None:
    """Of the regions; None where there are none, so that sorting puts them last."""
    return None if each.regions is None or each.regions["empty"] else float(each.regions["area"])


def _left_out(each: Explained, heard: Heard | None, sound: Sound, *, seed: int) -> list[int]:
    """Of every random control the number of boxes that found no free place; empty where boxes may lie anywhere.

    Controls are drawn from the clip and the seed, so drawing them again tells what was heard.
    """
    if sound.overlap or heard is None or each.regions is None or each.regions["empty"]:
        return []
    drawn = controls(heard.clip, regions_of(each.regions, each.axes), sound, seed=seed)
    return [int(control.notes.get("left_out", 0)) for control in drawn]


def _listed(sounds: list[dict[str, Any]]) -> dict[str, Any]:
    """The folder of the sounds; of each its kind, its file there, and its gain in dB."""
    folder = sounds[0]["path"].rpartition("/")[0] if sounds else ""
    return {
        "folder": folder,
        "sounds": [[sound["kind"], sound["path"].rpartition("/")[2], sound["gain_db"]] for sound in sounds],
    }


def _thumbnail(each: Explained, seconds: float) -> bytes:
    """Relevance alone, small; colours as everywhere."""
    relevance = relevance_tile(each.relevance, each.axes, seconds).relevance
    assert relevance is not None
    height, width = THUMB
    rows = np.arange(height)[::-1] * relevance.shape[0] // height
    columns = np.arange(width) * relevance.shape[1] // width
    pixels = np.rint(relevance[np.ix_(rows, columns)] * LEVELS + LEVELS).astype(np.uint8)
    return png(pixels, shade(np.linspace(-1, 1, 2 * LEVELS + 1)))


def _original(
    store: Store, clip: Mapping[str, Any], heard: Heard | None, like: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The clip itself as FLAC, at the rate of the sounds that it is compared with."""
    if like is None or heard is None:
        return None
    content, gain_db, _ = flac_bytes(_at_rate(heard.clip, like["sample_rate"]))
    path = f"audio/original/{clip['key']}.flac"
    store.write(path, content)
    return {"kind": "original", "path": path, "seconds": clip["seconds"], "gain_db": gain_db}


def _at_rate(clip: Clip, rate: int) -> Clip:
    from auricle.clip import Clip

    if clip.sample_rate == rate:
        return clip
    return as_heard(clip, Clip(np.zeros((1, 1)), rate))


def _sounds(store: Store, method: str, part: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    if store.exists(f"sonify/{method}/{part}"):
        for row in store.read_table(f"sonify/{method}/{part}").to_pylist():
            found.setdefault((row["id"], row["asked"]), []).append(row)
    return found


def _scores(store: Store, method: str, part: str) -> dict[tuple[str, str], dict[str, Any]]:
    if not store.exists(f"evaluate/{method}/{part}"):
        return {}
    rows = store.read_table(f"evaluate/{method}/{part}").to_pylist()
    return {(row["id"], row["asked"]): _told(row) for row in rows}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a row of ``evaluate``, and the class whose probability they are of."""
    kept = {name: value for name, value in row.items() if isinstance(value, float | int) or name == "truth"}
    if row.get("p_relevant") is not None and row.get("p_random") is not None:
        kept["relevant-random"] = row["p_relevant"] - row["p_random"]
    return kept
