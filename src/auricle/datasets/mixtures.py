"""A corpus of one or two sounds at once, each known: real recordings mixed at stated levels, with several labels.

``audio/`` has the clips, ``stems/`` their sources (a channel each), ``mixtures.csv`` one row a clip, ``labels.txt`` the
classes in order. A clip is the sum of its stems, exactly, for all of them are whole numbers of 16 bits.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auricle.datasets.dataset import About, Dataset
from auricle.datasets.mixing import mix, placed
from auricle.datasets.mixtures_planned import planned_clips
from auricle.datasets.mixtures_sources import Ingredients, ingredients
from auricle.datasets.sixteen_bits import sixteen_bits
from auricle.datasets.source import Source
from auricle.errors import AuricleError
from auricle.files import write_whole

CLIPS, SECONDS, SINGLE, SNR = 2000, 2.0, 0.4, (-6.0, 6.0)
PEAKS = (-12.0, -1.0)
"""A clip's highest sample in dB re full scale, drawn between these, so that no class is told by its level."""
BAND = 0.01
"""Share of a source's energy below its band's low edge, and as much above the high one."""
TABLE, CLASSES = "mixtures.csv", "labels.txt"

ABOUT = About(
    title="One or two known sounds at once (mixtures)",
    licence="that of the recordings it is made of: see README.md in its folder",
    homepage="",
    citation="auricle; and the data sets that it is made of",
)


def make_mixtures(
    folder: Path,
    *,
    sources: Sequence[str | Path] = (),
    labels: Sequence[str] = (),
    clips: int = CLIPS,
    seconds: float = SECONDS,
    single: float = SINGLE,
    snr: tuple[float, float] = SNR,
    apart: Sequence[str] = (),
    seed: int = 0,
    on_step: Callable[[int, int], None] | None = None,
) -> None:
    """Write ``clips`` of ``seconds`` with one or two recordings each, from the data sets ``sources``.

    A share ``single`` of them has one recording, every label as often as any other; the others two of different
    ``labels``, every pair as often as any other, the first at an SNR in dB drawn evenly from ``snr`` against the second
    (energies over the whole clip). Labels of a data set named in ``apart`` do not meet each other. A shorter recording
    is placed at a drawn offset, a longer one cut at a drawn place. Train, validate and test have 70, 10 and 20 % of the
    clips, and no recording is in two of them. The table is written last, so an interrupted corpus has none.
    """
    if not 0.0 <= single <= 1.0:
        raise AuricleError(f"single={single:g} is no share of the clips; give a number from 0 to 1")
    if not snr[0] <= snr[1]:
        raise AuricleError(f"SNRs from {snr[0]:g} to {snr[1]:g} dB are none; give the lower one first")
    if not 0.1 <= seconds <= 3600:
        raise AuricleError(f"clips of {seconds:g} s cannot be made; give 0.1 s to an hour")
    if (folder / TABLE).exists():
        raise AuricleError(f"{folder} holds a corpus of mixtures already; choose another folder, or delete it")
    held = ingredients(sources, labels, seed)
    planned = planned_clips(held, clips, single, apart)
    rows = []
    for number, (part, named) in enumerate(planned):
        made = _made(held, part, named, round(seconds * held.rate), snr, np.random.default_rng([seed, number]))
        write_whole(folder / f"audio/{number:05d}.wav", sixteen_bits(made.stems.sum(0), held.rate))
        write_whole(folder / f"stems/{number:05d}.flac", sixteen_bits(made.stems.T, held.rate, "FLAC"))
        rows.append(_row(number, part, named, made, held.rate))
        if on_step is not None:
            on_step(number + 1, clips)
    write_whole(folder / "README.md", _readme(held, clips, seconds, single, snr, apart).encode())
    write_whole(folder / CLASSES, ("\n".join(held.labels) + "\n").encode())
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_whole(folder / TABLE, text.getvalue().encode())


def open_mixtures(folder: Path) -> Dataset:
    """The corpus of ``folder`` with the multi-label task ``labels`` and the split ``split``.

    `auricle.datasets.planted.causes` has each source alone, `auricle.metrics.localisation.truth_of` its mask.
    """
    import pyarrow as pa
    from pyarrow import csv as reader

    path = folder / TABLE
    if not (path.is_file() and (folder / CLASSES).is_file()):
        raise AuricleError(f"{folder} has no {TABLE} and {CLASSES}; make it with 'auricle data make mixtures'")
    names = path.open(encoding="utf-8").readline().strip().split(",")
    kinds = {name: pa.float64() if name == "snr_db" else pa.string() for name in names}
    options = reader.ConvertOptions(column_types=kinds, strings_can_be_null=False)
    table = reader.read_csv(path, convert_options=options)
    for name in ("labels", "recordings"):
        values = pa.array([each.split(";") for each in table[name].to_pylist()], pa.list_(pa.string()))
        table = table.set_column(table.column_names.index(name), name, values)
    classes = tuple((folder / CLASSES).read_text(encoding="utf-8").splitlines())
    return Dataset(name="mixtures", table=table, root=folder, classes={"labels": classes}, about=ABOUT)


