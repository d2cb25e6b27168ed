"""What a clip's page loads when it is opened: its maps, regions, sounds and scores by every method.

Written block by block, so that memory holds the clips of one block; maps lie there in one byte a cell, compressed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from auricle.report.colours import shade
from auricle.report.embedded import as_heard
from auricle.report.picture import within
from auricle.report.study.explained import Explained, shard
from auricle.report.study.hearing import Ear, Heard
from auricle.report.study.packing import png, put, squeezed
from auricle.report.study.tiles import relevance_tile
from auricle.study.plan import Plan
from auricle.study.sounds import flac_bytes
from auricle.study.store import Store

if TYPE_CHECKING:
    from auricle.clip import Clip

THUMB = (40, 84)
LEVELS = 63
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
                found[id].append(_explanation(method, each, clip["seconds"], mine, score))
                if asked == "predicted":
                    thumbnail = _thumbnail(each, clip["seconds"])
                    store.write(f"{folder}/thumbs/{number}/{clip['key']}.png", thumbnail)
                    area = None if each.regions is None else each.regions["area"]
                    yield id, method, {**score, "area": area}
        for id, clip in clips.items():
            original = _original(store, clip, heard[id], sounding.get(id))
            store.write(
                f"{folder}/clips/{clip['key']}.js", put(clip["key"], _clip(clip, facts, heard[id], original, found[id]))
            )


def _clip(
    clip: Mapping[str, Any], facts: Mapping[str, Any], heard: Heard | None, original: dict[str, Any] | None,
    found: list[dict[str, Any]],
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
        "hertz": _even(axes.hertz),
        "times": _even(axes.seconds),
        "levels": squeezed(np.round(heard.level * 255).astype(np.uint8)),
    }


def _explanation(
    method: str, each: Explained, seconds: float, sounds: list[dict[str, Any]], score: Mapping[str, Any]
) -> dict[str, Any]:
    values, axes = within(np.nan_to_num(each.relevance), each.axes, seconds)
    assert axes.hertz is not None
    strongest = float(np.abs(values).max(initial=0.0))
    shares = values / strongest if strongest > 0 else values
    regions = each.regions
    notes = json.loads(regions["notes"] or "{}") if regions is not None else {}
    return {
        "method": method,
        "asked": each.row["asked"],
        "target": each.row["target"],
        "strongest": strongest,
        "hertz": _even(axes.hertz),
        "times": _even(axes.seconds),
        "values": squeezed(np.round(shares * 127).astype(np.int8)),
        "warnings": each.row["warnings"] or [],
        "boxes": None if regions is None else [
            [box[name] for name in ("low", "high", "start", "end", "relevance")] for box in regions["boxes"] or []
        ],
        "empty": None if regions is None else bool(regions["empty"]),
        "area": None if regions is None else regions["area"],
        "notes": {key: note for key, note in notes.items() if isinstance(note, str | int | float | bool)},
        "sounds": [{name: sound[name] for name in ("kind", "path", "seconds", "gain_db")} for sound in sounds],
        "scores": {name: value for name, value in score.items() if isinstance(value, float | int | str)},
    }  # fmt: skip


def _even(edges: np.ndarray) -> Any:
    """First, last and count of evenly spaced edges; all of them otherwise."""
    steps = np.diff(edges)
    if len(steps) > 2 and np.ptp(steps) < 1e-3 * abs(steps.mean()):
        return {"from": round(float(edges[0]), 6), "to": round(float(edges[-1]), 6), "count": len(edges)}
    return [float(f"{edge:.6g}") for edge in edges]


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
