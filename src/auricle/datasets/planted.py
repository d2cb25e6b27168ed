"""A corpus with known causes: each clip is labelled by what was planted in it, and its truth lies beside it.

``audio/`` has the clips, ``stems/`` the planted sounds alone (a channel each), ``planted.csv`` one row a clip: id,
path, stems, label, what was planted when and between which hertz (``causes``, as JSON), split. A clip is its background
plus its stems, exactly, for all of them are whole numbers of 16 bits.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auricle.clip import Clip, load_clip
from auricle.datasets import drsa_synthetic as drsa
from auricle.datasets.backgrounds import Recordings
from auricle.datasets.dataset import About, Dataset, Row
from auricle.datasets.planted_events import Plant, plant
from auricle.datasets.sixteen_bits import sixteen_bits
from auricle.datasets.source import Source
from auricle.errors import AuricleError, nearest
from auricle.files import write_whole

SAMPLE_RATE = 16_000
SECONDS = 1.0
EVENTS = ("tone", "sweep", "clicks", "noise", "formant")
PRESETS = {"events": 1000, "drsa": 4000}
"""By name, how many clips there are unless told: of five events, and of DRSA-audio's two classes."""
SHARES = (("train", 0.7), ("validate", 0.1), ("test", 0.2))
LOUDEST = 32_700
"""Highest sample of a clip, out of 32,768, before rounding."""
TABLE = "planted.csv"

ABOUT = About(
    title="Clips with planted causes (planted)",
    licence="none needed: made on this machine; recordings that you plant into keep theirs",
    homepage="https://github.com/sharckhai/drsa-audio",
    citation="auricle; the preset drsa after the synthetic data of sharckhai/drsa-audio",
)


def make_planted(
    folder: Path,
    *,
    preset: str = "events",
    clips: int | None = None,
    seed: int = 0,
    backgrounds: Sequence[str | Path] = (),
    noise: float = drsa.NOISE,
    published: bool = False,
    on_step: Callable[[int, int], None] | None = None,
) -> None:
    """Write a corpus of one-second clips at 16 kHz: five kinds of ``events``, or ``drsa``, DRSA-audio's two classes.

    ``backgrounds`` are recordings to plant events into, noise without any. ``noise`` and ``published`` are of ``drsa``
    alone, see `auricle.datasets.drsa_synthetic`. Every class has as many clips as any other, give or take one, and
    70 / 10 / 20 % of each train, validate and test. The table is written last, so an interrupted corpus has none.
    """
    if preset not in PRESETS:
        raise AuricleError(f'planted has no preset "{preset}"; {nearest(preset, PRESETS)}')
    if preset == "events" and (noise != drsa.NOISE or published):
        raise AuricleError("noise and published are settings of the preset drsa; leave them out, or take that preset")
    if preset == "drsa" and backgrounds:
        raise AuricleError("the preset drsa makes its own backgrounds; leave yours out, or take the preset events")
    count = PRESETS[preset] if clips is None else clips
    labels = EVENTS if preset == "events" else drsa.LABELS
    if count < len(labels):
        raise AuricleError(f"{count} clips are too few for {len(labels)} classes; ask for {10 * len(labels)} or more")
    if (folder / TABLE).exists():
        raise AuricleError(f"{folder} holds a planted corpus already; choose another folder, or delete it")
    made = _events(count, seed, Recordings(backgrounds) if backgrounds else None)
    if preset == "drsa":
        made = _drsa(count, seed, noise, published)
    split = _split(np.arange(count) % len(labels), seed)
    rows = []
    for number, each in enumerate(made):
        _save(folder, number, each)
        rows.append(_row(number, "event" if preset == "events" else "label", each, split[number]))
        if on_step is not None:
            on_step(number + 1, count)
    write_whole(folder / "README.md", _readme(preset, seed, noise, published).encode())
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(folder / TABLE, text.getvalue().encode())


def open_planted(folder: Path) -> Dataset:
    """The corpus of ``folder``, with the task ``event``, or ``label`` of the preset drsa; `causes` has the truth."""
    import pyarrow as pa
    from pyarrow import csv as reader

    path = folder / TABLE
    if not path.is_file():
        raise AuricleError(f"{folder} has no {TABLE}; make the corpus with 'auricle data make planted --out {folder}'")
    names = path.open(encoding="utf-8").readline().strip().split(",")
    options = reader.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False)
    table = reader.read_csv(path, convert_options=options)
    classes = {"event": EVENTS} if "event" in names else {"label": drsa.LABELS}
    return Dataset(name="planted", table=table, root=folder, classes=classes, about=ABOUT)


def causes(dataset: Dataset, row: Row | int, *, label: str | None = None) -> list[Plant]:
    """What was planted in a clip of a planted corpus or mixed in one of mixtures: when, which hertz, its sound alone.

    Of a clip whose causes are called as classes (all but the preset drsa) ``label`` asks for its causes alone, which
    are none if the clip does not have it. Raises `AuricleError` for a label that is no class.
    """
    row = dataset.row(row) if isinstance(row, int) else row
    if "causes" not in row or "stems" not in row:
        raise AuricleError(f"{dataset.name} is not a planted corpus; make one with 'auricle data make planted'")
    stems = load_clip(dataset.root / row["stems"])
    found = [
        Plant(**told, sound=Clip(stems.samples[channel], stems.sample_rate, told["kind"]))
        for channel, told in enumerate(json.loads(row["causes"]))
    ]
    classes = [each for named in dataset.classes.values() for each in named]
    if label is None or not {each.kind for each in found} <= set(classes):
        return found
    if label not in classes:
        raise AuricleError(f'{dataset.name} has no label "{label}"; {nearest(label, classes)}')
    return [each for each in found if each.kind == label]


