"""AudioSet: ten-second parts of videos with some of 527 classes each, and the ontology that orders these."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auricle.datasets.csv_file import read_csv
from auricle.datasets.dataset import About, Dataset, table_of
from auricle.datasets.source import Source
from auricle.errors import AuricleError, nearest

CLASSES_FILE, ONTOLOGY_FILE = "class_labels_indices.csv", "ontology.json"

SOUND = (".wav", ".flac", ".ogg", ".opus", ".mp3")

FIFTEEN = (
    "Alarm", "Ambulance (siren)", "Fire engine, fire truck (siren)", "Gunshot, gunfire", "Whistling",
    "Smoke detector, smoke alarm", "Heart sounds, heartbeat", "Bark", "Guitar", "Drum", "Organ", "Harp", "Brass",
    "Blues", "Country",
)  # fmt: skip
"""The classes that AudibleXAI explains."""
OF_EACH = 30
"""How many clips of each of them it takes."""

ABOUT = About(
    title="AudioSet",
    licence="CC BY 4.0 (labels), CC BY-SA 4.0 (ontology); the sound belongs to the videos' owners",
    homepage="https://research.google.com/audioset/",
    citation="Gemmeke, Ellis, Freedman, Jansen, Lawrence, Moore, Plakal, Ritter: Audio Set: An Ontology and "
    "Human-Labeled Dataset for Audio Events, ICASSP 2017",
)


@dataclass(frozen=True)
class Segment:
    """A part of a video: ``start`` and ``end`` in seconds of the video, and the ids of its classes."""

    video: str
    start: float
    end: float
    mids: tuple[str, ...]


def open_audioset(folder: Path) -> Dataset:
    """The segments of ``folder``'s CSV files whose sound is in it or below, as files named by their videos.

    A file is one segment, named by the video (``YTID``, or ``Y`` and ``YTID``), perhaps with ``_START`` or
    ``_START_END`` in seconds or milliseconds. Segments without sound are left out and counted in `Dataset.notes`.
    """
    names = _names(folder / CLASSES_FILE)
    lists = [path for path in sorted(folder.glob("*.csv")) if path.name != CLASSES_FILE]
    if not lists:
        raise AuricleError(f"{folder} holds no list of segments; put balanced_train_segments.csv or the like there")
    files = {path.stem: path.relative_to(folder).as_posix() for path in _sounds(folder)}
    videos = {stem[skip : skip + 11] for stem in files for skip in (0, 1)}
    rows: dict[str, dict[str, Any]] = {}
    segments, silent = 0, 0
    for path in lists:
        for segment in _segments(path):
            segments += 1
            relative = _file_of(segment, files) if segment.video in videos else None
            if relative is None:
                silent += 1
                continue
            unknown = [mid for mid in segment.mids if mid not in names]
            if unknown:
                raise AuricleError(f"{path} has a class {unknown[0]} that {CLASSES_FILE} does not; copy it again")
            rows.setdefault(relative, {
                "id": relative, "path": relative, "sounds": [names[mid] for mid in segment.mids],
                "split": "train" if "train" in path.stem else "test", "list": path.stem, "video": segment.video,
                "video_start": segment.start, "video_end": segment.end,
            })  # fmt: skip
    if not rows:
        raise AuricleError(
            f"none of the {silent} segments listed in {folder} has a sound file there; name files by their videos, "
            "as --PJHxphWEs.wav or --PJHxphWEs_30.wav"
        )
    return Dataset(
        name="audioset",
        table=table_of(list(rows.values())),
        root=folder,
        classes={"sounds": tuple(names.values())},
        group="video",
        about=ABOUT,
        notes=(f"left out: {silent} of {segments} segments, whose sound is not in the folder",) if silent else (),
    )


def fifteen(dataset: Dataset) -> Dataset:
    """AudibleXAI's subset: the first 30 clips of each of `FIFTEEN` classes; a clip's ``sound`` is its first class.

    AudibleXAI takes it from the evaluation clips: ``fifteen(data.filter(split="test"))``. A class of which a smaller
    copy holds no clip stays among the classes.
    """
    import pyarrow as pa

    counts = dict.fromkeys(FIFTEEN, 0)
    numbers = []
    for number, labels in enumerate(dataset.column("sounds")):
        if labels and counts.get(labels[0], OF_EACH) < OF_EACH:
            counts[labels[0]] += 1
            numbers.append(number)
    if not numbers:
        raise AuricleError(f"no clip of {dataset.name} has one of the 15 classes first; add clips of them")
    chosen = dataset.take(numbers)
    first = pa.array([labels[0] for labels in chosen.column("sounds")])
    return replace(chosen, table=chosen.table.append_column("sound", first), classes={"sound": FIFTEEN})


def kinds_of(dataset: Dataset, name: str) -> tuple[str, ...]:
    """The class ``name`` of the ontology and all below it: "Siren" and its "Ambulance (siren)", "Police car (siren)" …

    Only those that clips of the data set can have. To keep the clips of a whole branch:
    ``dataset.filter(sounds=list(kinds_of(dataset, "Siren")))``.
    """
    path = dataset.root / ONTOLOGY_FILE
    try:
        entries = {entry["id"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))}
        mids = {entry["name"]: mid for mid, entry in entries.items()}
    except FileNotFoundError:
        raise AuricleError(f"{path} does not exist; get it from https://github.com/audioset/ontology") from None
    except (ValueError, KeyError, TypeError) as error:
        raise AuricleError(f"{path} is not AudioSet's ontology ({error!r}); copy it again") from error
    if name not in mids:
        raise AuricleError(f'AudioSet\'s ontology has no class "{name}"; {nearest(name, mids)}')
    waiting, seen = [mids[name]], set()
    while waiting:
        mid = waiting.pop()
        # A class can be below several others.
        if mid in entries and mid not in seen:
            seen.add(mid)
            waiting += entries[mid]["child_ids"]
    below = {entries[mid]["name"] for mid in seen}
    return tuple(each for each in dataset.classes_of("sounds") if each in below)


def only(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The clips that have one of these classes, with their other labels left out: a data set of fewer classes."""
    import pyarrow as pa

    known = dataset.classes_of("sounds")
    for name in names:
        if name not in known:
            raise AuricleError(f'{dataset.name} has no class "{name}"; {nearest(name, known)}')
    chosen = dataset.filter(sounds=list(names))
    left = pa.array([[each for each in labels if each in names] for labels in chosen.column("sounds")])
    table = chosen.table.set_column(chosen.table.column_names.index("sounds"), "sounds", left)
    return replace(chosen, table=table, classes={"sounds": tuple(names)})