# --- making -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, kw_only=True)
class _Made:
    """Stems ``[K, n]`` of whole numbers, the SNR of the first in dB (None of one), and the recordings' names."""

    stems: np.ndarray
    snr_db: float | None
    recordings: list[str]


def _made(
    held: Ingredients,
    part: str,
    named: tuple[str, ...],
    n: int,
    snr: tuple[float, float],
    generator: np.random.Generator,
) -> _Made:
    recordings = [held.draw(label, part) for label in named]
    sounds = [placed(each.samples, n, generator) for each in recordings]
    decibels = None
    if len(sounds) == 2:
        decibels = round(float(generator.uniform(*snr)), 2)
        mixed = mix(*sounds, snr_db=decibels)
        sounds = [mixed.target, mixed.other]
    stems = np.array(sounds, float)
    peak = 10 ** (generator.uniform(*PEAKS) / 20)
    stems = np.round(32_767 * peak * stems / max(np.abs(stems.sum(0)).max(), np.abs(stems).max())).astype(np.int32)
    return _Made(stems=stems, snr_db=decibels, recordings=[each.name for each in recordings])


def _row(number: int, part: str, named: tuple[str, ...], made: _Made, rate: int) -> dict[str, str]:
    path = f"audio/{number:05d}.wav"
    return {
        "id": path,
        "path": path,
        "stems": f"stems/{number:05d}.flac",
        "labels": ";".join(named),
        "causes": json.dumps([_cause(label, stem, rate) for label, stem in zip(named, made.stems, strict=True)]),
        "snr_db": "" if made.snr_db is None else f"{made.snr_db:g}",
        "recordings": ";".join(made.recordings),
        "split": part,
    }


def _cause(label: str, stem: np.ndarray, rate: int) -> dict[str, Any]:
    """When a source sounds, and the band of its energy but for a hundredth at either end."""
    sounding = np.flatnonzero(stem)
    energy = np.cumsum(np.abs(np.fft.rfft(stem)) ** 2)
    low, high = np.searchsorted(energy, [BAND * energy[-1], (1 - BAND) * energy[-1]]) * rate / len(stem)
    start, end = sounding[0] / rate, (sounding[-1] + 1) / rate
    return {
        "kind": label, "start": round(float(start), 6), "end": round(float(end), 6),
        "low": round(float(low), 2), "high": round(float(high), 2),
    }  # fmt: skip


def _readme(
    held: Ingredients, clips: int, seconds: float, single: float, snr: tuple[float, float], apart: Sequence[str]
) -> str:
    sources = "\n".join(
        f"- {each.name}, split {scheme}: {each.about.title}; {each.about.licence}" if each.about else f"- {each.name}"
        for each, scheme in zip(held.datasets, held.schemes, strict=True)
    )
    never = f"; labels of {', '.join(apart)} do not meet each other" if apart else ""
    return f"""# One or two known sounds at once

Made by auricle (seed {held.seed}): {clips} clips of {seconds:g} s, {held.rate} Hz, 16 bits; {100 * single:g} % have one
source, the others two at {snr[0]:g} to {snr[1]:g} dB{never}. Recordings are of

{sources}

- `audio/`: the clips
- `stems/`: the sources, alone; one channel each, in the order of `labels`; they add up to the clip exactly
- `{TABLE}`: one row a clip; `causes` is JSON: label, start and end in seconds, low and high in hertz
- `{CLASSES}`: the labels in the order of a network's outputs

In Python, `auricle.datasets.open_dataset("mixtures:FOLDER")` opens it, `auricle.datasets.planted.causes(dataset, row)`
gives the sources alone, `auricle.datasets.planted_masks.true_mask` their masks.
"""


SOURCE = Source(
    name="mixtures",
    about=ABOUT,
    layout="audio/{number}.wav, stems/{number}.flac, mixtures.csv, labels.txt",
    open=open_mixtures,
    make=make_mixtures,
)