# --- making -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, kw_only=True)
class _Made:
    """A clip's label, its background ``[n]``, its stems ``[K, n]`` with what they are, and further columns."""

    label: str
    background: np.ndarray
    stems: np.ndarray
    causes: list[dict[str, Any]]
    more: dict[str, str]


def _events(count: int, seed: int, recordings: Recordings | None) -> Iterator[_Made]:
    for number in range(count):
        drawn = int(np.random.default_rng([seed, number]).integers(2**31))
        section = recordings.section(SECONDS, drawn) if recordings else None
        clip, truth = plant(EVENTS[number % len(EVENTS)], SECONDS, SAMPLE_RATE, drawn, background=section)
        low, high = max(truth.low, 0.0), min(truth.high, SAMPLE_RATE / 2)
        yield _Made(
            label=truth.kind,
            background=clip.samples[0].astype(float) - truth.sound.samples[0],
            stems=truth.sound.samples.astype(float),
            causes=[_cause(truth.kind, truth.start, truth.end, low, high)],
            more={"background": section.name if section else "noise"},
        )


def _drsa(count: int, seed: int, noise: float, published: bool) -> Iterator[_Made]:
    per_class, pairs = 50, -(-count // 2)
    for first in range(0, pairs, per_class):
        size = min(per_class, pairs - first)
        batches = [
            drsa.drsa_batch(label, size, np.random.default_rng([seed, label, first]), noise=noise, published=published)
            for label in range(2)
        ]
        for number in range(2 * first, min(2 * (first + size), count)):
            yield _of_batch(batches[number % 2], number // 2 - first, drsa.LABELS[number % 2])


def _of_batch(batch: drsa.Batch, place: int, label: str) -> _Made:
    which = np.flatnonzero(batch.present[place])
    stems = batch.stems[place, which]
    causes = []
    for concept, stem in zip(which, stems, strict=True):
        sounding = np.flatnonzero(stem)
        start, end = sounding[0] / SAMPLE_RATE, (sounding[-1] + 1) / SAMPLE_RATE
        low, high = float(batch.low[place, concept]), float(batch.high[place, concept])
        causes.append(_cause(drsa.CONCEPTS[concept], start, end, low, high))
    concepts = " ".join(str(concept + 1) for concept in which)
    return _Made(
        label=label, background=batch.background[place], stems=stems, causes=causes, more={"concepts": concepts}
    )


def _cause(kind: str, start: float, end: float, low: float, high: float) -> dict[str, Any]:
    seconds, hertz = (round(float(start), 6), round(float(end), 6)), (round(low, 2), round(high, 2))
    return {"kind": kind, "start": seconds[0], "end": seconds[1], "low": hertz[0], "high": hertz[1]}


def _split(classes: np.ndarray, seed: int) -> np.ndarray:
    """``train``, ``validate`` or ``test`` for each clip: the same shares of every class, drawn by the seed."""
    split = np.full(len(classes), SHARES[0][0], dtype=object)
    generator = np.random.default_rng([seed, len(classes)])
    for label in np.unique(classes):
        mine = generator.permutation(np.flatnonzero(classes == label))
        test, validate = round(SHARES[2][1] * len(mine)), round(SHARES[1][1] * len(mine))
        split[mine[:test]], split[mine[test : test + validate]] = "test", "validate"
    return split


def _row(number: int, task: str, made: _Made, split: str) -> dict[str, str]:
    path = f"audio/{number:05d}.wav"
    told = {"causes": json.dumps(made.causes), **made.more, "split": split}
    return {"id": path, "path": path, "stems": f"stems/{number:05d}.flac", task: made.label, **told}


# --- writing ------------------------------------------------------------------------------------------------


def _save(folder: Path, number: int, made: _Made) -> None:
    """Clip and stems as whole numbers of 16 bits, so that they add up exactly; softer where they would clip."""
    peak = np.abs(made.background + made.stems.sum(0)).max()
    scale = min(32_768.0, LOUDEST / peak)
    stems = np.round(scale * made.stems).astype(np.int32)
    whole = np.round(scale * made.background).astype(np.int32) + stems.sum(0)
    write_whole(folder / f"audio/{number:05d}.wav", sixteen_bits(whole, SAMPLE_RATE))
    write_whole(folder / f"stems/{number:05d}.flac", sixteen_bits(stems.T, SAMPLE_RATE, "FLAC"))


def _readme(preset: str, seed: int, noise: float, published: bool) -> str:
    settings = f"preset {preset}, seed {seed}"
    settings += f", noise {noise:g}{', as published' if published else ''}" if preset == "drsa" else ""
    return f"""# Clips with planted causes

Made by auricle ({settings}). One second each, 16 kHz, 16 bits.

- `audio/`: the clips
- `stems/`: what was planted, alone; one channel a cause, in the order of `causes`
- `{TABLE}`: one row a clip; `causes` is JSON: kind, start and end in seconds, low and high in hertz

A clip minus its stems is its background, exactly. In Python, `auricle.datasets.open_dataset("planted:FOLDER")` opens
it, `auricle.datasets.planted.causes(dataset, row)` gives the stems, `auricle.datasets.planted_masks.true_mask` masks.
"""


SOURCE = Source(
    name="planted",
    about=ABOUT,
    layout="audio/{number}.wav, stems/{number}.flac, planted.csv",
    open=open_planted,
    make=make_planted,
)