def _names(path: Path) -> dict[str, str]:
    """The name of each class by its id, in the order of the networks' outputs."""
    table = read_csv(path, ("index", "mid", "display_name")).sort_by("index")
    return dict(zip(table["mid"].to_pylist(), table["display_name"].to_pylist(), strict=True))


def _sounds(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SOUND)


def _segments(path: Path) -> Iterator[Segment]:
    """The segments of a published list, one after another: three lines of comment, then ``YTID, start, end, "ids"``.

    A header line instead of the comments, as mirrors have it, is passed over, too.
    """
    with path.open(newline="", encoding="utf-8") as file:
        for number, entry in enumerate(csv.reader(file, skipinitialspace=True), 1):
            if not entry or entry[0].startswith("#") or entry[0] == "YTID":
                continue
            try:
                video, start, end, mids = entry[:4]
                yield Segment(video, float(start), float(end), tuple(each.strip() for each in mids.split(",")))
            except ValueError:
                raise AuricleError(
                    f"line {number} of {path} is not YTID, start, end and classes; take the file out if it lists no "
                    "segments, or copy it again"
                ) from None


def _file_of(segment: Segment, files: dict[str, str]) -> str | None:
    """The file of a segment under any of the names that are in use; one with the start before one without."""
    for start, end in zip(_spelled(segment.start), _spelled(segment.end), strict=True):
        for name in (f"{segment.video}_{start}_{end}", f"{segment.video}_{start}"):
            if found := files.get(name) or files.get(f"Y{name}"):
                return found
    return files.get(segment.video) or files.get(f"Y{segment.video}")


def _spelled(seconds: float) -> Sequence[str]:
    """A time as file names have it: 30, 30.0, 30.000, and 30000 milliseconds."""
    return f"{seconds:g}", f"{seconds:.1f}", f"{seconds:.3f}", f"{1000 * seconds:.0f}"


SOURCE = Source(
    name="audioset",
    about=ABOUT,
    layout="{any}_segments.csv, class_labels_indices.csv, perhaps ontology.json, and {YTID}.wav in any sub-folders",
    open=open_audioset,
    by_hand="download the lists of segments and class_labels_indices.csv from "
    "https://research.google.com/audioset/download.html, put sound that you may use beside them, named by its video, "
    "and give the folder as audioset:FOLDER",
)
